/* The results' map: all that matches in the part of the globe it shows, as points where they are
   few, else as bunches the server counted. The list is complete without it, so results.js asks
   for it only once the list can be read; it starts when in view. */

import { createMap, loadLeaflet, whenInView } from "./basemap.js";
import { Marks } from "./map-marks.js";

const METRES_PER_MILE = 1609.344;
const MOST_MILES = 500; // that a list reaches
const AROUND = 0.25; // of the view's size: asked for as well, so that a nudge asks nothing
const WAIT = 150; // ms after the map came to rest

const element = document.querySelector("[data-map]");
const results = document.querySelector("[data-results]");
whenInView(element, () => start().catch(() => say(element.dataset.saysFailed)));

function say(...sentences) {
  document.querySelector("[data-map-said]").textContent = sentences.filter(Boolean).join(" ");
}

async function start() {
  const L = await loadLeaflet({ clusters: true });
  const says = element.dataset;
  const map = createMap(L, element, { zoomControl: false });
  const position = matchMedia("(min-width: 62rem)").matches ? "topleft" : "bottomright"; // a thumb
  const buttons = { position, zoomInTitle: says.saysCloser, zoomOutTitle: says.saysFurther };
  L.control.zoom(buttons).addTo(map);
  const circle = L.layerGroup().addTo(map);
  const sight = new Sight(map, new Marks(L, map, says));
  const showCircle = ({ move }) => showSearched(L, map, circle, { move });
  showCircle({ move: true });
  const view = viewInAddress();
  if (view) map.setView([view.latitude, view.longitude], view.zoom, { animate: false });
  map.on("moveend", () => sight.refreshSoon());
  keepInAddress(map);
  await sight.refresh();
  if (!view && !results.dataset.within) sight.fit();
  linkCards(sight.marks);
  const search = offerSearchHere(L, map);
  new ResizeObserver(() => map.invalidateSize()).observe(element);
  let place = placeSearched();
  results.addEventListener("results:shown", () => {
    const move = !search.asked && place !== placeSearched();
    place = placeSearched();
    search.done();
    showCircle({ move });
    sight.refresh({ anew: true });
  });
}

const placeSearched = () => `${results.dataset.latitude},${results.dataset.longitude},${results.dataset.within}`;

// -- where the map is, in the address -------------------------------------------------------

/** "#map=9/39.96/-83.00" */
function viewInAddress() {
  const [, zoom, latitude, longitude] =
    location.hash.match(/^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/) || [];
  if (!zoom || Math.abs(latitude) > 85 || Math.abs(longitude) > 180 || zoom > 18) return null;
  return { zoom: Number(zoom), latitude: Number(latitude), longitude: Number(longitude) };
}

/** Moves of the map replace the entry of the history: "back" leads to the search before. */
function keepInAddress(map) {
  let mine = false; // somebody took hold of the map
  for (const name of ["pointerdown", "keydown", "wheel"]) {
    element.addEventListener(name, () => { mine = true; }, { passive: true });
  }
  map.on("moveend", () => {
    if (!mine) return;
    const { lat, lng } = map.getCenter().wrap();
    const zoom = Math.round(map.getZoom() * 100) / 100;
    history.replaceState(null, "", `#map=${zoom}/${lat.toFixed(3)}/${lng.toFixed(3)}`);
  });
  window.addEventListener("popstate", () => {
    const view = viewInAddress();
    if (view) map.setView([view.latitude, view.longitude], view.zoom, { animate: false });
  });
}

// -- what is to be seen ---------------------------------------------------------------------

