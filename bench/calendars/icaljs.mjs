// Reads calendar objects ("<bytes>\n<object>" each) and prints what ical.js makes of them, in
// the same shape as libical.c.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const library = createRequire(process.cwd() + "/")("ical.js");
const ICAL = library.default ?? library;
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
  const names = "uid summary description location sequence dtstart dtend dtstamp organizer attendee";
  const fields = names.split(" ").map((name) => `${name}=${hex(text(name))}`);
  fields.push(`method=${hex(all.getFirstPropertyValue("method"))}`);
  lines.push(["errors=0", ...fields].join("\t"));
  at = end + 1 + size;
}
console.log(lines.join("\n"));
