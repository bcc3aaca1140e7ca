// From a draft to what is in force: the difference, the plan, the question, and what to do when somebody was faster.
import { EditorState, EditorView, MergeView, lineNumbers, unifiedMergeView } from "../vendor/codemirror.js";
import { Refusal, Unreachable, post } from "./api.js";
import { ask, tell } from "./dialog.js";
import { counted, h } from "./dom.js";
import { colours, rules } from "./language.js";
import { tried } from "./verdict.js";

/** Kinds of files that a deploy takes; the others are in force as they are kept. */
const TOGETHER = new Set(["rules", "schema", "template"]);
const CHANGES = { added: "new", changed: "changed", removed: "removed" };

/** Asks before a text goes live, and merges texts. */
export class Deploy {
  constructor(docs, code, checking, nonce, said) {
    Object.assign(this, { docs, code, checking, nonce, said });
  }

  _extensions(doc, label, more = []) {
    const language = ["rules", "schema", "test"].includes(doc.kind) ? rules : [];
    return [
      EditorView.cspNonce.of(this.nonce), lineNumbers(), EditorView.lineWrapping, language, colours, ...more,
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
    ];
  }

  /** The text in force with the changes of this one, in one column. */
  _difference(doc) {
    const parent = h("div", { className: "diff" });
    const readOnly = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const merge = unifiedMergeView({ original: doc.live.text, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } });
    const view = new EditorView({ parent, doc: doc.text, extensions: this._extensions(doc, `Changes of ${doc.path}`, [...readOnly, merge]) });
    return { parent, view };
  }

  /** Show what differs from the text in force. */
  async compare() {
    const doc = this.docs.current;
    if (doc === null) return;
    if (!doc.changed) return tell("No difference", "The text is the one in force.");
    const { parent, view } = this._difference(doc);
    await ask({ title: `${doc.path}: in force and here`, body: parent, wide: true, buttons: [["ok", "Close"]] });
    view.destroy();
  }

  // --- going live ------------------------------------------------------------------------------------

  /** Show the plan, ask, and put the text in force. */
  async goLive() {
    const doc = this.docs.current;
    if (doc === null || !doc.changed) return;
    try {
      if (doc.rival !== null) return await this.mergeDrafts();
      if (doc.stale && doc.live.version) return await this.mergeCurrent();
      const others = await this._others(doc);
      if (others === null) return;
      const texts = Object.fromEntries(others.map((other) => [other.path, other.text]));
      const plan = await post("plan-deploy", { path: doc.path, text: doc.text, others: texts });
      const runs = await this._confirmed(doc, plan, { ...texts, [doc.path]: doc.text });
      if (runs !== null) await this._put([doc, ...others], plan.token, runs);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      await tell("That did not work", error.message);
    }
  }

  /** Which other files go live in the same moment: none, or all that are changed; null when it is not to be. */
  async _others(doc) {
    const others = [...this.docs.open.values()].filter((other) => other !== doc && other.changed && !other.stale && TOGETHER.has(other.kind));
    if (!TOGETHER.has(doc.kind) || !others.length) return [];
    const answer = await ask({
      title: "What goes live?",
      body: [h("p", {}, "Other open files are changed too. What belongs together goes live in one moment, or not at all."), h("ul", {}, others.map((other) => h("li", {}, other.path)))],
      buttons: [["one", `Only ${doc.path}`], ["all", `All ${others.length + 1} files`], ["", "Not yet", "plain"]],
    });
    return answer === "" ? null : answer === "all" ? others : [];
  }

  /** What is to become of runs, by rule, where it is not that they finish; null when it is not to go live. */
  async _confirmed(doc, plan, texts) {
    const errors = plan.diagnostics;
    const { parent, view } = this._difference(doc);
    const choices = new Map();
    const more = plan.files.filter((file) => file.path !== doc.path).flatMap((file) => [h("h3", {}, file.path), h("pre", { tabIndex: 0, aria: { label: `Changes of ${file.path}` } }, file.diff)]);
    const tests = plan.deployable ? tried(texts) : null;
    const body = [this._rules(plan.rules, choices), errors.length ? this._mistakes(errors) : null, tests?.element, h("h3", {}, doc.path), parent, ...more].filter(Boolean);
    const buttons = plan.deployable ? [["ok", "Go live"], ["", "Not yet", "plain"]] : [["", "Close", "plain"]];
    const answer = await ask({ title: "Go live with this?", body, buttons, wide: true });
    tests?.stop();
    view.destroy();
    if (answer !== "ok") return null;
    return Object.fromEntries([...choices].map(([rule, choice]) => [rule, choice.value]).filter(([, value]) => value !== "finish"));
  }

  _rules(changes, choices) {
    if (!changes.length) return h("p", {}, "No rule changes.");
    const row = (each) => h("tr", {},
      h("td", {}, h("strong", {}, each.rule), " ", h("span", { className: `state ${each.state}` }, each.change === "removed" ? "removed" : each.state), h("br"), h("span", { className: "muted" }, each.file)),
      h("td", {}, CHANGES[each.change] ?? each.change, this._details(each.changes ?? [])),
      h("td", {}, this._runs(each, choices)));
    const head = ["Rule", "Change", "Runs under way"].map((name) => h("th", {}, name));
    return h("table", { className: "plan" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, changes.map(row)));
  }

  /** What is different, part by part; parts of a new rule need no list. */
  _details(changes) {
    const said = ({ part, before, after }) => [h("span", { className: "muted" }, `${part} `),
      before ? h("del", {}, before) : null, before && after ? " → " : null, after ? h("ins", {}, after) : null];
    return changes.length ? h("ul", { className: "changes" }, changes.map((change) => h("li", {}, said(change)))) : null;
  }

  _runs(change, choices) {
    if (!change.runs) return "none";
    if (!change.choices?.length) return `${counted(change.runs, "run")}: the version they began with`;
    const labels = { finish: "go on with their version", move: `move to the new one (${change.movable} can)`, end: "end here" };
    const choice = h("select", { aria: { label: `Runs of ${change.rule}` } }, change.choices.map((value) => h("option", { value, selected: value === "finish" }, labels[value] ?? value)));
    choices.set(change.rule, choice);
    return [`${counted(change.runs, "run")}: `, choice];
  }

  _mistakes(errors) {
    return h("div", {}, h("p", { className: "error" }, `${counted(errors.length, "mistake")} to mend first:`),
      h("ul", {}, errors.slice(0, 10).map((d) => h("li", {}, `${d.path}:${d.line} ${d.message}`))));
  }

  async _put(docs, token, runs) {
    const [doc] = docs;
    try {
      if (docs.length > 1 || Object.keys(runs).length) await this.docs.goLiveWith(docs, (files) => post("/v1/deploy", { files, token, runs }));
      else await this.docs.goLive(doc);
      this.said(docs.length > 1 ? `${docs.length} files are in force.` : `${doc.path} is in force.`);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 409) throw error;
      if ("current_version" in error.problem) return this.merge(doc, error.problem);
      await this.docs.refresh();
      return this.goLive(); // Something else has changed: there is a new plan to look at.
    }
  }

  // --- somebody was faster ---------------------------------------------------------------------------

  /** The open file was changed by somebody else: show both texts, and let the author make one of them. */
  async mergeCurrent() {
    const doc = this.docs.current;
    if (doc) await this.merge(doc, { current_version: doc.live.version, current_text: doc.live.text });
  }

  async merge(doc, { current_version: version, current_text: theirs }) {
    const said = theirs === null
      ? "This file was removed. Keep yours to make it anew."
      : "Somebody else has changed this file since you began. The arrows take their changes over; you can also edit the right side.";
    const merged = await this._sideBySide(doc, theirs ?? "", "In force now", "Take theirs", said);
    if (merged === null) return;
    doc.live = { text: theirs ?? "", version };
    await this._keep(doc, merged, version);
    this.said(merged === theirs ? "Their text is here now." : "Merged. Look at it, then go live.");
  }

  /** The same author has a draft from another browser: show both, likewise. */
  async mergeDrafts() {
    const doc = this.docs.current;
    const said = "Since you wrote this, a draft of the same file was saved from another browser. The arrows take its changes over; you can also edit the right side.";
    const merged = await this._sideBySide(doc, doc.rival, "The other draft", "Take the other", said);
    if (merged === null) return;
    doc.rival = null;
    await this._keep(doc, merged, doc.base);
  }

  async _keep(doc, text, version) {
    this.docs.replace(doc, text, version);
    await (doc.changed ? this.docs.save(doc) : this.docs.forget(doc));
  }

  /** What the author makes of two texts; null when it is left for later. */
  async _sideBySide(doc, theirs, label, take, said) {
    const parent = h("div", { className: "diff" });
    const fixed = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const view = new MergeView({
      parent,
      a: { doc: theirs, extensions: this._extensions(doc, label, fixed) },
      b: { doc: doc.text, extensions: this._extensions(doc, "Yours, to be edited") },
      revertControls: "a-to-b",
      renderRevertControl: () => h("button", { className: "revert", type: "button", title: "Take this", aria: { label: "Take this change" } }, "→"),
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    const heads = h("div", { className: "sides", aria: { hidden: "true" } }, h("strong", {}, label), h("strong", {}, "Yours"));
    const buttons = [["mine", "Keep the right side"], ["theirs", take, "plain"], ["", "Later", "plain"]];
    const answer = await ask({ title: `${doc.path}: two versions`, body: [h("p", {}, said), heads, parent], buttons, wide: true });
    const merged = answer === "theirs" ? theirs : view.b.state.doc.toString();
    view.destroy();
    return answer === "" ? null : merged;
  }
}
