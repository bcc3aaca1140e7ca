// Made by `python -m grammar.webtokens` from grammar/rulelang.lark.

/** All terminals, longest literals first; sticky, so that it matches where `lastIndex` points. */
export const PATTERN = /(?<DATETIME>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)|(?<DATE>\d{4}-\d{2}-\d{2})|(?<TIME>\d{1,2}:\d{2})|(?<PERCENT>\d[\d_]*(\.\d+)?%)|(?<MONEY>[$€£]\d[\d_]*(\.\d+)?|\d[\d_]*(\.\d+)?[A-Z]{3})|(?<DURATION>(\d+(mo|[smhdwy]))+)|(?<NUMBER>\d[\d_]*(\.\d+)?)|(?<ENROL>enroll?(?![A-Za-z0-9_]))|(?<YES_NO>yes\/no(?![A-Za-z0-9_]))|(?<COMMENT>(#|\/\/)[^\n]*)|(?<NAME>[A-Za-z_][A-Za-z0-9_]*|`[^`\n]+`)|(?<TEXT>"([^"\\\n]|\\[^\n])*")|(?<SPACE>[ \t\n]+)|(?<SIGN>!=|<=|>=|\(|\)|\*|\+|,|\-|\.|\/|:|;|<|=|>|\[|\])/y;

/** Reserved words and those of operators, with the names of their terminals. */
export const WORDS = {
  and: "AND",
  between: "BETWEEN",
  case: "CASE",
  contains: "CONTAINS",
  do: "DO",
  elif: "ELIF",
  else: "ELSE",
  empty: "EMPTY",
  end: "END",
  ends: "ENDS",
  exit: "EXIT",
  false: "FALSE",
  if: "IF",
  in: "IN",
  is: "IS",
  let: "LET",
  match: "MATCH",
  matches: "MATCHES",
  not: "NOT",
  null: "NULL",
  on: "ON",
  or: "OR",
  otherwise: "OTHERWISE",
  parallel: "PARALLEL",
  repeat: "REPEAT",
  rule: "RULE",
  set: "SET",
  split: "SPLIT",
  starts: "STARTS",
  stop: "STOP",
  then: "THEN",
  timeout: "TIMEOUT",
  true: "TRUE",
  until: "UNTIL",
  wait: "WAIT",
  when: "WHEN",
  with: "WITH",
};

/** Words of clauses, which are names everywhere else. */
export const SOFT = new Set(["after", "as", "at", "error", "for", "from", "goal", "limit", "pass", "per", "release", "restart", "takes", "times", "where", "while"]);
