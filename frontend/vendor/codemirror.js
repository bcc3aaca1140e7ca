// The parts of CodeMirror that the web editor uses. Never the package `codemirror`: on the registry that is version 5.
export { Compartment, EditorSelection, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField, Transaction } from "@codemirror/state";
export {
  Decoration, EditorView, GutterMarker, ViewPlugin, crosshairCursor, drawSelection, dropCursor, gutter, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, hoverTooltip, keymap, lineNumbers, rectangularSelection, showTooltip,
} from "@codemirror/view";
export {
  HighlightStyle, StreamLanguage, bracketMatching, foldGutter, foldKeymap, foldService, indentOnInput, indentService, indentUnit, syntaxHighlighting, syntaxTree,
} from "@codemirror/language";
export { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, snippet, startCompletion } from "@codemirror/autocomplete";
export { diagnosticCount, forEachDiagnostic, lintGutter, lintKeymap, linter, nextDiagnostic, openLintPanel, setDiagnostics } from "@codemirror/lint";
export { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
export { highlightSelectionMatches, openSearchPanel, searchKeymap } from "@codemirror/search";
export { MergeView, unifiedMergeView } from "@codemirror/merge";
export { tags } from "@lezer/highlight";
