// The language to CodeMirror: colours from the generated token table, and how lines are indented.
import { HighlightStyle, StreamLanguage, indentService, syntaxHighlighting, tags } from "../vendor/codemirror.js";
import { colourOf, tokenAt } from "./tokenize.js";

const TAGS = {
  comment: tags.lineComment,
  text: tags.string,
  number: tags.number,
  constant: tags.atom,
  keyword: tags.controlKeyword,
  item: tags.definitionKeyword,
  operatorWord: tags.operatorKeyword,
  operator: tags.operator,
  bracket: tags.bracket,
  sign: tags.punctuation,
  call: tags.function(tags.variableName),
  name: tags.variableName,
  bad: tags.invalid,
};

const stream = StreamLanguage.define({
  name: "rulelang",
  token(stream) {
    const token = tokenAt(stream.string, stream.pos);
    stream.pos = token.end;
    return token.kind === "SPACE" ? null : colourOf(stream.string, token);
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", '"'] } },
  tokenTable: TAGS,
});

const COLOURS = HighlightStyle.define([
  { tag: tags.lineComment, class: "t-comment" },
  { tag: tags.string, class: "t-text" },
  { tag: [tags.number, tags.atom], class: "t-number" },
  { tag: [tags.controlKeyword, tags.definitionKeyword], class: "t-keyword" },
  { tag: tags.operatorKeyword, class: "t-operator" },
  { tag: tags.function(tags.variableName), class: "t-call" },
  { tag: tags.invalid, class: "t-bad" },
]);

const OPENS = /\b(?:do|then|else|parallel)\s*$|^\s*(?:case|elif)\b/;
const CLOSES = /^\s*(?:end|else|elif|case)\b/;

function indentation(context, at) {
  const line = context.lineAt(at, -1);
  let before = line.from > 0 ? context.state.doc.lineAt(line.from - 1) : null;
  while (before !== null && before.text.trim() === "") {
    before = before.from > 0 ? context.state.doc.lineAt(before.from - 1) : null;
  }
  if (before === null) return 0;
  const deep = context.lineIndent(before.from) + (OPENS.test(before.text) ? context.unit : 0);
  return Math.max(0, deep - (CLOSES.test(context.textAfterPos(at)) ? context.unit : 0));
}

/** What an editor of rule files needs. */
export const rules = [stream, indentService.of(indentation)];

/** What each colour looks like is in editor.css. */
export const colours = syntaxHighlighting(COLOURS);
