// Reads calendar objects ("<bytes>\n<object>" each) and prints what ical.js makes of them, in
// the same shape as libical.c.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const library = createRequire(process.cwd() + "/")("ical.js");
const ICAL = library.default ?? library;
ICAL.design.icalendar.property.name = { defaultType: "text" }; // RFC 7986
const input = readFileSync(0);
const hex = (text) => Buffer.from(text ?? "").toString("hex");
const lines = [];

for (let at = 0; at < input.length; ) {
  const end = input.indexOf(10, at);
  const size = Number(input.toString("ascii", at, end));
  const all = new ICAL.Component(ICAL.parse(input.toString("utf8", end + 1, end + 1 + size)));
  const entry = all.getFirstSubcomponent("vevent");
  const text = (name) => {
    const value = entry.getFirstPropertyValue(name);
    return value === null ? "" : value.toICALString ? value.toICALString() : String(value);
  };
  const names =
    "uid summary description location sequence dtstart dtend dtstamp organizer attendee " +
    "status class url";
  const fields = names.split(" ").map((name) => `${name}=${hex(text(name))}`);
  const parameter = (name, key) => entry.getFirstProperty(name)?.getParameter(key) ?? "";
  const geo = entry.getFirstPropertyValue("geo");
  const more = {
    method: all.getFirstPropertyValue("method"),
    geo: geo ? geo.map((degrees) => degrees.toFixed(5)).join(";") : "",
    cn: parameter("organizer", "cn"),
    partstat: parameter("attendee", "partstat"),
    name: all.getFirstPropertyValue("name"),
  };
  fields.push(...Object.entries(more).map(([name, value]) => `${name}=${hex(value)}`));
  lines.push(["errors=0", ...fields].join("\t"));
  at = end + 1 + size;
}
console.log(lines.join("\n"));
