/* The map under the pins, drawn from files of our own (static/map/): no request leaves the site
   unless the operator set a tile address. Colours come from static/css/map.css, so the map
   follows the reader's light or dark. */

const here = (path) => new URL(path, import.meta.url).href;
const DEGREE = 1000; // the files hold whole thousandths of a degree
const COUNTIES_FROM = 7; // zoom

/** How far a private home may be from the public place that stands for it: to the farthest corner
    of its cell (events/homes.py), anywhere on the globe. */
export const HOME_METRES = 1550;

/** Run once that share of `node` is in view and the browser has nothing better to do: a map weighs
    more than the rest of its page. */
export function whenInView(node, run, { share = 0 } = {}) {
  const idle = window.requestIdleCallback || ((call) => setTimeout(call, 200));
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting && entry.intersectionRatio >= share)) return;
      observer.disconnect();
      idle(run);
    },
    { threshold: share },
  );
  observer.observe(node);
}

/** Load Leaflet (and clusters, if asked), once; resolves to its global `L`. */
export async function loadLeaflet({ clusters = false } = {}) {
  if (!window.L) {
    addStyles("../vendor/leaflet/leaflet.css");
    await addScript("../vendor/leaflet/leaflet.js");
  }
  if (clusters && !window.L.markerClusterGroup) {
    addStyles("../vendor/leaflet.markercluster/MarkerCluster.css");
    await addScript("../vendor/leaflet.markercluster/leaflet.markercluster.js");
  }
  return window.L;
}

function addScript(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = here(path);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${path} did not load`));
    document.head.append(script);
  });
}

function addStyles(path) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = here(path);
  document.head.prepend(link); // so that our own sheets have the last word
}

/** A Leaflet map in `element` with its ground; `data-archive` and `data-tiles` are the operator's. */
export function createMap(L, element, { scale = true, ...options } = {}) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    minZoom: 2,
    maxZoom: 18,
    zoomSnap: 0.25,
    worldCopyJump: true,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
    attributionControl: false,
    ...options,
  });
  const credits = L.control.attribution({ prefix: false }).addTo(map);
  if (scale) L.control.scale({ metric: false }).addTo(map);
  const { archive, tiles, tilesAttribution, credit } = element.dataset;
  const embedded = () => {
    ground(L).addTo(map);
    credits.addAttribution(escaped(credit || "Natural Earth, U.S. Census, GeoNames"));
  };
  if (archive) {
    archived(L, new URL(archive, location.href).href, escaped(tilesAttribution || "")).then((layer) => {
      layer.addTo(map);
      credits.addAttribution("GeoNames"); // for the places one can search
    }, embedded);
  } else if (tiles) {
    L.tileLayer(tiles, { maxZoom: 19, attribution: escaped(tilesAttribution || "") }).addTo(map);
    credits.addAttribution("GeoNames"); // for the places one can search
  } else {
    embedded();
  }
  return map;
}

/** Whether a map's ground is the operator's; ours has towns at most. */
export const hasStreets = ({ archive, tiles }) => Boolean(archive || tiles);

/** The layer of an operator's PMTiles file: pictures, or the shapes of Protomaps' basemap. */
async function archived(L, url, attribution) {
  await addScript("../vendor/pmtiles/pmtiles.js");
  const file = new window.pmtiles.PMTiles(url);
  const { tileType, maxZoom } = await file.getHeader();
  if (tileType !== window.pmtiles.TileType.Mvt) {
    return window.pmtiles.leafletRasterLayer(file, { attribution, maxNativeZoom: maxZoom, maxZoom: 19 });
  }
  await addScript("../vendor/protomaps-leaflet/protomaps-leaflet.js");
  const flavor = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const lang = document.documentElement.lang.slice(0, 2) || "en";
  return window.protomapsL.leafletLayer({ url, flavor, lang, attribution, maxDataZoom: maxZoom });
}

function escaped(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}

// -- the ground ---------------------------------------------------------------------------

function ground(L) {
  const Ground = L.Renderer.extend({
    options: { padding: 0.35, pane: "tilePane" },

    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._context = this._container.getContext("2d");
      this._parts = {};
      this._scheme = matchMedia("(prefers-color-scheme: dark)");
      this._repaint = () => this._map && this._update();
      this._scheme.addEventListener("change", this._repaint);
      fetchWorld().then((world) => {
        this._world = world;
        this._repaint();
      });
    },

    _destroyContainer() {
      this._scheme.removeEventListener("change", this._repaint);
      this._container.remove();
      delete this._container;
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const canvas = this._container;
      const size = this._bounds.getSize();
      const sharp = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(canvas, this._bounds.min);
      canvas.width = size.x * sharp;
      canvas.height = size.y * sharp;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      this._context.setTransform(sharp, 0, 0, sharp, 0, 0);
      if (this._world) this._paint(size);
    },

    _paint(size) {
      const zoom = this._map.getZoom();
      const corner = this._map.layerPointToLatLng(this._bounds.min);
      const origin = this._map.project(corner, zoom);
      const view = new View(origin.x, origin.y, size.x, size.y, 256 * 2 ** zoom);
      const look = colours(this._map.getContainer());
      const near = zoom >= COUNTIES_FROM ? this._statesInView(view) : [];
      paintGround(this._context, view, this._world, near, look, zoom);
      paintNames(this._context, view, this._world, near, look, zoom);
    },

    /** Counties and towns of the states in view; those not here yet repaint when they come. */
    _statesInView(view) {
      const found = [];
      for (const state of this._world.states) {
        if (!view.meets(state.box)) continue;
        const part = this._parts[state.code];
        if (part === undefined) {
          this._parts[state.code] = null;
          fetchState(state.code).then((read) => {
            this._parts[state.code] = read;
            this._repaint();
          });
        } else if (part) {
          found.push(part);
        }
      }
      return found;
    },
  });
  return new Ground();
}

/** The part of the world the canvas shows; coordinates run from 0 to 1 (Web Mercator). */
class View {
  constructor(left, top, width, height, scale) {
    Object.assign(this, { left, top, width, height, scale });
    this.box = [left / scale, top / scale, (left + width) / scale, (top + height) / scale];
  }

  /** Which copies of the world to draw, for views across the date line. */
  meets([west, north, east, south]) {
    const box = this.box;
    return west <= box[2] && east >= box[0] && north <= box[3] && south >= box[1];
  }

  x(value) {
    return value * this.scale - this.left;
  }

  y(value) {
    return value * this.scale - this.top;
  }
}

function colours(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--map-${name}`).trim();
  return Object.fromEntries(
    ["water", "land", "home", "coast", "state", "county", "border", "river", "name", "halo"].map(
      (name) => [name, read(name)],
    ),
  );
}

