// The event's form: saves what is typed, adds and removes dates, shows what matters.
// Everything here has a way without JavaScript; this only makes it quicker.

const form = document.getElementById("event-form");
const state = form.querySelector("[data-save-state]");

// -- what is typed is saved as one goes along --------------------------------------------

const WAIT = 1500; // ms of quiet before saving
const RETRY = 15000;
let timer = 0;
let changed = false;
let leaving = false;

function typed() {
  const data = new FormData(form);
  data.delete("picture"); // files go with the form itself
  data.delete("do");
  return data;
}

async function save() {
  clearTimeout(timer);
  if (leaving || !changed) return;
  changed = false;
  state.textContent = form.dataset.saving;
  try {
    const answer = await fetch(form.dataset.autosave, { method: "POST", body: typed(), redirect: "manual" });
    if (answer.ok) {
      const at = new Date().toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
      if (!changed) state.textContent = `${form.dataset.saved} ${at}`;
      return;
    }
    changed = true;
    const words = refusal(answer);
    state.textContent = words ?? form.dataset.offline;
    if (!words) timer = setTimeout(save, RETRY);
  } catch {
    changed = true;
    state.textContent = form.dataset.offline;
    timer = setTimeout(save, RETRY);
  }
}

/** What a person can do about it; undefined where waiting helps. */
function refusal({ status, type }) {
  if (type === "opaqueredirect" || status === 403) return form.dataset.loggedOut;
  return { 409: form.dataset.stale, 413: form.dataset.tooMuch }[status];
}

function note() {
  changed = true;
  clearTimeout(timer);
  timer = setTimeout(save, WAIT);
}

form.addEventListener("input", note);
form.addEventListener("change", note);
document.addEventListener("visibilitychange", () => {
  // Phones end a page in the background without a word.
  if (document.visibilityState === "hidden" && changed && !leaving) {
    changed = false;
    navigator.sendBeacon(form.dataset.autosave, typed());
  }
});
form.addEventListener("submit", (event) => {
  if (leaving || sayImpossible()) { // pressed twice, or a day that would get lost
    event.preventDefault();
    return;
  }
  leaving = true;
  clearTimeout(timer);
  form.setAttribute("aria-busy", "true");
  state.textContent = form.dataset.saving;
});
// Back from the next page: the form is live again.
addEventListener("pageshow", () => {
  leaving = false;
  form.removeAttribute("aria-busy");
});

// -- dates ---------------------------------------------------------------------------------

const rows = form.querySelector("[data-time-rows]");
const template = form.querySelector("[data-time-template]");
const total = form.querySelector("[name=times-TOTAL_FORMS]");

function field(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function number() {
  visible().forEach((row, index) => {
    row.querySelector("[data-row-number]").textContent = index + 1;
  });
}

function visible() {
  return [...rows.querySelectorAll("[data-time-row]:not([hidden])")];
}

function addRow() {
  const copy = document.createElement("template");
  copy.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
  const row = copy.content.querySelector("[data-time-row]");
  rows.append(row);
  total.value = Number(total.value) + 1;
  return row;
}

function removeRow(row) {
  const removed = document.createElement("input");
  removed.type = "hidden";
  removed.name = field(row, "date").name.replace(/-date$/, "-DELETE");
  removed.value = "on";
  row.append(removed);
  row.hidden = true;
}

form.querySelector("[data-add-time]").addEventListener("click", (event) => {
  event.preventDefault();
  const last = visible().at(-1);
  const row = addRow();
  if (last) {
    for (const name of ["start", "end", "capacity", "instructions"]) {
      field(row, name).value = field(last, name).value;
    }
  }
  number();
  field(row, "date").focus();
  note();
});

rows.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove-time]");
  if (!button) return;
  event.preventDefault();
  removeRow(button.closest("[data-time-row]"));
  number();
  form.querySelector("[data-add-time]").focus();
  note();
});

// A picker with 30 February in it sends nothing at all, and the whole date would be lost unseen.
function sayImpossible() {
  const wrong = visible().flatMap((row) => [...row.querySelectorAll("[type=date], [type=time]")]).filter((input) => input.validity.badInput);
  wrong.forEach(sayBeside);
  wrong[0]?.focus();
  return wrong.length > 0;
}

