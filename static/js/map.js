/* The results' map: what the list shows, and all the rest that matches. The list is complete
   without it, so results.js asks for it only once the list can be read; it starts when in view. */

import { createMap, loadLeaflet, whenInView } from "./basemap.js";

const METRES_PER_MILE = 1609.344;
const WITHIN = [5, 10, 25, 50, 100];
const CLOSEST = 16; // from here on a bunch opens as a list

const element = document.querySelector("[data-map]");
const results = document.querySelector("[data-results]");
whenInView(element, () => start().catch(() => say(element.dataset.saysFailed)));

function say(words) {
  document.querySelector("[data-map-said]").textContent = words || "";
}

async function start() {
  const [L, features] = await Promise.all([loadLeaflet({ clusters: true }), fetchFeatures()]);
  const says = element.dataset;
  const map = createMap(L, element, { zoomControl: false });
  L.control.zoom({ zoomInTitle: says.saysCloser, zoomOutTitle: says.saysFurther }).addTo(map);
  const marks = new Marks(L, map, says);
  const circle = L.layerGroup().addTo(map);
  const show = (found) => {
    marks.show(found);
    showSearched(L, map, circle, marks);
    say(counted(says, found));
  };
  show(features);
  linkCards(marks);
  offerSearchHere(L, map);
  new ResizeObserver(() => map.invalidateSize()).observe(element);
  results.addEventListener("results:shown", () => {
    fetchFeatures().then(show, () => say(says.saysFailed));
  });
}

async function fetchFeatures() {
  const answer = await fetch(results.dataset.geojson);
  if (answer.status === 404) return []; // a place nobody knows
  if (!answer.ok) throw new Error(`geojson: ${answer.status}`);
  return (await answer.json()).features;
}

function counted({ saysOne, saysMany, saysNone }, features) {
  const count = features.reduce((sum, { properties }) => sum + (properties.count || 1), 0);
  if (!count) return saysNone;
  return count === 1 ? saysOne : saysMany.replace("%", count);
}

/** The circle that was searched, else everything there is, else the country. */
function showSearched(L, map, circle, marks) {
  const { latitude, longitude, within } = results.dataset;
  circle.clearLayers();
  if (latitude && within) {
    const centre = L.latLng(Number(latitude), Number(longitude));
    const radius = Number(within) * METRES_PER_MILE;
    circle.addLayer(
      L.circle(centre, { radius, interactive: false, className: "map-searched", weight: 1.5, dashArray: "2 6", fill: false }),
    );
    map.fitBounds(centre.toBounds(radius * 2), { padding: [4, 4], animate: false });
  } else if (marks.bounds.isValid()) {
    map.fitBounds(marks.bounds, { padding: [40, 40], maxZoom: 12, animate: false });
  } else {
    map.fitBounds([[25, -124], [49.3, -67]], { animate: false });
  }
}

// -- pins, areas and bunches --------------------------------------------------------------

class Marks {
  constructor(L, map, says) {
    Object.assign(this, { L, map, says });
    this.byId = new Map();
    this.areas = [];
    this.group = L.markerClusterGroup({
      maxClusterRadius: 52,
      showCoverageOnHover: false,
      spiderfyOnMaxZoom: false,
      zoomToBoundsOnClick: false,
      animate: map.options.zoomAnimation,
      iconCreateFunction: (bunch) => this.bunchIcon(bunch.getAllChildMarkers()),
    });
    this.group.on("clusterclick", ({ layer }) => this.openBunch(layer));
    this.group.on("clusterkeypress", ({ layer, originalEvent }) => {
      if (originalEvent.key === "Enter") this.openBunch(layer);
    });
    map.addLayer(this.group);
    map.on("zoomend", () => this.resizeAreas());
    // Leaflet listens for Escape only while the map itself has the focus.
    map.getContainer().addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
    map.on("popupclose", ({ popup }) => this.giveFocusBack(popup));
  }

  /** These, and none from before. */
  show(features) {
    this.map.closePopup();
    this.group.clearLayers();
    this.byId.clear();
    this.areas = [];
    this.bounds = this.L.latLngBounds([]);
    const markers = features.filter(({ geometry }) => geometry).map((f) => this.marker(f));
    this.group.addLayers(markers);
    for (const marker of markers) this.bounds.extend(marker.getLatLng());
  }

  marker({ geometry, properties }) {
    const [longitude, latitude] = geometry.coordinates;
    const marker = this.L.marker([latitude, longitude], { icon: this.icon(properties, latitude) });
    marker.event = properties;
    if (properties.count) {
      marker.on("click", () => this.map.setView(marker.getLatLng(), this.map.getZoom() + 2));
      return marker;
    }
    if (properties.private) this.areas.push(marker);
    this.byId.set(String(properties.id), marker);
    marker.on("click", () => this.openList([marker], marker.getLatLng()));
    marker.on("keypress", ({ originalEvent }) => {
      if (originalEvent.key === "Enter") this.openList([marker], marker.getLatLng());
    });
    marker.on("mouseover", () => highlightCard(properties.id, true));
    marker.on("mouseout", () => highlightCard(properties.id, false));
    return marker;
  }