function paintGround(context, view, world, near, look, zoom) {
  context.fillStyle = look.water;
  context.fillRect(0, 0, view.width, view.height);
  context.lineJoin = context.lineCap = "round";
  // Neighbours reach a little under the states, whose borders are drawn in more detail.
  fill(context, view, world.land, look.land, { edge: look.land, width: 3 });
  strokeAll(context, view, world.borders, look.border, 1);
  fill(context, view, world.lakes, look.water);
  for (const state of world.states) fill(context, view, state.shapes, look.home);
  fill(context, view, world.inland, look.water);
  if (zoom >= 5) strokeAll(context, view, world.rivers, look.river, zoom >= 8 ? 1.6 : 1);
  for (const part of near) strokeAll(context, view, part.lines, look.county, 1, [3, 3]);
  strokeAll(context, view, world.between, look.state, zoom >= 7 ? 1.8 : 1.1);
  for (const state of world.states) outline(context, view, state.shapes, look.coast, 0.8);
}

function fill(context, view, shapes, colour, { edge = null, width = 1 } = {}) {
  context.fillStyle = colour;
  for (const shape of shapes) {
    if (!view.meets(shape.box)) continue;
    context.beginPath();
    for (const line of shape.rings) trace(context, view, line);
    context.fill("evenodd");
    if (edge) {
      context.strokeStyle = edge;
      context.lineWidth = width;
      context.stroke();
    }
  }
}

function outline(context, view, shapes, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  for (const shape of shapes) {
    if (!view.meets(shape.box)) continue;
    context.beginPath();
    for (const line of shape.rings) trace(context, view, line);
    context.stroke();
  }
}

function strokeAll(context, view, lines, colour, width, dash = []) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  for (const line of lines) if (view.meets(line.box)) trace(context, view, line.points);
  context.stroke();
  context.setLineDash([]);
}

function trace(context, view, points) {
  for (let i = 0; i < points.length; i += 2) {
    const x = view.x(points[i]);
    const y = view.y(points[i + 1]);
    if (i) context.lineTo(x, y);
    else context.moveTo(x, y);
  }
}

/** Names of cities, larger first, where there is room; smaller ones as one comes nearer. */
function paintNames(context, view, world, near, look, zoom) {
  const least = [0, 0, 5e6, 3e6, 1.5e6, 5e5, 2.5e5, 8e4, 2e4, 6e3, 1500][Math.floor(zoom)] ?? 0;
  const taken = [];
  context.textBaseline = "middle";
  context.lineWidth = 3;
  const all = [world.cities, ...near.map((part) => part.towns)];
  for (const cities of all) {
    for (const city of cities) {
      if (city.people < least) continue;
      const x = view.x(city.x);
      const y = view.y(city.y);
      if (x < -60 || y < -10 || x > view.width + 10 || y > view.height + 10) continue;
      paintName(context, city, x, y, taken, look);
    }
  }
}

