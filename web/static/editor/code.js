// The text itself: CodeMirror with our colours, keys and marks. It knows one file at a time and nothing of the server.
import {
  Compartment, Decoration, EditorState, EditorView, GutterMarker, StateEffect, StateField, Transaction, autocompletion, bracketMatching, closeBrackets,
  closeBracketsKeymap, completionKeymap, defaultKeymap, drawSelection, foldGutter, foldKeymap, foldService, gutter, highlightActiveLine, highlightActiveLineGutter,
  highlightSelectionMatches, highlightSpecialChars, history, historyKeymap, hoverTooltip, indentOnInput, indentUnit, indentWithTab, keymap, lineNumbers,
  lintGutter, lintKeymap, searchKeymap, setDiagnostics, showTooltip,
} from "../vendor/codemirror.js";
import { colours, rules } from "./language.js";

const FOLDS = StateEffect.define();

const folds = StateField.define({
  create: () => new Map(),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(FOLDS)) return effect.value;
    return value;
  },
});

const folding = foldService.of((state, from) => {
  const last = state.field(folds).get(state.doc.lineAt(from).number);
  return last && last <= state.doc.lines ? { from: state.doc.lineAt(from).to, to: state.doc.line(last).to } : null;
});

/** Lines that are marked in the gutter: covered, partly or not at all; and the lines that something points at. */
const MARKS = StateEffect.define();
const LINKED = StateEffect.define();

class Mark extends GutterMarker {
  constructor(kind, title) {
    super();
    this.kind = kind;
    this.title = title;
  }

  eq(other) {
    return this.kind === other.kind && this.title === other.title;
  }

  toDOM() {
    const element = document.createElement("span");
    element.className = `mark ${this.kind}`;
    element.title = this.title;
    return element;
  }
}

const marks = StateField.define({
  create: () => new Map(),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(MARKS)) return effect.value;
    // The marks are those of a text that is no more.
    return transaction.docChanged && value.size ? new Map() : value;
  },
});

const marksGutter = gutter({
  class: "cm-marks",
  lineMarker(view, line) {
    const found = view.state.field(marks).get(view.state.doc.lineAt(line.from).number);
    return found ? new Mark(found.kind, found.title) : null;
  },
  lineMarkerChange: (update) => update.startState.field(marks) !== update.state.field(marks),
});

const linked = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(LINKED)) continue;
      const { from, to } = effect.value ?? {};
      const size = transaction.newDoc.length;
      if (from === undefined || from >= size) return Decoration.none;
      return Decoration.set([Decoration.mark({ class: "cm-linked" }).range(from, Math.max(from + 1, Math.min(to, size)))]);
    }
    return value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const EXPLAIN = StateEffect.define();

const explained = StateField.define({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(EXPLAIN)) return effect.value;
    const moved = !transaction.newSelection.eq(transaction.startState.selection);
    return transaction.docChanged || moved ? null : value;
  },
  provide: (field) => showTooltip.from(field),
});

/**
 * Typing over several lines. Left to itself, the browser joins the lines with inline styles, which the policy of the
 * page blocks and reports.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    const lines = view.state.doc.lineAt(main.from).number !== view.state.doc.lineAt(main.to).number;
    if (!lines || event.isComposing || event.inputType !== "insertText" || event.data === null) return false;
    const text = event.data;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handled = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, main.from, main.to, text, insert));
    if (!handled) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** The editor of texts in `parent`. `hooks`: changed(text), moved(state), complete(context), hover(at), keys. */
export class Code {
  constructor(parent, nonce, hooks) {
    this.hooks = hooks;
    this._readOnly = new Compartment();
    this._language = new Compartment();
    this._states = new Map();
    this._path = null;
    this._nonce = nonce;
    this.view = new EditorView({ parent, state: this._fresh("", null) });
  }

  _fresh(text, doc) {
    return EditorState.create({ doc: text, extensions: this._extensions(doc) });
  }

