// Results follow the filters as they are set, without loading the page anew. The address holds
// everything, so that the back button and a shared link show the same.
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
    for (const name of ["geojson", "latitude", "longitude", "within"]) {
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
  button.addEventListener("click", () => {
    const shown = results.classList.toggle("shows-map");
    button.textContent = shown ? button.dataset.saysList : button.dataset.saysMap;
    results.scrollIntoView({ block: "start" });
  });
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
    timer = setTimeout(() => {
      const address = addressOf(form);
      history.replaceState(null, "", address);
      show(address);
    }, 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(addressOf(form));
  });
}
