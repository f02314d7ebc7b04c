/* Suggestions in the place box while typing (an ARIA 1.2 combobox). Without this script it is a
   plain text field, which the server reads as well. */

const WAIT = 120; // ms without a key before asking
const known = new Map();
let boxes = 0;

for (const input of document.querySelectorAll("[data-places]")) suggestPlaces(input);

function suggestPlaces(input) {
  const list = document.createElement("ul");
  list.id = `places-${++boxes}`;
  list.className = "place-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.saysList || "");
  list.hidden = true;
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  input.after(list, said);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id], ["autocomplete", "off"]]) {
    input.setAttribute(name, value);
  }
  const box = { input, list, said, active: -1, timer: 0, asked: "" };
  input.addEventListener("input", () => {
    clearTimeout(box.timer);
    box.timer = setTimeout(() => ask(box), WAIT);
  });
  input.addEventListener("keydown", (event) => onKey(box, event));
  input.addEventListener("blur", () => close(box));
  // Before the field loses its focus, which would close the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(box, option);
  });
}

async function ask(box) {
  const text = box.input.value.trim();
  box.asked = text;
  if (text.length < 2) return close(box);
  if (!known.has(text)) {
    try {
      const answer = await fetch(`${box.input.dataset.places}?q=${encodeURIComponent(text)}`);
      if (answer.ok) known.set(text, (await answer.json()).places);
    } catch {
      // offline: the box still works as a plain field
    }
  }
  if (box.asked === text && document.activeElement === box.input) show(box, known.get(text) ?? []);
  return undefined;
}

function show(box, places) {
  const { input, list, said } = box;
  box.active = -1;
  input.removeAttribute("aria-activedescendant");
  list.replaceChildren(...places.map((place, at) => option(list.id, place, at)));
  const open = places.length > 0 && !(places.length === 1 && places[0].label === input.value);
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  said.textContent = open ? (input.dataset.saysCount || "%").replace("%", places.length) : "";
}

function option(listId, { label, detail }, at) {
  const item = document.createElement("li");
  item.id = `${listId}-${at}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.label = label;
  item.append(label);
  if (detail) {
    const more = document.createElement("span");
    more.className = "place-detail";
    more.textContent = detail;
    item.append(" ", more);
  }
  return item;
}

function onKey(box, event) {
  const options = [...box.list.children];
  if (box.list.hidden || !options.length) {
    if (event.key === "ArrowDown" && box.input.value.trim()) ask(box);
    return;
  }
  const next = {
    ArrowDown: box.active + 1 < options.length ? box.active + 1 : 0,
    ArrowUp: box.active > 0 ? box.active - 1 : options.length - 1,
  }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    activate(box, options, next);
  } else if (event.key === "Enter" && box.active >= 0) {
    event.preventDefault();
    take(box, options[box.active]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    close(box);
  }
}

function activate(box, options, at) {
  box.active = at;
  options.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
  box.input.setAttribute("aria-activedescendant", options[at].id);
  options[at].scrollIntoView({ block: "nearest" });
}

function take(box, item) {
  box.input.value = item.dataset.label;
  box.input.dispatchEvent(new Event("change", { bubbles: true }));
  close(box);
}

function close(box) {
  clearTimeout(box.timer);
  box.asked = "";
  box.list.hidden = true;
  box.active = -1;
  box.input.setAttribute("aria-expanded", "false");
  box.input.removeAttribute("aria-activedescendant");
}