  _extensions(doc) {
    const isRules = doc === null || ["rules", "schema", "test"].includes(doc.kind);
    return [
      EditorView.cspNonce.of(this._nonce),
      lineNumbers(), marksGutter, lintGutter(), foldGutter({ foldingChanged: (update) => update.startState.field(folds) !== update.state.field(folds) }), highlightActiveLineGutter(), highlightSpecialChars(), history(),
      drawSelection(), indentOnInput(), indentUnit.of("  "), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(),
      EditorView.lineWrapping, marks, linked, explained, folds, folding, typeOver,
      this._language.of(isRules ? rules : []), colours,
      this._readOnly.of([EditorState.readOnly.of(doc === null), EditorView.editable.of(doc !== null)]),
      autocompletion({ override: [(context) => this.hooks.complete(context)], icons: false, closeOnBlur: true }),
      hoverTooltip((view, at) => this._tooltip(at), { hoverTime: 400 }),
      keymap.of([
        ...this.hooks.keys, { key: "F1", run: () => this.explain() }, { key: "Escape", run: () => this._closeExplanation() },
        ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab,
      ]),
      EditorView.contentAttributes.of({ "aria-label": doc ? `Text of ${doc.path}` : "No file is open", spellcheck: "false", tabindex: "0" }),
      EditorView.updateListener.of((update) => this._updated(update)),
    ];
  }

  _updated(update) {
    if (update.docChanged && !update.transactions.some((t) => t.annotation(Transaction.remote))) {
      this.hooks.changed(update.state.doc.toString());
    }
    if (update.docChanged || update.selectionSet) this.hooks.moved(update.state);
  }

  /** Show a file; its history and place are kept while it is open. */
  show(doc) {
    if (this._path !== null) this._states.set(this._path, this.view.state);
    this._path = doc?.path ?? null;
    const known = doc ? this._states.get(doc.path) : undefined;
    this.view.setState(known ?? this._fresh(doc?.text ?? "", doc));
    if (doc) this.replace(doc.text);
    this.hooks.moved(this.view.state);
  }

  /** Forget the state of a file that was closed. */
  forget(path) {
    this._states.delete(path);
    if (this._path === path) this._path = null;
  }

  get text() {
    return this.view.state.doc.toString();
  }

  get at() {
    return this.view.state.selection.main.head;
  }

  /** Put another text in place of this one, changing no more than what differs; `typed`: as if the author did it. */
  replace(text, typed = false) {
    const change = difference(this.text, text);
    if (change === null) return;
    this.view.dispatch({ changes: change, annotations: typed ? [] : Transaction.remote.of(true) });
  }

  /** Make changes of the text that were computed for it. */
  edit(edits) {
    const changes = edits.map((edit) => ({ from: edit.from, to: edit.to, insert: edit.text }));
    this.view.dispatch({ changes, userEvent: "input.fix" });
  }

  /** Move the cursor to a range and show it. */
  select(from, to = from, focus = true) {
    const size = this.view.state.doc.length;
    const selection = { anchor: Math.min(from, size), head: Math.min(to, size) };
    this.view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
    if (focus) this.view.focus();
  }

  /** Keep the cursor in view while the author is in the text. */
  showCursor() {
    if (this.view.hasFocus) this.view.dispatch({ effects: EditorView.scrollIntoView(this.at, { y: "nearest", yMargin: 30 }) });
  }

  /** Point at a range without moving the cursor; null for none. */
  point(range) {
    const effects = [LINKED.of(range)];
    if (range) effects.push(EditorView.scrollIntoView(Math.min(range.from, this.view.state.doc.length), { y: "nearest", yMargin: 60 }));
    this.view.dispatch({ effects });
  }

  /** Mark lines: a map from line number to {kind, title}. */
  mark(lines) {
    this.view.dispatch({ effects: MARKS.of(lines) });
  }

  /** Say which lines can be folded: a map from the first line to the last. */
  fold(lines) {
    this.view.dispatch({ effects: FOLDS.of(lines) });
  }

  /** Show mistakes: CodeMirror's diagnostics. */
  diagnose(diagnostics) {
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  lineOf(at) {
    return this.view.state.doc.lineAt(Math.min(at, this.view.state.doc.length)).number;
  }

  async _tooltip(at) {
    const found = await this.hooks.hover(at);
    return found && { pos: found.from, end: found.to, above: true, create: () => ({ dom: found.dom }) };
  }

  /** Explain the words at the cursor, for those who have no mouse. */
  explain() {
    this._tooltip(this.at).then((tooltip) => this.view.dispatch({ effects: EXPLAIN.of(tooltip) }));
    return true;
  }

  _closeExplanation() {
    if (this.view.state.field(explained) === null) return false;
    this.view.dispatch({ effects: EXPLAIN.of(null) });
    return true;
  }
}

/** The one change that makes `after` of `before`; null when they are equal. */
function difference(before, after) {
  if (before === after) return null;
  let start = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}
