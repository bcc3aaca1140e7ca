// Records as a table that can be edited, or as JSON; the values are those of the JSON in both.
import { h } from "./dom.js";
import { plain } from "./timeline.js";

/** An editable list of objects. `columns(rows)` names the columns, `fresh(rows)` makes a new row, `picks`: rows can be left out. */
export class Table {
  constructor({ id, label, columns, fresh, changed, picks = true }) {
    Object.assign(this, { id, label, columns, fresh, changed, picks });
    this.rows = [];
    this.left = new Set();
    this._json = false;
    this._box = h("div", {});
    this._problem = h("p", { className: "error", role: "alert", hidden: true });
    this._switch = h("button", { className: "plain small", on: { click: () => this._toggle() } }, "Edit as JSON");
    this.element = h("div", { className: "samples" }, this._box, this._problem, h("div", { className: "buttons" },
      h("button", { className: "plain small", on: { click: () => this._add() } }, `Add ${label}`), this._switch));
  }

  /** Show rows. */
  set(rows) {
    this.rows = rows;
    this.left.clear();
    this._draw();
  }

  /** Draw anew if there are other columns now; not under the hands of somebody who edits a value. */
  refresh() {
    if (this._json || String(this.columns(this.rows)) === this._shown || this.element.contains(document.activeElement)) return;
    this._draw();
  }

  /** The rows that are chosen. */
  get chosen() {
    return this.rows.filter((_, number) => !this.left.has(number));
  }

  _add() {
    this.rows.push(this.fresh(this.rows));
    this._draw();
    this._box.querySelector("tbody tr:last-child input[type=text]")?.focus();
    this.changed();
  }

  _toggle() {
    this._json = !this._json;
    this._switch.textContent = this._json ? "Edit as a table" : "Edit as JSON";
    this._draw();
  }

  _draw() {
    this._problem.hidden = true;
    this._box.replaceChildren(this._json ? this._text() : this._table());
  }

  _text() {
    const area = h("textarea", { rows: 12, spellcheck: false, value: JSON.stringify(this.rows, null, 2), aria: { label: `${this.label}s as JSON` } });
    area.addEventListener("input", () => this._read(area.value));
    return area;
  }

  _read(text) {
    try {
      const rows = JSON.parse(text);
      if (!Array.isArray(rows) || rows.some((row) => row === null || typeof row !== "object" || Array.isArray(row))) throw new Error("a list of objects is needed");
      this.rows = rows;
      this.left.clear();
      this._problem.hidden = true;
      this.changed();
    } catch (error) {
      this._problem.textContent = `This is not JSON of a list: ${error.message}`;
      this._problem.hidden = false;
    }
  }

  _table() {
    if (!this.rows.length) return h("p", { className: "empty" }, `No ${this.label} yet.`);
    const columns = this.columns(this.rows);
    this._shown = String(columns);
    const head = h("tr", {}, this.picks ? h("th", {}, h("span", { className: "hidden" }, "Use")) : null, columns.map((name) => h("th", {}, name)), h("th", {}, h("span", { className: "hidden" }, "Remove")));
    const table = h("table", {}, h("thead", {}, head), h("tbody", {}, this.rows.map((row, number) => this._row(row, number, columns))));
    return h("div", { className: "wide", tabIndex: 0, role: "region", aria: { label: `${this.label}s` } }, table);
  }

  _row(row, number, columns) {
    const name = row.id ?? row.type ?? number + 1;
    const pick = h("input", { type: "checkbox", checked: !this.left.has(number), aria: { label: `Use ${name}` } });
    pick.addEventListener("change", () => {
      if (pick.checked) this.left.delete(number);
      else this.left.add(number);
      this.changed();
    });
    const away = h("button", { className: "plain small", aria: { label: `Remove ${name}` }, on: { click: () => this._remove(number) } }, "×");
    return h("tr", {}, this.picks ? h("td", {}, pick) : null, columns.map((column) => h("td", {}, this._cell(row, column, name))), h("td", {}, away));
  }

  _cell(row, column, name) {
    const value = row[column];
    const text = value === undefined ? "" : typeof value === "object" && value !== null ? JSON.stringify(value) : value === null ? "" : String(value);
    const input = h("input", { type: "text", value: text, size: Math.min(Math.max(plain(text).length, column.length, 4), 24), spellcheck: false, autocomplete: "off", aria: { label: `${column} of ${name}` } });
    input.addEventListener("change", () => {
      const read = valueOf(input.value, value);
      if (read === undefined) delete row[column];
      else row[column] = read;
      this.changed();
    });
    return input;
  }

  _remove(number) {
    this.rows.splice(number, 1);
    this.left = new Set([...this.left].filter((n) => n !== number).map((n) => (n > number ? n - 1 : n)));
    this._draw();
    this.changed();
  }
}

/** What was written in a cell: JSON where it is a number, a truth value, a list or an object, else text; nothing for "". */
function valueOf(text, before) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (typeof before === "string" && !/^[[{]/.test(trimmed)) return trimmed;
  try {
    const value = JSON.parse(trimmed);
    return typeof value === "string" ? trimmed : value;
  } catch {
    return { yes: true, no: false }[trimmed] ?? trimmed;
  }
}
