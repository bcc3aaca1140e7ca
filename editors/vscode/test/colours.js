// What VS Code's own engine makes of files with the grammar: `node colours.js FILE …` prints for each file a line of
// JSON, [[line, start, end, scope], …] in UTF-16 units; pieces of text without a colour are left out.

const fs = require("node:fs");
const path = require("node:path");
const oniguruma = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

const GRAMMAR = path.join(__dirname, "../syntaxes/rulelang.tmLanguage.json");

async function grammar() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => parseRawGrammar(fs.readFileSync(GRAMMAR, "utf8"), GRAMMAR),
  });
  return registry.loadGrammar("source.rulelang");
}

function coloured(rules, text) {
  const found = [];
  let state = INITIAL;
  text.split("\n").forEach((line, number) => {
    const { tokens, ruleStack } = rules.tokenizeLine(line, state);
    state = ruleStack;
    for (const token of tokens) {
      const scope = token.scopes[1];
      if (scope) {
        found.push([number, token.startIndex, Math.min(token.endIndex, line.length), scope]);
      }
    }
  });
  return found;
}

async function main() {
  const rules = await grammar();
  for (const file of process.argv.slice(2)) {
    console.log(JSON.stringify(coloured(rules, fs.readFileSync(file, "utf8"))));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
