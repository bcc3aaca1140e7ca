// From a draft to what is in force: the difference, the plan, the question, and what to do when somebody was faster.
import { EditorState, EditorView, MergeView, lineNumbers, unifiedMergeView } from "../vendor/codemirror.js";
import { Refusal, Unreachable, post } from "./api.js";
import { ask, tell } from "./dialog.js";
import { counted, h } from "./dom.js";
import { colours, rules } from "./language.js";

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
      const plan = await post("plan-deploy", { path: doc.path, text: doc.text });
      if (await this._confirmed(doc, plan)) await this._put(doc);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      await tell("That did not work", error.message);
    }
  }

  async _confirmed(doc, plan) {
    const errors = plan.diagnostics;
    const { parent, view } = this._difference(doc);
    const body = [this._rules(plan.rules), errors.length ? this._mistakes(errors) : null, h("h3", {}, doc.path), parent].filter(Boolean);
    const buttons = errors.length ? [["", "Close", "plain"]] : [["ok", "Go live"], ["", "Not yet", "plain"]];
    const answer = await ask({ title: "Go live with this?", body, buttons, wide: true });
    view.destroy();
    return answer === "ok";
  }

  _rules(changes) {
    if (!changes.length) return h("p", {}, "No rule changes.");
    const row = (each) => h("tr", {},
      h("td", {}, h("strong", {}, each.rule), h("br"), h("span", { className: "muted" }, each.file)), h("td", {}, CHANGES[each.change] ?? each.change),
      h("td", {}, h("span", { className: `state ${each.state}` }, each.change === "removed" ? "removed" : each.state)),
      h("td", {}, each.runs ? `${counted(each.runs, "run")} ${each.runs === 1 ? "keeps its" : "keep their"} version` : "none"));
    const head = ["Rule", "Change", "State", "Runs under way"].map((name) => h("th", {}, name));
    return h("table", { className: "plan" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, changes.map(row)));
  }

  _mistakes(errors) {
    return h("div", {}, h("p", { className: "error" }, `${counted(errors.length, "mistake")} to mend first:`),
      h("ul", {}, errors.slice(0, 10).map((d) => h("li", {}, `${d.path}:${d.line} ${d.message}`))));
  }

  async _put(doc) {
    try {
      await this.docs.goLive(doc);
      this.said(`${doc.path} is in force.`);
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) return this.merge(doc, error.problem);
      throw error;
    }
  }

  // --- somebody was faster ---------------------------------------------------------------------------

  /** The open file was changed by somebody else: show both texts, and let the author make one of them. */
  async mergeCurrent() {
    const doc = this.docs.current;
    if (doc) await this.merge(doc, { current_version: doc.live.version, current_text: doc.live.text });
  }

  async merge(doc, { current_version: version, current_text: theirs }) {
    const parent = h("div", { className: "diff" });
    const fixed = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const view = new MergeView({
      parent,
      a: { doc: theirs ?? "", extensions: this._extensions(doc, "In force now", fixed) },
      b: { doc: doc.text, extensions: this._extensions(doc, "Yours, to be edited") },
      revertControls: "a-to-b",
      renderRevertControl: () => h("button", { className: "revert", type: "button", title: "Take this", aria: { label: "Take this change" } }, "→"),
      gutter: true,
    });
    const body = [
      h("p", {}, theirs === null
        ? "This file was removed. Keep yours to make it anew."
        : "Somebody else has changed this file since you began. The arrows take their changes over; you can also edit the right side."),
      h("div", { className: "sides", aria: { hidden: "true" } }, h("strong", {}, "In force now"), h("strong", {}, "Yours")), parent,
    ];
    const buttons = [["mine", "Keep the right side"], ["theirs", "Take theirs", "plain"], ["", "Later", "plain"]];
    const answer = await ask({ title: `${doc.path}: two versions`, body, buttons, wide: true });
    const merged = answer === "theirs" ? theirs ?? "" : view.b.state.doc.toString();
    view.destroy();
    if (answer === "") return;
    doc.live = { text: theirs ?? "", version };
    this.docs.replace(doc, merged, version);
    await (doc.changed ? this.docs.save(doc) : this.docs.forget(doc));
    this.said(answer === "theirs" ? "Their text is here now." : "Merged. Look at it, then go live.");
  }
}