  icon(event, latitude) {
    const words = [event.title, event.when, event.place].filter(Boolean).join(", ");
    if (event.count) return this.disk("map-bunch", String(event.count), this.bunchWords(event.count));
    if (event.private) {
      const size = this.areaSize(event.radius_m, latitude);
      return this.divIcon("map-area", "map-area-disk", words, [size, size], [size / 2, size / 2]);
    }
    const kind = event.official ? "map-pin map-official" : "map-pin";
    return this.divIcon(kind, "map-pin-drop", words, [44, 44], [22, 38]);
  }

  /** In pixels; never smaller than a finger. */
  areaSize(metres, latitude) {
    const perPixel = (156543.03 * Math.cos((latitude * Math.PI) / 180)) / 2 ** this.map.getZoom();
    return Math.max(44, Math.round((2 * (metres || 1500)) / (perPixel || Infinity)));
  }

  resizeAreas() {
    for (const marker of this.areas) marker.setIcon(this.icon(marker.event, marker.getLatLng().lat));
  }

  bunchIcon(markers) {
    const count = markers.reduce((sum, { event }) => sum + (event.count || 1), 0);
    const official = markers.some(({ event }) => event.official);
    const kind = official ? "map-bunch map-bunch-official" : "map-bunch";
    return this.disk(kind, String(count), this.bunchWords(count));
  }

  bunchWords(count) {
    return this.says.saysBunch.replace("%", count);
  }

  disk(kind, text, words) {
    return this.divIcon(kind, "map-bunch-disk", words, [44, 44], [22, 22], text);
  }

  divIcon(kind, drawing, words, iconSize, iconAnchor, text = "") {
    const mark = make("span", "map-mark");
    const drawn = make("span", drawing, text);
    drawn.setAttribute("aria-hidden", "true");
    mark.append(drawn, make("span", "visually-hidden", words));
    return this.L.divIcon({ className: kind, html: mark, iconSize, iconAnchor });
  }

  openBunch(bunch) {
    const markers = bunch.getAllChildMarkers();
    const bounds = bunch.getBounds();
    const metres = bounds.getNorthEast().distanceTo(bounds.getSouthWest());
    if (metres < 60 || this.map.getZoom() >= CLOSEST) {
      this.openList(markers.filter(({ event }) => !event.count), bunch.getLatLng());
    } else {
      // The bunch goes away with its focus: hand it to the map.
      this.map.getContainer().focus({ preventScroll: true });
      this.map.fitBounds(bounds, { padding: [50, 50], maxZoom: CLOSEST });
    }
  }

  openList(markers, position) {
    const list = make("ul", "map-events");
    const events = markers.map(({ event }) => event);
    events.sort((one, other) => Date.parse(one.starts_at) - Date.parse(other.starts_at));
    for (const event of events) list.append(eventItem(event));
    this.opener = document.activeElement;
    this.L.popup({ maxWidth: 280, minWidth: 200, offset: [0, -14] })
      .setLatLng(position)
      .setContent(list)
      .openOn(this.map);
    list.querySelector("a")?.focus({ preventScroll: true });
    if (markers.length === 1) highlightCard(markers[0].event.id, true, { scroll: true });
  }

  giveFocusBack(popup) {
    for (const card of document.querySelectorAll(".is-on-map")) card.classList.remove("is-on-map");
    const inside = popup.getElement()?.contains(document.activeElement);
    if (inside && this.opener?.isConnected) this.opener.focus({ preventScroll: true });
  }

  /** The mark that stands for an event now: its own, or the bunch it is in. */
  elementOf(id) {
    const marker = this.byId.get(String(id));
    return marker && this.group.getVisibleParent(marker)?.getElement();
  }
}

function eventItem(event) {
  const item = make("li");
  const link = make("a", "", event.title);
  link.href = event.url;
  item.append(make("p", "map-event-type", event.type_label), link, make("p", "", event.when));
  item.append(make("p", "", event.place));
  return item;
}

function make(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  return node;
}

// -- the list beside it -------------------------------------------------------------------

function cardOf(id) {
  return document.querySelector(`[data-event="${CSS.escape(String(id))}"] > .event-card`);
}

function highlightCard(id, on, { scroll = false } = {}) {
  const card = cardOf(id);
  if (!card) return;
  card.classList.toggle("is-on-map", on);
  if (scroll && matchMedia("(min-width: 62rem)").matches) card.scrollIntoView({ block: "nearest" });
}

function linkCards(marks) {
  const toggle = (on) => (event) => {
    const card = event.target.closest?.("[data-event]");
    if (card) marks.elementOf(card.dataset.event)?.classList.toggle("is-active", on);
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
  });
  results.addEventListener("results:shown", () => { button.hidden = true; });
  button.addEventListener("click", () => location.assign(addressOf(map)));
}

/** This search, around the middle of the map and as wide as it. */
function addressOf(map) {
  const bounds = map.getBounds();
  const centre = map.getCenter().wrap();
  const halves = [
    centre.distanceTo([bounds.getNorth(), centre.lng]),
    centre.distanceTo([centre.lat, bounds.getEast()]),
  ];
  const miles = Math.min(...halves) / METRES_PER_MILE;
  const params = new URL(results.dataset.geojson, location.href).searchParams;
  params.set("near", `${centre.lat.toFixed(2)}, ${centre.lng.toFixed(2)}`);
  params.set("within", WITHIN.find((choice) => choice >= miles * 0.9) || WITHIN.at(-1));
  return `${location.pathname}?${params}`;
}