function paintName(context, city, x, y, taken, look) {
  const size = city.people >= 500000 ? 14 : city.people >= 100000 ? 13 : 12;
  context.font = `${city.people >= 100000 ? 600 : 400} ${size}px system-ui, sans-serif`;
  const width = context.measureText(city.name).width;
  const box = [x - 4, y - size * 0.7, x + width + 10, y + size * 0.7];
  const clash = taken.some(
    (other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1],
  );
  if (clash) return;
  taken.push(box);
  context.fillStyle = look.name;
  context.beginPath();
  context.arc(x, y, city.people >= 100000 ? 2.6 : 2, 0, 7);
  context.fill();
  context.strokeStyle = look.halo;
  context.strokeText(city.name, x + 6, y);
  context.fillText(city.name, x + 6, y);
}

// -- reading the files --------------------------------------------------------------------

let world = null;

function fetchWorld() {
  world ??= fetchJson("../map/base.json").then(readWorld);
  return world;
}

async function readWorld(file) {
  const arcs = await inTurns(file.states.arcs, unrolled);
  const states = await inTurns(Object.entries(file.states.shapes), ([code, polygons]) => {
    const shapes = polygons.map((rings) => shaped(rings.map((numbers) => joined(arcs, numbers))));
    return { code, shapes, box: around(shapes.map((shape) => shape.box)) };
  });
  const shape = (rings) => shaped(rings.map(unrolled));
  const line = (numbers) => lined(unrolled(numbers));
  const lakes = await inTurns(file.lakes, shape);
  return {
    states,
    between: await inTurns(file.states.between, (number) => lined(arcs[number])),
    land: await inTurns(file.land, shape),
    borders: await inTurns(file.borders, line),
    rivers: await inTurns(file.rivers, line),
    lakes,
    // The Great Lakes have their shores from the states; smaller lakes lie upon them.
    inland: lakes.filter((lake) => lake.box[2] - lake.box[0] < 0.0032),
    cities: await inTurns(file.cities, named),
  };
}

/** Each of `list`, read, with pauses in which the page can answer its reader. */
async function inTurns(list, read) {
  const found = [];
  let began = performance.now();
  for (const one of list) {
    if (performance.now() - began > 10) {
      await new Promise((done) => setTimeout(done));
      began = performance.now();
    }
    found.push(read(one));
  }
  return found;
}

async function fetchState(code) {
  const file = await fetchJson(`../map/us/${code}.json`);
  return { lines: file.lines.map((line) => lined(unrolled(line))), towns: file.towns.map(named) };
}

async function fetchJson(path) {
  const answer = await fetch(here(path));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const across = (longitude) => longitude / 360 + 0.5;

function down(latitude) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** Steps in thousandths of a degree -> points between 0 and 1, as one flat array. */
function unrolled(steps) {
  const points = new Float64Array(steps.length);
  let longitude = 0;
  let latitude = 0;
  for (let i = 0; i < steps.length; i += 2) {
    longitude += steps[i];
    latitude += steps[i + 1];
    points[i] = across(longitude / DEGREE);
    points[i + 1] = down(latitude / DEGREE);
  }
  return points;
}

/** A ring from numbered arcs; a negative number means its arc backwards (as in TopoJSON). */
function joined(arcs, numbers) {
  const ring = [];
  for (const number of numbers) {
    const arc = arcs[number < 0 ? ~number : number];
    for (let i = 0; i < arc.length; i += 2) {
      const at = number < 0 ? arc.length - 2 - i : i;
      ring.push(arc[at], arc[at + 1]);
    }
  }
  return ring;
}

function boxOf(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    box[0] = Math.min(box[0], points[i]);
    box[1] = Math.min(box[1], points[i + 1]);
    box[2] = Math.max(box[2], points[i]);
    box[3] = Math.max(box[3], points[i + 1]);
  }
  return box;
}

function around(boxes) {
  return boxes.reduce(
    (box, other) => [
      Math.min(box[0], other[0]),
      Math.min(box[1], other[1]),
      Math.max(box[2], other[2]),
      Math.max(box[3], other[3]),
    ],
    [Infinity, Infinity, -Infinity, -Infinity],
  );
}

const shaped = (rings) => ({ rings, box: boxOf(rings[0]) });
const lined = (points) => ({ points, box: boxOf(points) });

function named([name, longitude, latitude, people]) {
  return { name, people, x: across(longitude / DEGREE), y: down(latitude / DEGREE) };
}
