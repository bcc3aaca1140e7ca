// What happened, as a list in which long rests are short, each entry tied to its place in the text.
import { h } from "./dom.js";

const KINDS = {
  not_matched: "did not match", matched: "matched", enrolled: "began", action: "did", waiting: "waits", resumed: "goes on", refused: "refused",
  completed: "completed", exited: "ended early", failed: "failed", suppressed: "not sent", event: "event", derived: "event",
};
const QUIET = new Set(["not_matched", "matched"]);
const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];

/** The list. `go(entry)` is called for an entry that is chosen; it becomes the marked one. */
export class Timeline {
  constructor(go) {
    this._go = go;
    this._rows = [];
    this.element = h("ol", { className: "events" });
  }

  /** Show entries; `all` with those about rules that did not match. */
  show(entries, all) {
    this._rows = [];
    const items = [];
    let before = null;
    let dayBefore = "";
    for (const entry of entries.filter((each) => all || !QUIET.has(each.kind) || (each.kind === "not_matched" && each.step))) {
      const at = Date.parse(entry.at);
      const day = entry.at.slice(0, 10);
      const later = before !== null && at - before >= 1000 ? `${span(at - before)} later` : "";
      if (day !== dayBefore) items.push(h("li", { className: "gap" }, h("strong", {}, day), later ? `, ${later}` : ""));
      else if (later) items.push(h("li", { className: "gap" }, later));
      items.push(this._item(entry, at !== before));
      dayBefore = day;
      before = at;
    }
    this.element.replaceChildren(...items);
  }

  _item(entry, tellTime) {
    const content = [
      h("span", { className: "when" }, tellTime ? clock(entry.at).slice(11) : ""),
      h("span", { className: `kind ${entry.kind}` }, KINDS[entry.kind] ?? entry.kind),
      h("span", { className: "what" }, sentence(entry)),
    ];
    const inner = entry.source
      ? h("button", { className: "row", on: { click: () => this._chosen(entry, inner) } }, content)
      : h("div", { className: "row" }, content);
    this._rows.push([entry, inner]);
    return h("li", { className: entry.run ? "in-run" : "" }, inner);
  }

  _chosen(entry, row) {
    this._mark([row]);
    this._go(entry);
  }

  _mark(rows) {
    for (const [, row] of this._rows) {
      if (rows.includes(row)) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** Mark the entries of a line of a file, and show the first of them. */
  point(path, line) {
    const rows = this._rows.filter(([entry]) => entry.source?.path === path && entry.source.line === line && entry.step).map(([, row]) => row);
    this._mark(rows);
    const [first] = rows;
    const box = first?.closest(".scroll");
    if (box) box.scrollTo({ top: box.scrollTop + first.getBoundingClientRect().top - box.getBoundingClientRect().top - 80 });
  }
}

function sentence(entry) {
  const parts = [];
  const who = entry.subject && ["event", "derived", "enrolled", "refused"].includes(entry.kind) ? ` for ${entry.subject.kind} ${entry.subject.id}` : "";
  if (["matched", "not_matched", "enrolled", "refused", "completed", "exited", "failed"].includes(entry.kind) && entry.rule) parts.push(h("strong", {}, entry.rule));
  const action = entry.words ?? entry.action?.replaceAll("_", " ");
  if (action) parts.push(`${parts.length ? " " : ""}${action}`);
  if (who) parts.push(who);
  const to = entry.message?.to ?? (entry.words ? undefined : entry.message?.url);
  if (to) parts.push(` to ${[to].flat().join(", ")}`);
  if (entry.due) parts.push(` until ${clock(entry.due)}`);
  if (entry.reason) parts.push(h("span", { className: "reason" }, `${parts.length ? ": " : ""}${entry.reason}`));
  const changes = Object.entries(entry.changes ?? {}).map(([name, [old, now]]) =>
    h("span", { className: "change" }, h("code", {}, name), ` ${plain(old)} → ${plain(now)}`));
  return [...parts, ...changes];
}

/** A value as people write it. */
export function plain(value) {
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return "—";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** An instant as its text has it: the day and the time to the second, in the zone that the server wrote. */
export function clock(text) {
  const found = /^(\d+-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?/.exec(text);
  if (!found) return text;
  return `${found[1]} ${found[2]}${found[3] && found[3] !== ":00" ? found[3] : ""}`;
}

/** A span of time in its two largest units. */
export function span(millis) {
  const parts = [];
  let left = millis;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "a moment";
}
