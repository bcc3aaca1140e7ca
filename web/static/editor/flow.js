// The picture of a rule beside its text, drawn by the server: a step leads to its place, the cursor to its step.
import { Refusal, Unreachable, get, post } from "./api.js";
import { byId, debounced, h, latest } from "./dom.js";
import { clock } from "./timeline.js";

const RUNS = 25;
const SIMULATED = "simulated";
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
    this._run = h("select", { id: "flow-run" });
    this._run.addEventListener("change", () => this._show());
    this._full = h("input", { type: "checkbox", id: "flow-full" });
    this._full.addEventListener("change", () => this._box.classList.toggle("full", this._full.checked));
    this._way = h("p", { className: "muted", role: "status" });
    this._box = h("div", { className: "picture", tabIndex: 0, role: "region", aria: { label: "Picture of the rule" } });
    this._choice.addEventListener("change", () => this._choose(this._choice.value));
    byId("flow").replaceChildren(
      h("div", { className: "choices" }, h("label", { htmlFor: "flow-rule" }, "Rule"), this._choice, h("label", { htmlFor: "flow-run" }, "Way of"), this._run, h("label", { className: "check" }, this._full, "full size")),
      this._way, this._box);
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
    this._run.replaceChildren();
    this._way.textContent = "";
    this._box.replaceChildren(h("p", { className: "empty" }, said));
  }

  _atCursor() {
    const line = this.code.lineOf(this.code.at);
    return this._rules.filter((rule) => rule.line <= line).at(-1);
  }

  async _choose(name, simulated = false) {
    const before = name === this._rule && !simulated ? this._run.value : "";
    this._rule = name;
    this._choice.value = name;
    await this._offerRuns(name);
    const offered = [...this._run.options].map((option) => option.value);
    this._run.value = [before, SIMULATED].find((value) => value && offered.includes(value)) ?? "";
    await this._show();
  }

  /** The runs whose way can be shown: the simulated one, and the latest that really happened. */
  async _offerRuns(name) {
    const { run } = this.simulate;
    const runs = await this._latestRuns(name);
    if (this._rule !== name) return;
    const simulated = run?.rule === name ? [h("option", { value: SIMULATED }, `simulated: ${run.subject.kind} ${run.subject.id}, ${run.status}`)] : [];
    const real = runs.map((each) => h("option", { value: each.id }, `${each.subject.kind} ${each.subject.id}, ${each.status}, began ${clock(each.started_at)} UTC`));
    this._run.replaceChildren(h("option", { value: "" }, "no run"), ...simulated, ...real);
  }

  async _latestRuns(name) {
    const answer = await get(`/v1/runs?rule=${encodeURIComponent(name)}&limit=${RUNS}`).catch(() => null);
    return answer?.items ?? []; // Whoever may not read runs is offered none.
  }

  /** Draw the rule that is chosen, with the way of the run that is chosen. */
  async _show() {
    const { value } = this._run;
    const rule = this._rules.find((each) => each.rule === this._rule);
    const marked = value === SIMULATED ? await this._asked(this._simulatedWay()) : value ? await this._asked({ run: value }) : rule;
    if (value !== this._run.value || rule === undefined) return;
    this._way.textContent = marked === undefined ? "Its way cannot be shown." : marked.current ? "" : "This is the version that the run began with; the text is another now.";
    this._draw((marked ?? rule).svg);
  }

  _simulatedWay() {
    const { run, result } = this.simulate;
    const taken = result.timeline.filter((entry) => entry.run === run.id).map(({ kind, step }) => ({ kind, step: step ?? "" }));
    return { rule: run.rule, taken, over: OVER.has(run.status) };
  }

  async _asked(way) {
    return (await this._ask(this.checking.question(way)).catch(() => undefined))?.rules[0];
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
    const name = this.simulate.run?.rule;
    if (this.shown && this._rules.some((rule) => rule.rule === name)) this._choose(name, true);
  }
}
