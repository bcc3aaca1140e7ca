// The tests of the workspace, run with the texts as they are being edited.
import { Refusal, Unreachable, post } from "./api.js";
import { byId, counted, h, latest } from "./dom.js";
import { coverageText, marksOf } from "./marks.js";

/** The panel of tests. */
export class Tests {
  constructor(docs, code, checking) {
    Object.assign(this, { docs, code, checking });
    this._ask = latest((signal, body) => post("test", body, signal));
    this._said = h("p", { className: "said", role: "status" });
    this._list = h("div", {});
    this._own = h("button", { className: "plain", on: { click: () => this.start(true) } }, "Run this file's");
    byId("tests").replaceChildren(
      h("div", { className: "runbar" }, h("button", { on: { click: () => this.start(false) } }, "Run all tests"), this._own), this._said, this._list);
    docs.addEventListener("open", () => this._opened());
    this._list.append(h("p", { className: "empty" }, "Tests are text too, in files that end in .test.rules: given contacts, when events, expect what happens."));
  }

  _opened() {
    this._own.hidden = this.docs.current?.kind !== "test";
  }

  /** Run all tests, or those of the open file. */
  async start(own) {
    const { current } = this.docs;
    const others = current === null ? {} : this.docs.others(current);
    const body = own ? { path: current.path, text: current.text, others } : { others: current?.changed ? { ...others, [current.path]: current.text } : others };
    this._say("Running…");
    try {
      const found = await this._ask(body);
      if (found !== undefined) this._show(found);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      this._say(error.message, true);
    }
  }

  _say(text, bad = false) {
    this._said.textContent = text;
    this._said.classList.toggle("error", bad);
  }

  _show(found) {
    const all = found.passed + found.failed;
    const told = found.failed ? `${counted(found.failed, "test")} of ${all} failed` : `${counted(all, "test")} passed`;
    this._say(`${told}; covered: ${coverageText(found.coverage)}.${found.truncated ? ` Cut short: ${found.truncated}.` : ""}`, found.failed > 0);
    const files = Map.groupBy(found.tests, (test) => test.path);
    const unread = found.diagnostics.map((d) => h("p", { className: "error" }, `${d.path}:${d.line} ${d.message}`));
    this._list.replaceChildren(...unread, ...[...files].map(([path, tests]) =>
      h("section", { aria: { label: path } }, h("h2", {}, path), h("ul", { className: "checks" }, this._sorted(tests).map((test) => this._test(test))))));
    if (this.docs.current?.kind === "rules") {
      this.code.mark(marksOf(found.coverage, this.docs.current.path, (at) => this.code.lineOf(at)));
    }
  }

  _sorted(tests) {
    return [...tests].sort((a, b) => a.passed - b.passed);
  }

  _test(test) {
    const open = h("button", { className: "link", on: { click: () => this._goTo(test) } }, test.name);
    const sign = h("span", { className: `state ${test.passed ? "completed" : "failed"}` }, test.passed ? "passed" : "failed");
    if (test.passed) return h("li", {}, sign, open);
    return h("li", { className: "failed" }, sign, open,
      h("p", { className: "error" }, test.message, test.found ? `: ${test.found}` : ""),
      test.timeline.length ? h("pre", { tabIndex: 0, aria: { label: `What happened in ${test.name}` } }, test.timeline.join("\n")) : null);
  }

  async _goTo(test) {
    if (test.source) return this.checking.goTo(test.source);
    if (this.docs.current?.path !== test.path) await this.docs.show(test.path);
    const { doc } = this.code.view.state;
    this.code.select(doc.line(Math.min(test.line, doc.lines)).from);
  }
}
