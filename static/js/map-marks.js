/* What stands on the results' map: pins, soft areas for homes, bunches, and the lists they open. */

import { HOME_METRES } from "./basemap.js";

const CLOSEST = 16; // from here on a bunch opens as a list
const WIDE = matchMedia("(min-width: 62rem)"); // the list stands beside the map

export class Marks {
  constructor(L, map, says) {
    Object.assign(this, { L, map, says });
    this.byId = new Map();
    this.areas = [];
    this.group = L.markerClusterGroup({
      maxClusterRadius: 58,
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

  /** These, and none from before; an open list stays open unless the search is another. */
  show(features, { anew }) {
    if (anew) this.map.closePopup();
    if (document.activeElement?.closest(".leaflet-marker-pane")) {
      this.map.getContainer().focus({ preventScroll: true }); // its mark goes away
    }
    this.group.clearLayers();
    this.byId.clear();
    this.areas = [];
    this.bounds = this.L.latLngBounds([]);
    const markers = features.filter(({ geometry }) => geometry).map((f) => this.marker(f));
    this.group.addLayers(markers);
    for (const marker of markers) this.bounds.extend(marker.getLatLng());
    this.markers = markers;
  }

  all() {
    return (this.markers || []).map((marker) => ({ event: marker.event, place: marker.getLatLng() }));
  }

  marker({ geometry, properties }) {
    const [longitude, latitude] = geometry.coordinates;
    const marker = this.L.marker([latitude, longitude], { icon: this.icon(properties, latitude) });
    marker.event = properties;
    if (properties.count) {
      onPress(marker, () => this.comeCloser(marker.getLatLng()));
      return marker;
    }
    if (properties.private) this.areas.push(marker);
    this.byId.set(String(properties.id), marker);
    onPress(marker, () => this.openList([marker], marker.getLatLng()));
    marker.on("mouseover", () => highlightCard(properties.id, true));
    marker.on("mouseout", () => highlightCard(properties.id, false));
    return marker;
  }

  /** The bunch goes away with its focus: hand it to the map. */
  comeCloser(place) {
    this.map.getContainer().focus({ preventScroll: true });
    this.map.setView(place, Math.min(CLOSEST, Math.floor(this.map.getZoom()) + 2));
  }

  icon(event, latitude) {
    const words = [event.title, event.when, event.place].filter(Boolean).join(", ");
    if (event.count) return this.disk("map-bunch", event.count);
    if (event.private) {
      const size = this.areaSize(latitude);
      return this.divIcon("map-area", "map-area-disk", words, [size, size], [size / 2, size / 2]);
    }
    const kind = event.official ? "map-pin map-official" : "map-pin";
    return this.divIcon(kind, "map-pin-drop", words, [44, 44], [22, 38]);
  }

  /** In pixels; never smaller than a finger. */
  areaSize(latitude) {
    const perPixel = (156543.03 * Math.cos((latitude * Math.PI) / 180)) / 2 ** this.map.getZoom();
    return Math.max(44, Math.round((2 * HOME_METRES) / perPixel));
  }

  resizeAreas() {
    for (const marker of this.areas) marker.setIcon(this.icon(marker.event, marker.getLatLng().lat));
  }

  bunchIcon(markers) {
    const count = markers.reduce((sum, { event }) => sum + (event.count || 1), 0);
    const official = markers.some(({ event }) => event.official);
    const kind = official ? "map-bunch map-bunch-official" : "map-bunch";
    return this.disk(kind, count);
  }

  disk(kind, count) {
    const words = this.says.saysBunch.replace("%", count.toLocaleString());
    const size = count < 1000 ? 44 : 52;
    kind += count < 100 ? "" : count < 1000 ? " map-bunch-some" : " map-bunch-many";
    return this.divIcon(kind, "map-bunch-disk", words, [size, size], [size / 2, size / 2], short(count));
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
    if (markers.some(({ event }) => event.count)) {
      this.comeCloser(bunch.getLatLng());
    } else if (metres < 60 || this.map.getZoom() >= CLOSEST) {
      this.openList(markers, bunch.getLatLng());
    } else {
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

  /** The mark that stands for a card's event now: its own, or the bunch it is in. */
  elementOf({ event, at }) {
    const marker = this.byId.get(event) || (at && this.nearestBunch(at.split(",").map(Number)));
    return marker && this.group.getVisibleParent(marker)?.getElement();
  }

  nearestBunch([latitude, longitude]) {
    const place = this.map.latLngToLayerPoint([latitude, longitude]);
    let nearest = null;
    let closest = 130; // pixels: no counted cell is wider
    for (const marker of this.markers || []) {
      const away = this.map.latLngToLayerPoint(marker.getLatLng()).distanceTo(place);
      if (marker.event.count && away < closest) [nearest, closest] = [marker, away];
    }
    return nearest;
  }
}

function onPress(marker, run) {
  marker.on("click", run);
  marker.on("keypress", ({ originalEvent }) => {
    if (originalEvent.key === "Enter") run();
  });
}

/** 999, 1.2k, 12k */
function short(count) {
  if (count < 1000) return String(count);
  return `${count < 10000 ? Math.floor(count / 100) / 10 : Math.floor(count / 1000)}k`;
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

function cardOf(id) {
  return document.querySelector(`[data-event="${CSS.escape(String(id))}"] > .event-card`);
}

function highlightCard(id, on, { scroll = false } = {}) {
  const card = cardOf(id);
  if (!card) return;
  card.classList.toggle("is-on-map", on);
  if (scroll && WIDE.matches) card.scrollIntoView({ block: "nearest" });
}