class Sight {
  constructor(map, marks) {
    Object.assign(this, { map, marks, timer: 0, asked: null, known: null });
  }

  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), WAIT);
  }

  /** Ask for what is in view, unless it is here already. */
  async refresh({ anew = false } = {}) {
    const bounds = this.map.getBounds();
    const zoom = Math.floor(this.map.getZoom());
    const known = !anew && this.known?.zoom === zoom && this.known.bounds.contains(bounds);
    if (known) return this.sayWhat();
    this.asked?.abort();
    this.asked = new AbortController();
    const wider = bounds.pad(AROUND);
    try {
      const found = await this.fetch(wider, zoom, this.asked.signal);
      this.known = { bounds: wider, zoom, ...found };
      this.marks.show(found.features, { anew });
      this.sayWhat();
    } catch (error) {
      if (error.name !== "AbortError") say(element.dataset.saysFailed);
    }
    return undefined;
  }

  async fetch(bounds, zoom, signal) {
    const address = new URL(results.dataset.mapAddress, location.href);
    const south = Math.max(-90, bounds.getSouth());
    const north = Math.min(90, bounds.getNorth());
    const view = [south, bounds.getWest(), north, bounds.getEast()];
    address.searchParams.set("view", view.map((degrees) => degrees.toFixed(3)).join(","));
    address.searchParams.set("zoom", zoom);
    const answer = await fetch(address, { signal });
    if (!answer.ok) throw new Error(`map: ${answer.status}`);
    return answer.json();
  }

  /** Everything there is, where that is little; else the country stays in view. */
  fit() {
    const { bounds } = this.marks;
    const few = this.marks.all().every(({ event }) => !event.count);
    if (few && bounds.isValid()) this.map.fitBounds(bounds, { padding: [40, 40], maxZoom: 12, animate: false });
  }

  sayWhat() {
    const { saysOne, saysMany, saysNone, saysAbout, saysMore } = element.dataset;
    const bounds = this.map.getBounds();
    let count = 0;
    let bunched = false;
    for (const { event, place } of this.marks.all()) {
      if (!bounds.contains(place)) continue;
      count += event.count || 1;
      bunched ||= Boolean(event.count);
    }
    const words = bunched ? saysAbout : count === 1 ? saysOne : saysMany;
    say(count ? words.replace("%", count.toLocaleString()) : saysNone, this.known?.more && saysMore);
  }
}

/** The circle that was searched; `move` the map there, or where there is none to the country. */
function showSearched(L, map, circle, { move }) {
  const { latitude, longitude, within } = results.dataset;
  circle.clearLayers();
  if (!within) {
    if (move) map.fitBounds([[25, -124], [49.3, -67]], { animate: false });
    return;
  }
  const centre = L.latLng(Number(latitude), Number(longitude));
  const radius = Number(within) * METRES_PER_MILE;
  circle.addLayer(
    L.circle(centre, { radius, interactive: false, className: "map-searched", weight: 1.5, dashArray: "2 6", fill: false }),
  );
  if (move) map.fitBounds(centre.toBounds(radius * 2), { padding: [4, 4], animate: false });
}

// -- the list beside it -------------------------------------------------------------------

function linkCards(marks) {
  const toggle = (on) => (event) => {
    const card = event.target.closest?.("[data-event]");
    if (card) marks.elementOf(card.dataset)?.classList.toggle("is-active", on);
  };
  for (const [name, on] of [["pointerover", true], ["pointerout", false]]) {
    document.addEventListener(name, toggle(on), { passive: true });
  }
  document.addEventListener("focusin", toggle(true));
  document.addEventListener("focusout", toggle(false));
}

// -- searching where the map was moved to -------------------------------------------------

function offerSearchHere(L, map) {
  const button = document.querySelector("[data-map-search]");
  map.getContainer().append(button);
  L.DomEvent.disableClickPropagation(button); // a press on it is no press on the map
  const offer = () => { button.hidden = false; };
  map.on("dragend keydown", offer);
  element.addEventListener("wheel", offer, { passive: true });
  element.addEventListener("click", ({ target }) => {
    if (target.closest(".leaflet-control-zoom, .map-bunch")) offer();
  }, { capture: true }); // Leaflet lets no click on its buttons through
  const search = { asked: false };
  search.done = () => {
    search.asked = false;
    button.hidden = true;
  };
  button.addEventListener("click", () => {
    search.asked = true;
    const wanted = new CustomEvent("results:wanted", { detail: addressOf(map) });
    results.dispatchEvent(wanted);
    map.getContainer().focus({ preventScroll: true }); // the button goes away
  });
  return search;
}

/** This search, around the middle of the map and as wide as it; anywhere, where that is too wide. */
function addressOf(map) {
  const bounds = map.getBounds();
  const centre = map.getCenter().wrap();
  const halves = [
    centre.distanceTo([bounds.getNorth(), centre.lng]),
    centre.distanceTo([centre.lat, centre.lng + (bounds.getEast() - bounds.getWest()) / 2]),
  ];
  const miles = Math.max(1, Math.round(Math.min(...halves) / METRES_PER_MILE));
  const params = new URL(location.href).searchParams;
  params.delete("after");
  if (miles > MOST_MILES) {
    for (const name of ["near", "within"]) params.delete(name);
  } else {
    params.set("near", `${centre.lat.toFixed(2)}, ${centre.lng.toFixed(2)}`);
    params.set("within", miles);
  }
  return `${location.pathname}?${params}`;
}
