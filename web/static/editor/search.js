// Search over all files as they are in force.
import { post } from "./api.js";
import { byId, counted, debounced, h, latest } from "./dom.js";

/** The panel of the search. */
export class Search {
  constructor(checking) {
    this.checking = checking;
    this._ask = latest((signal, query) => post("search", { query }, signal));
    this._input = h("input", { id: "search-text", type: "search", placeholder: "Text in all files", autocomplete: "off", spellcheck: false });
    this._said = h("p", { className: "muted", role: "status" });
    this._found = h("div", {});
    this._input.addEventListener("input", debounced(() => this.now(), 200));
    byId("search").replaceChildren(h("label", { htmlFor: "search-text", className: "hidden" }, "Search all files"), this._input, this._said, this._found);
  }

  focus() {
    this._input.focus();
    this._input.select();
  }

  async now() {
    const query = this._input.value;
    if (query.trim() === "") return this._show("", new Map());
    const answer = await this._ask(query).catch((error) => ({ problem: error.message, matches: [] }));
    if (answer === undefined) return;
    const files = Map.groupBy(answer.matches, (match) => match.path);
    const said = answer.problem ?? (answer.matches.length ? `${counted(answer.matches.length, "place")} in ${counted(files.size, "file")}` : "Nothing found.");
    this._show(answer.truncated ? `${said}; there are more` : said, files);
  }

  _show(said, files) {
    this._said.textContent = said;
    this._found.replaceChildren(...[...files].map(([path, matches]) =>
      h("section", { aria: { label: path } }, h("h2", {}, path), h("ul", { className: "tree" }, matches.map((match) => this._match(match))))));
  }

  _match(match) {
    const at = match.column - 1;
    const text = match.text;
    const size = match.to - match.from;
    return h("li", {}, h("button", { className: "symbol", on: { click: () => this.checking.goTo(match) } },
      h("span", { className: "muted" }, `${match.line} `), text.slice(0, at).trimStart().slice(-30), h("mark", {}, text.slice(at, at + size)), text.slice(at + size, at + 80)));
  }
}
