// The outline of the open file, and its lines that can be folded.
import { post } from "./api.js";
import { byId, debounced, h, latest } from "./dom.js";

/** The panel of the outline. */
export class Outline {
  constructor(docs, code, checking) {
    this.docs = docs;
    this.code = code;
    this.checking = checking;
    this._ask = latest((signal, body) => post("symbols", body, signal));
    this.soon = debounced(() => this.now(), 300);
  }

  async now() {
    const doc = this.docs.current;
    const panel = byId("outline");
    if (doc === null || !["rules", "schema", "test"].includes(doc.kind)) {
      return panel.replaceChildren(h("p", { className: "empty" }, "An outline is shown for files of rules."));
    }
    const body = this.checking.question();
    const found = await this._ask(body).catch(() => undefined);
    if (found === undefined || this.code.text !== body.text) return;
    this.code.fold(new Map(found.folding.map((fold) => [fold.first, fold.last])));
    panel.replaceChildren(found.symbols.length ? this._list(found.symbols) : h("p", { className: "empty" }, "Nothing here yet."));
  }

  _list(symbols) {
    return h("ul", { className: "tree" }, symbols.map((symbol) => h("li", {},
      h("button", { className: `symbol ${symbol.kind}`, on: { click: () => this.code.select(symbol.selection.from, symbol.selection.to) } }, symbol.name),
      symbol.children.length ? this._list(symbol.children) : null)));
  }
}
