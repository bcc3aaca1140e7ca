// The picture of a rule beside its text, drawn by the server: a step leads to its place, the cursor to its step.
import { Refusal, Unreachable, post } from "./api.js";
import { byId, debounced, h, latest } from "./dom.js";

const OVER = new Set(["completed", "exited", "failed", "cancelled"]);

/** The panel of the picture. */
export class Flow {
  constructor(docs, code, checking, simulate) {
    Object.assign(this, { docs, code, checking, simulate });
    this.shown = false;
    this._rules = [];
    this._rule = "";
    this._ask = latest((signal, body) => post("flow", body, signal));
    this.soon = debounced(() => this.now(), 300);
    this._choice = h("select", { id: "flow-rule" });
    this._way = h("p", { className: "muted", role: "status" });
    this._box = h("div", { className: "picture", tabIndex: 0, role: "region", aria: { label: "Picture of the rule" } });
    this._choice.addEventListener("change", () => this._choose(this._choice.value));
    byId("flow").replaceChildren(h("div", { className: "runbar" }, h("label", { htmlFor: "flow-rule" }, "Rule"), this._choice), this._way, this._box);
    simulate.addEventListener("simulated", () => this._simulated());
  }

  /** The panel came into view, or went out of it. */
  show(shown) {
    this.shown = shown;
    if (shown) this.now();
  }

  /** Draw the rules of the open file. */
  async now() {
    this.soon.cancel();
    const doc = this.docs.current;
    if (!this.shown) return;
    if (doc === null || doc.kind !== "rules") return this._empty("A picture is drawn of each rule of a file.");
    const body = this.checking.question();
    try {
      const found = await this._ask(body);
      if (found === undefined || this.code.text !== body.text) return;
      this._rules = found.rules;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      return this._empty(error.message);
    }
    if (!this._rules.length) return this._empty("No rule without mistakes yet.");
    this._choice.replaceChildren(...this._rules.map((rule) => h("option", { value: rule.rule }, rule.rule)));
    await this._choose(this._atCursor()?.rule ?? this._rules[0].rule);
  }

  _empty(said) {
    this._rules = [];
    this._choice.replaceChildren();
    this._way.textContent = "";
    this._box.replaceChildren(h("p", { className: "empty" }, said));
  }

  _atCursor() {
    const line = this.code.lineOf(this.code.at);
    return this._rules.filter((rule) => rule.line <= line).at(-1);
  }

  async _choose(name) {
    this._rule = name;
    this._choice.value = name;
    const run = this.simulate.run;
    const marked = run?.rule === name ? await this._marked(run) : undefined;
    this._way.textContent = marked ? `The way of the simulated run for ${run.subject.kind} ${run.subject.id}, ${run.status}.` : "";
    this._draw((marked ?? this._rules.find((rule) => rule.rule === name)).svg);
  }

  /** The picture with the way of a simulated run; nothing when there is none of this text. */
  async _marked(run) {
    const { runs, timeline } = this.simulate.result;
    // Branches side by side are walked by runs of their own.
    const own = new Set([run.id]);
    for (const each of runs) if (own.has(each.branch_of)) own.add(each.id);
    const taken = timeline.filter((entry) => own.has(entry.run)).map(({ kind, step, run: id }) => ({ kind, step: step ?? "", run: id }));
    const body = this.checking.question({ rule: run.rule, taken, over: OVER.has(run.status) });
    return (await this._ask(body).catch(() => undefined))?.rules[0];
  }

  _draw(text) {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const picture = document.importNode(parsed, true);
    picture.addEventListener("click", (event) => this._go(event.target));
    picture.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this._go(event.target, true);
    });
    this._box.replaceChildren(picture);
    this.pointAt(this.code.at);
  }

  _go(target, enter = false) {
    const node = target.closest("[data-from]");
    if (node === null) return;
    const range = { from: Number(node.dataset.from), to: Number(node.dataset.to) };
    this.code.point(range);
    if (enter) this.code.select(range.from);
  }

  /** Mark the step at a place of the text. */
  pointAt(at) {
    if (!this.shown) return;
    const rule = this._atCursor();
    if (rule && rule.rule !== this._rule) return void this._choose(rule.rule);
    const nodes = [...this._box.querySelectorAll("[data-from]")];
    const size = (node) => node.dataset.to - node.dataset.from;
    const [here] = nodes.filter((node) => node.dataset.from <= at && at <= node.dataset.to).sort((a, b) => size(a) - size(b));
    for (const node of nodes) node.classList.toggle("here", node === here);
  }

  _simulated() {
    if (this.shown) this._choose(this._rules.some((rule) => rule.rule === this.simulate.run?.rule) ? this.simulate.run.rule : this._rule);
  }
}
