// The catalogue: every trigger, action and function with its documentation, to read and to insert.
import { snippet } from "../vendor/codemirror.js";
import { get } from "./api.js";
import { byId, h } from "./dom.js";
import { inline, markdown } from "./markdown.js";

const GROUPS = [["triggers", "Triggers"], ["actions", "Actions"], ["functions", "Functions"]];

/** The words of an entry, to be searched from their beginnings. */
function textOf(entry) {
  return `${entry.name} ${entry.phrase ?? ""} ${entry.summary ?? ""} ${entry.doc ?? ""}`.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
}

/** The panel of the catalogue. */
export class Catalogue {
  constructor(code, docs) {
    this.code = code;
    this.docs = docs;
    this._filter = h("input", { id: "catalogue-filter", type: "search", placeholder: "Filter, such as stage or email", autocomplete: "off", spellcheck: false });
    this._list = h("div", {});
    this._said = h("p", { className: "muted", role: "status" });
    this._filter.addEventListener("input", () => this._draw());
    byId("catalogue").replaceChildren(
      h("label", { htmlFor: "catalogue-filter", className: "hidden" }, "Filter the catalogue"), this._filter, this._said, this._list);
  }

  /** Read it, the first time that it is wanted. */
  async load() {
    this._all ??= await get("catalogue");
    this._draw();
  }

  _draw() {
    if (this._all === undefined) return; // It is on its way.
    const words = this._filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (entry) => words.every((word) => ` ${textOf(entry)}`.includes(` ${word}`));
    let found = 0;
    const sections = GROUPS.map(([kind, title]) => {
      const entries = (this._all[kind] ?? []).filter(fits);
      found += entries.length;
      return entries.length ? h("section", { aria: { label: title } }, h("h2", {}, title), entries.map((entry) => this._entry(entry, words.length > 0 && entries.length < 4))) : null;
    });
    this._said.textContent = found ? "" : "Nothing fits.";
    this._list.replaceChildren(...sections.filter(Boolean));
  }

  _entry(entry, open) {
    const body = h("div", { className: "entry-body" });
    const fill = () => body.childElementCount || body.append(...this._body(entry));
    const details = h("details", { className: "entry", on: { toggle: fill } },
      h("summary", {}, h("code", {}, entry.phrase ?? `${entry.name}(…)`), h("span", { className: "muted" }, ` ${entry.summary ?? ""}`)), body);
    if (open) {
      fill();
      details.open = true;
    }
    return details;
  }

  _body(entry) {
    const parameters = entry.filters ?? entry.params ?? [];
    return [
      entry.doc && entry.doc !== entry.summary ? markdown(entry.doc) : null,
      parameters.length ? h("dl", {}, parameters.flatMap((p) => [
        h("dt", {}, h("code", {}, p.name), ` ${p.type ?? ""}`), h("dd", {}, inline(p.doc ?? ""))])) : null,
      entry.example ? h("pre", {}, h("code", {}, entry.example)) : null,
      h("div", { className: "buttons" },
        h("button", { className: "small", on: { click: () => this._insert(entry.insert) } }, "Insert"),
        entry.result === undefined && entry.example ? h("button", { className: "plain small", on: { click: () => this._insertExample(entry.example) } }, "Insert the example") : null),
    ].filter(Boolean);
  }

  _insert(template) {
    if (this.docs.current === null) return;
    const { view } = this.code;
    const { from, to } = view.state.selection.main;
    snippet(template)(view, null, from, to);
    view.focus();
  }

  /** An example is one or more whole items: it goes below the item at the cursor, on lines of its own. */
  _insertExample(example) {
    if (this.docs.current === null) return;
    const { view } = this.code;
    const line = endOfItem(view.state.doc, this.code.at);
    const insert = `${line.text.trim() ? "\n\n" : ""}${example.trim()}${line.to === view.state.doc.length ? "\n" : ""}`;
    view.dispatch({ changes: { from: line.to, insert }, selection: { anchor: line.to + insert.length }, userEvent: "input.paste", scrollIntoView: true });
    view.focus();
  }
}

/** The last line of the item at a place: behind it comes a blank line and then something in the first column. */
function endOfItem(doc, at) {
  let last = doc.lineAt(at);
  for (let number = last.number + 1; number <= doc.lines; number += 1) {
    const line = doc.line(number);
    const blank = doc.line(number - 1).text.trim() === "";
    if (blank && /^\S/.test(line.text)) break;
    if (line.text.trim()) last = line;
  }
  return last;
}
