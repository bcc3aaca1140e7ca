// What the language says of the text as it is typed: mistakes with their fixes, suggestions, explanations.
import { snippet } from "../vendor/codemirror.js";
import { Unreachable, post } from "./api.js";
import { askText } from "./dialog.js";
import { counted, debounced, h, latest } from "./dom.js";
import { inline, markdown } from "./markdown.js";

const PAUSE = 200;
const SHOWN = 50;
const SEVERITIES = { error: "error", warning: "warning", hint: "hint" };

/** Watches the open file. `places`: the elements for the list of mistakes and their number. */
export class Checking extends EventTarget {
  diagnostics = [];
  elsewhere = [];
  /** The fields that the rules of the open file read, by kind of record. */
  fields = {};

  constructor(docs, code, places) {
    super();
    this.docs = docs;
    this.code = code;
    this.places = places;
    this.soon = debounced(() => this.now(), PAUSE);
    this._ask = latest((signal, path, body) => post(path, body, signal));
  }

  /** The body of a question about the open file. */
  question(more = {}) {
    const doc = this.docs.current;
    return { path: doc.path, text: this.code.text, others: this.docs.others(doc), ...more };
  }

  /** Check the open file at once. */
  async now() {
    this.soon.cancel();
    const doc = this.docs.current;
    if (doc === null) return this._show([], []);
    const body = this.question();
    try {
      const found = await this._ask("check", body);
      if (found === undefined || this.docs.current !== doc || this.code.text !== body.text) return;
      // A text with mistakes may have lost rules, not what its author wants to try out.
      if (!found.diagnostics.some(({ severity }) => severity === "error")) this.fields = found.fields;
      this._show(found.diagnostics, found.elsewhere);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  }

  get errors() {
    return this.diagnostics.filter((found) => found.severity === "error").length;
  }

  _show(diagnostics, elsewhere) {
    this.diagnostics = diagnostics;
    this.elsewhere = elsewhere;
    this.code.diagnose(diagnostics.map((found) => this._forEditor(found)));
    this.places.problems.replaceChildren(...this._list());
    const hidden = diagnostics.length + elsewhere.length === 0;
    if (hidden !== this.places.problems.hidden) {
      this.places.problems.hidden = hidden;
      this.code.showCursor(); // The list takes room from the text.
    }
    const others = diagnostics.length - this.errors;
    this.places.count.textContent = [
      this.errors ? counted(this.errors, "mistake") : "No mistakes",
      others ? counted(others, "hint") : "",
    ].filter(Boolean).join(", ");
    this.places.count.classList.toggle("bad", this.errors > 0);
    this.dispatchEvent(new Event("checked"));
  }

  _forEditor(found) {
    const size = this.code.view.state.doc.length;
    return {
      from: Math.min(found.from, size),
      to: Math.min(found.to, size),
      severity: SEVERITIES[found.severity] ?? "info",
      message: `${found.message}${found.help ? `; ${found.help}` : ""}`,
      renderMessage: () => h("div", { className: "mistake" }, this._sentences(found)),
      actions: found.fixes.map((fix) => ({ name: titleOf(fix), apply: () => this._fix(fix) })),
    };
  }

  _sentences(found) {
    return [
      h("p", { className: "message" }, inline(found.message), h("span", { className: "code" }, found.code)),
      found.help ? h("p", { className: "help" }, inline(found.help)) : null,
    ];
  }

  _fix(fix) {
    this.code.edit(fix.edits);
    this.code.view.focus();
    this.now();
  }

  _list() {
    const own = this.diagnostics.slice(0, SHOWN).map((found) => this._row(found, false));
    const others = this.elsewhere.map((found) => this._row(found, true));
    const more = this.diagnostics.length - SHOWN;
    return [h("ul", {}, own, others), more > 0 ? h("p", { className: "muted" }, `And ${more} more.`) : null].filter(Boolean);
  }

  _row(found, away) {
    const where = away ? `${found.path}:${found.line}` : `Line ${found.line}`;
    const go = () => (away ? this.goTo(found) : this.code.select(found.from, found.to));
    return h("li", { className: found.severity },
      h("button", { className: "link where", on: { click: go } }, where),
      h("div", {}, this._sentences(found)),
      h("div", { className: "buttons" }, away ? null : found.fixes.map((fix) =>
        h("button", { className: "small", on: { click: () => this._fix(fix) } }, titleOf(fix)))));
  }

  /** Show a place of any file. */
  async goTo(place, focus = true) {
    if (this.docs.current?.path !== place.path) await this.docs.show(place.path);
    this.code.select(place.from, place.to, focus);
  }

  // --- suggestions -----------------------------------------------------------------------------------

  /** For CodeMirror: what could be typed here. */
  async complete(context) {
    const typed = context.matchBefore(/"[^"\n]*|[A-Za-z_][\w.]*/);
    if (!context.explicit && typed === null) return null;
    const abort = new AbortController();
    context.addEventListener("abort", () => abort.abort());
    const answer = await this._quietly(post("complete", this.question({ at: context.pos }), abort.signal));
    if (!answer?.items.length) return null;
    const { from, items } = answer;
    return { from, to: context.pos, options: items.map(option), validFor: /^"?[\w.]*$/ };
  }

  // --- explanations ----------------------------------------------------------------------------------

  /** For CodeMirror: what is to be said about a place; null for nothing. */
  async hover(at) {
    if (this.docs.current === null) return null;
    const found = await this._quietly(post("hover", this.question({ at })));
    if (!found?.text) return null;
    return { from: found.from, to: found.to, dom: h("div", { className: "explanation" }, markdown(found.text)) };
  }

  /** Go to where the name at the cursor is declared. */
  async define() {
    const found = await this._quietly(post("definition", this.question({ at: this.code.at })));
    if (found?.place) await this.goTo(found.place);
  }

  /** Give the rule or field at the cursor another name, everywhere. Throws a Refusal where that cannot be. */
  async rename() {
    const place = this.question({ at: this.code.at });
    const { state } = this.code.view;
    const word = state.wordAt(place.at);
    if (word === null) return;
    const name = await askText({
      title: "Rename everywhere", label: "New name", value: state.sliceDoc(word.from, word.to), pattern: ".+", button: "Rename",
      hint: "Of a rule or a field of your own, in all files. The files change as drafts: go live with them together.",
    });
    if (name === null) return;
    const { edits } = await post("rename", { ...place, name });
    await this.docs.edit(edits);
    return Object.keys(edits).length;
  }

  /** Put the text into the one style. */
  async format() {
    const body = this.question();
    const found = await post("format", body);
    if (found.changed && this.code.text === body.text) this.code.replace(found.text, true);
    return found.changed;
  }

  async _quietly(work) {
    try {
      return await work;
    } catch {
      return null; // No answer now: the editor goes on without.
    }
  }
}

function option(item, number) {
  return {
    label: item.snippet ? item.label : item.insert,
    displayLabel: item.label,
    detail: item.detail,
    type: item.kind,
    boost: 50 - 20 * item.rank - Math.min(number, 20) / 10,
    apply: item.snippet ? snippet(item.insert) : item.insert,
    info: item.documentation ? () => markdown(item.documentation) : undefined,
  };
}

/** What a button says: a title is a part of a sentence, with code in backquotes. */
function titleOf(fix) {
  const plain = fix.title.replaceAll("`", "");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
