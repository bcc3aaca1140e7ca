// The extension with the real language client and the real server, in an editor that is a stand-in.
// RULELANG names the command of the server (default: rulelang).

const assert = require("node:assert");
const fs = require("node:fs");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");

const load = Module._load;
Module._load = (request, ...more) => load(request === "vscode" ? require.resolve("./vscode.js") : request, ...more);
const vscode = require("./vscode.js");

const RULE = 'rule "Greet" on contact created do add tag "new" end\n';
const WRONG = 'rule "Wrong" on contact created do ad tag "new" end\n';

async function until(holds, what) {
  for (let tries = 0; tries < 400; tries++) {
    if (holds()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`it did not happen: ${what}`);
}

function document(file) {
  const uri = vscode.Uri.file(file);
  return { uri, languageId: "rulelang", version: 1, fileName: file, getText: () => fs.readFileSync(file, "utf8") };
}

async function main() {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "rulelang-"));
  const [greet, wrong] = ["greet.rules", "wrong.rules"].map((name) => path.join(root, name));
  fs.writeFileSync(path.join(root, "rulelang.toml"), "");
  fs.writeFileSync(greet, RULE);
  fs.writeFileSync(wrong, WRONG);
  vscode.settings.command = process.env.RULELANG ?? "rulelang";
  vscode.workspace.workspaceFolders.push({ uri: vscode.Uri.file(root), name: "test", index: 0 });
  const extension = require("../extension.js");
  const context = { subscriptions: [] };
  await extension.activate(context);
  assert.strictEqual(context.subscriptions.length, 2);

  for (const command of ["rulelang.simulate", "rulelang.why", "rulelang.test", "rulelang.check"]) {
    assert.ok(vscode.seen.commands[command], `${command} is registered`);
  }
  for (const feature of ["Hover", "Definition", "Reference", "Rename", "DocumentSymbol", "FoldingRange", "CodeLens"]) {
    assert.ok(vscode.seen.providers[`register${feature}Provider`], `${feature} is registered`);
  }

  vscode.emit("onDidOpenTextDocument", document(wrong));
  await until(() => vscode.seen.diagnostics[String(vscode.Uri.file(wrong))]?.length === 1, "the mistake is told");

  vscode.emit("onDidOpenTextDocument", document(greet));
  await vscode.seen.commands["rulelang.simulate"](String(vscode.Uri.file(greet)), "Greet");
  const shown = vscode.seen.shown.at(-1);
  assert.strictEqual(shown.uri.path, "/simulate: Greet");
  assert.match(shown.getText(), /enrolled {2}`Greet`/);
  assert.match(shown.getText(), /tags: vip → vip, new/);
  assert.deepStrictEqual(vscode.seen.messages, []);

  await extension.deactivate();
  fs.rmSync(root, { recursive: true });
  console.log("extension: ok");
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
