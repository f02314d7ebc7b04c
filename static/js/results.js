// Results follow the filters as they are set, and the map, without loading the page anew. The
// address holds everything, so that the back button and a shared link show the same.
const form = document.querySelector("[data-search]");
const results = document.querySelector("[data-results]");
let asked = null;
let timer = 0;

// What was left empty need not stand in the address.
function addressOf(form) {
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const words = new URLSearchParams(given).toString();
  return words ? `${form.action.split("?")[0]}?${words}` : form.action.split("?")[0];
}

// The form says what the address says, however one came there.
function fill(params) {
  for (const field of form.elements) {
    if (!field.name) continue;
    const given = params.getAll(field.name);
    if (field.type === "checkbox") field.checked = given.includes(field.value);
    else if (field.type === "radio") field.checked = field.value === (given[0] || "");
    else if (field.tagName === "SELECT") choose(field, given[0]);
    else field.value = given[0] || "";
  }
}

// The map asks for as many miles as it shows, which need not be one of the choices.
function choose(select, value) {
  if (!value) {
    select.value = [...select.options].find((one) => one.defaultSelected)?.value || select.value;
    return;
  }
  if (![...select.options].some((one) => one.value === value)) {
    const other = select.options[0].cloneNode();
    other.value = value;
    other.textContent = select.options[0].textContent.replace(/\d+/, value);
    select.prepend(other);
  }
  select.value = value;
}

// What is wrong with a day stands beside its field, as it does on a fresh page.
function mend(page, name) {
  const [here, there] = [document, page].map((one) => one.getElementById(name));
  document.getElementById(`${name}-error`)?.remove();
  for (const mark of ["class", "aria-invalid", "aria-describedby"]) {
    const value = there.getAttribute(mark);
    if (value === null) here.removeAttribute(mark);
    else here.setAttribute(mark, value);
  }
  const words = page.getElementById(`${name}-error`);
  if (words) here.after(words);
}

/** Show another search: a new entry in the history, which "back" leads out of. */
function go(address) {
  history.pushState(null, "", address + location.hash);
  show(address);
}

async function show(address) {
  asked?.abort();
  asked = new AbortController();
  results.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(address, { signal: asked.signal });
    if (!response.ok) throw new Error(response.statusText);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-results]");
    document.title = page.title;
    results.querySelector(".results-list").replaceWith(fresh.querySelector(".results-list"));
    for (const name of ["mapAddress", "latitude", "longitude", "within"]) {
      results.dataset[name] = fresh.dataset[name] || "";
    }
    for (const name of ["from", "to"]) mend(page, name);
    const summary = page.querySelector("[data-filters] > summary");
    form.querySelector("[data-filters] > summary").replaceWith(summary);
    results.removeAttribute("aria-busy");
    results.dispatchEvent(new CustomEvent("results:shown", { bubbles: true }));
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
}

/** On a phone the map takes the list's place, and gives it back. */
function offerMap(map, button) {
  const turn = (toMap) => {
    results.classList.toggle("shows-map", toMap);
    button.textContent = toMap ? button.dataset.saysList : button.dataset.saysMap;
  };
  button.addEventListener("click", () => {
    turn(!results.classList.contains("shows-map"));
    results.scrollIntoView({ block: "start" });
  });
  if (location.hash.startsWith("#map=")) turn(true); // one came back to the map
  // One bar of signal is for the list first: the map's code comes once the list stands there.
  const failed = () => {
    document.querySelector("[data-map-said]").textContent = map.dataset.saysFailed;
  };
  const load = () => import(map.dataset.code).catch(failed);
  const painted = () => requestAnimationFrame(() => setTimeout(load));
  if (document.readyState === "complete") painted();
  else addEventListener("load", painted);
}

if (form && results) {
  offerMap(document.querySelector("[data-map]"), document.querySelector("[data-map-switch]"));
  form.addEventListener("change", (event) => {
    if (event.target.name === "near") return;
    if (event.target.type === "date" && event.target.value) {
      for (const preset of form.querySelectorAll("input[name=when]")) preset.checked = false;
    }
    if (event.target.name === "when") {
      for (const day of form.querySelectorAll("input[type=date]")) day.value = "";
    }
    clearTimeout(timer);
    timer = setTimeout(() => go(addressOf(form)), 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(addressOf(form));
  });
  let shown = location.search;
  results.addEventListener("results:wanted", ({ detail }) => {
    fill(new URL(detail, location.href).searchParams);
    go(detail);
  });
  results.addEventListener("results:shown", () => { shown = location.search; });
  window.addEventListener("popstate", () => {
    if (location.search === shown) return; // only the map was moved
    fill(new URLSearchParams(location.search));
    show(location.pathname + location.search);
  });
}
