// Colours the lines of a rule file. Without this script they are plain.
import { colourOf, tokensOf } from "./editor/tokenize.js";

const CLASSES = {
  comment: "t-comment", text: "t-text", number: "t-number", constant: "t-number", keyword: "t-keyword", item: "t-keyword",
  operatorWord: "t-operator", call: "t-call", bad: "t-bad",
};

function colour(code) {
  const line = code.textContent;
  const parts = [];
  let at = 0;
  for (const token of tokensOf(line)) {
    parts.push(line.slice(at, token.start));
    const span = document.createElement("span");
    span.className = CLASSES[colourOf(line, token)] ?? "";
    span.textContent = line.slice(token.start, token.end);
    parts.push(span);
    at = token.end;
  }
  code.replaceChildren(...parts, line.slice(at));
}

for (const code of document.querySelectorAll("[data-colours] code")) colour(code);
