/* The host's pin: dragged, tapped, moved by arrow keys, or by the two number fields, which work
   without this script as well. It may go 50 km from where the address is. */

import { createMap, hasStreets, HOME_METRES, loadLeaflet } from "./basemap.js";

// How far off a position of each accuracy may be, in metres, as a circle one can see.
const DOUBT = { street: 150, zip: 3000, city: 8000 };
const CLOSE = 16; // where an operator's map shows streets
const FAR = 12; // where towns must do

for (const element of document.querySelectorAll("[data-pin]")) {
  start(element).catch(() => { element.hidden = true; });
}

async function start(element) {
  const L = await loadLeaflet();
  element.hidden = false;
  const { dataset } = element;
  const first = L.latLng(Number(dataset.latitude), Number(dataset.longitude));
  const map = createMap(L, element, { zoomControl: false, center: first, zoom: hasStreets(dataset) ? CLOSE : FAR });
  L.control.zoom({ zoomInTitle: dataset.saysCloser, zoomOutTitle: dataset.saysFurther }).addTo(map);
  showDoubt(L, map, dataset, first);
  showHome(L, map, dataset);
  const draggable = !dataset.still;
  const marker = L.marker(first, { draggable, autoPan: true, icon: pinIcon(L, dataset) }).addTo(map);
  if (draggable) letMove(L, map, marker, element, first);
}

function letMove(L, map, marker, element, first) {
  const { dataset } = element;
  const form = element.closest("form");
  const latitude = form.querySelector("[name=latitude]");
  const longitude = form.querySelector("[name=longitude]");
  const limit = Number(dataset.limitKm) * 1000;
  let stands = first;
  say(element, dataset.saysHow);

  const move = (wanted, { typed = false } = {}) => {
    const metres = first.distanceTo(wanted);
    if (metres > limit) {
      marker.setLatLng(stands);
      say(element, dataset.saysTooFar);
      return;
    }
    stands = L.latLng(wanted).wrap();
    marker.setLatLng(stands);
    if (!typed) {
      latitude.value = stands.lat.toFixed(6);
      longitude.value = stands.lng.toFixed(6);
    }
    if (typed || !map.getBounds().contains(stands)) map.panTo(stands);
    say(element, dataset.saysMoved.replace("%", distance(metres)));
  };

  marker.on("dragend", () => move(marker.getLatLng()));
  map.on("click", ({ latlng }) => move(latlng));
  marker.getElement().addEventListener("keydown", (event) => {
    const step = steps(event);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    move(map.layerPointToLatLng(map.latLngToLayerPoint(marker.getLatLng()).add(step)));
  });
  for (const input of [latitude, longitude]) {
    input.addEventListener("change", () => {
      const typed = [Number(latitude.value), Number(longitude.value)];
      const fine = latitude.value.trim() && longitude.value.trim() && typed.every(Number.isFinite);
      if (fine && Math.abs(typed[0]) <= 90 && Math.abs(typed[1]) <= 180) move(L.latLng(typed), { typed: true });
    });
  }
}

function pinIcon(L, { saysPin }) {
  const mark = document.createElement("span");
  mark.className = "map-mark";
  const drop = document.createElement("span");
  drop.className = "map-pin-drop";
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = saysPin;
  mark.append(drop, words);
  return L.divIcon({ className: "map-pin", html: mark, iconSize: [44, 44], iconAnchor: [22, 38] });
}

/** Somewhere in this circle, as far as the geocoder knows. */
function showDoubt(L, map, dataset, centre) {
  const { accuracy, moved } = dataset;
  if (moved || !DOUBT[accuracy]) return;
  const radius = DOUBT[accuracy];
  L.circle(centre, { radius, interactive: false, className: "map-doubt", color: "currentColor", weight: 1.5, dashArray: "4 5", fillOpacity: 0.06 }).addTo(map);
  if (hasStreets(dataset) || radius > 1000) map.fitBounds(centre.toBounds(radius * 2.4), { animate: false });
}

/** What everybody else sees of a private home. */
function showHome(L, map, { publicLatitude, publicLongitude }) {
  if (!publicLatitude) return;
  L.circle([Number(publicLatitude), Number(publicLongitude)], { radius: HOME_METRES, interactive: false, className: "map-home", stroke: false, fillColor: "currentColor", fillOpacity: 0.16 }).addTo(map);
}

function steps({ key, shiftKey }) {
  const far = shiftKey ? 40 : 6;
  return { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[key];
}

function distance(metres) {
  const miles = metres / 1609.344;
  return miles < 0.1 ? `${Math.round(metres / 0.3048)} ft` : `${miles.toFixed(1)} mi`;
}

function say(element, words) {
  const place = element.closest("form").querySelector("[data-pin-said]");
  if (place) place.textContent = words;
}
