// From a line to tokens and their colours, as the lexer of the language reads it. No token goes over a line end.
import { PATTERN, SOFT, WORDS } from "./tokens.js";

const NUMBERS = new Set(["NUMBER", "MONEY", "PERCENT", "DURATION", "DATE", "DATETIME", "TIME"]);
const OPERATORS = new Set(["and", "or", "not", "in", "is", "contains", "between", "starts", "ends", "with", "matches"]);
const CONSTANTS = new Set(["true", "false", "null", "yes/no"]);
const NAMES = new Set(["set", "empty", "rule", "exit"]); // More often words of phrases than keywords, but where a line begins.
const BRACKETS = "()[]";

/** The token at a place of a line: its kind is the name of its terminal, or "BAD". */
export function tokenAt(line, at) {
  PATTERN.lastIndex = at;
  const found = PATTERN.exec(line);
  if (found === null) return { kind: "BAD", start: at, end: at + (line.codePointAt(at) > 0xffff ? 2 : 1) };
  const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
  const word = found[0];
  return { kind: kind === "NAME" && Object.hasOwn(WORDS, word) ? WORDS[word] : kind, start: at, end: PATTERN.lastIndex };
}

/** All tokens of a line but space. */
export function tokensOf(line) {
  const found = [];
  for (let at = 0; at < line.length; at = found.at(-1)?.end ?? at) {
    found.push(tokenAt(line, at));
  }
  return found.filter((token) => token.kind !== "SPACE");
}

/** The colour of a token, as one of the names in `theme.js`; "" for none. */
export function colourOf(line, token) {
  const word = line.slice(token.start, token.end);
  if (token.kind === "COMMENT") return "comment";
  if (token.kind === "TEXT") return "text";
  if (token.kind === "BAD") return "bad";
  if (NUMBERS.has(token.kind)) return "number";
  if (token.kind === "SIGN") return BRACKETS.includes(word) ? "bracket" : ",;:.".includes(word) ? "sign" : "operator";
  return colourOfWord(line, token, word);
}

function colourOfWord(line, token, word) {
  if (CONSTANTS.has(word)) return "constant";
  if (OPERATORS.has(word)) return "operatorWord";
  const begins = line.slice(0, token.start).trim() === "";
  if (token.start === 0 && /^[a-z]/.test(word)) return "item";
  if (token.kind === "NAME" || NAMES.has(word)) {
    if (begins && (SOFT.has(word) || word === "exit")) return "keyword";
    return line[token.end] === "(" ? "call" : "name";
  }
  return "keyword";
}