function sayBeside(input) {
  const id = `${input.id}-impossible`;
  if (document.getElementById(id)) return;
  const words = document.createElement("p");
  words.id = id;
  words.className = "invalid-feedback d-block";
  words.textContent = input.type === "date" ? form.dataset.noSuchDay : form.dataset.noSuchTime;
  const described = input.getAttribute("aria-describedby");
  input.closest("details")?.setAttribute("open", "");
  input.after(words);
  input.classList.add("is-invalid");
  input.setAttribute("aria-describedby", [id, described].filter(Boolean).join(" "));
  input.addEventListener("input", () => {
    words.remove();
    input.classList.remove("is-invalid");
    described ? input.setAttribute("aria-describedby", described) : input.removeAttribute("aria-describedby");
  }, { once: true });
}

// -- only the fields that matter -----------------------------------------------------------

function showFor() {
  const mode = form.querySelector("[name=attendance_mode]:checked")?.value;
  for (const part of form.querySelectorAll("[data-show-for]")) {
    part.hidden = Boolean(mode) && !part.dataset.showFor.split(" ").includes(mode);
  }
}
form.addEventListener("change", (event) => {
  if (event.target.name === "attendance_mode") showFor();
});
showFor();

// -- another kind: what is usual for it, wherever the host has not said otherwise ------------

const offers = JSON.parse(document.getElementById("offers")?.textContent ?? "{}");
const touched = new Set();

function refill(before, wanted) {
  const there = visible();
  const whole = there.length === before.times.length;
  there.forEach((row, index) => {
    const [start, end] = [field(row, "start"), field(row, "end")];
    const was = before.times[index] ?? ["", ""];
    if (start.value !== was[0] || end.value !== was[1]) return; // the host's own times
    const offered = wanted.times[index];
    if (offered) [start.value, end.value] = offered;
    else if (!["date", "end_date", "capacity", "instructions"].some((name) => field(row, name).value)) removeRow(row);
  });
  if (whole) {
    for (const offered of wanted.times.slice(there.length)) {
      const row = addRow();
      [field(row, "start").value, field(row, "end").value] = offered;
    }
  }
  number();
}

form.addEventListener("change", (event) => {
  const { name, value } = event.target;
  if (name !== "type") {
    touched.add(name);
    return;
  }
  const offered = form.elements.offered;
  if (!offered || !offers[value]) return;
  const wanted = offers[value];
  refill(offers[offered.value] ?? { times: [] }, wanted);
  offered.value = value;
  // Better a hall kept private than a home made public: with an address typed it stays a home.
  const home = form.elements.is_home;
  if (wanted.home || (!touched.has("is_home") && !form.elements.street.value)) home.checked = wanted.home;
  if (!touched.has("attendance_mode") && !form.elements.street.value && !form.elements.joining_url.value) {
    form.querySelector(`[name=attendance_mode][value=${wanted.mode}]`).checked = true;
    showFor();
  }
  note();
});

// -- how the description will look ----------------------------------------------------------

for (const part of form.querySelectorAll("[data-needs-js]")) part.hidden = false;
const preview = document.getElementById("preview");
const button = form.querySelector("[data-preview-button]");
button.addEventListener("click", async () => {
  const open = preview.hidden;
  button.setAttribute("aria-expanded", String(open));
  preview.hidden = !open;
  if (!open) return;
  preview.setAttribute("aria-busy", "true");
  const answer = await fetch(form.dataset.preview, { method: "POST", body: typed(), redirect: "manual" }).catch(() => null);
  // The server has cleaned it: no scripts, no pictures.
  if (answer?.ok) preview.innerHTML = await answer.text();
  else preview.textContent = form.dataset.noPreview;
  preview.removeAttribute("aria-busy");
});

// -- the zone of the place -------------------------------------------------------------------

const PLACE = ["city", "state_code", "postal_code", "country"];
const zone = document.getElementById("zone");
let asked = "";
async function askZone() {
  const query = new URLSearchParams(PLACE.map((name) => [name, form.elements[name].value]));
  if (String(query) === asked) return;
  asked = String(query);
  const answer = await fetch(`${form.dataset.zone}?${query}`, { redirect: "manual" }).catch(() => null);
  if (answer?.ok) zone.textContent = (await answer.text()).trim();
}
form.addEventListener("change", (event) => {
  if (PLACE.includes(event.target.name)) askZone();
});
askZone();

// -- errors first ------------------------------------------------------------------------------

(document.getElementById("warnings") ?? document.getElementById("errors"))?.focus();
