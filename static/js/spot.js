/* An event page's map: a pin, or for a home the soft area it is somewhere in. */

import { createMap, hasStreets, HOME_METRES, loadLeaflet, whenInView } from "./basemap.js";

const CLOSE = 15; // where an operator's map shows streets
const FAR = 11; // where towns must do
const AREA = 12; // where a home's area fills a good part of the map

for (const element of document.querySelectorAll("[data-spot]")) {
  // Its upper edge above the fold is no wish to see it, and would cost a phone two seconds.
  whenInView(element, () => start(element).catch(() => element.remove()), { share: 0.7 });
}

async function start(element) {
  const L = await loadLeaflet();
  const { dataset } = element;
  const centre = L.latLng(Number(dataset.latitude), Number(dataset.longitude));
  const map = createMap(L, element, {
    scale: false,
    zoomControl: false,
    scrollWheelZoom: false,
    center: centre,
    zoom: dataset.home ? AREA : hasStreets(dataset) ? CLOSE : FAR,
  });
  L.control.zoom({ zoomInTitle: dataset.saysCloser, zoomOutTitle: dataset.saysFurther }).addTo(map);
  if (dataset.home) {
    L.circle(centre, { radius: HOME_METRES, interactive: false, className: "map-home map-spot", stroke: false }).addTo(map);
    return;
  }
  const drop = document.createElement("span");
  drop.className = "map-mark";
  drop.append(document.createElement("span"));
  drop.firstChild.className = "map-pin-drop";
  const icon = L.divIcon({ className: "map-pin", html: drop, iconSize: [44, 44], iconAnchor: [22, 38] });
  L.marker(centre, { icon, interactive: false, keyboard: false }).addTo(map);
}
