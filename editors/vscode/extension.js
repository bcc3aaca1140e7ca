// Starts `rulelang lsp` and connects the editor with it. All knowledge of the language is in the server.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = function activate(context) {
  const command = workspace.getConfiguration("rulelang").get("command", "rulelang");
  const watcher = workspace.createFileSystemWatcher("**/{*.rules,templates/**,rulelang.toml}");
  context.subscriptions.push(watcher);
  client = new LanguageClient(
    "rulelang",
    "rulelang",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "rulelang" }],
      synchronize: { fileEvents: watcher },
    },
  );
  return client.start();
};

exports.deactivate = function deactivate() {
  return client ? client.stop() : undefined;
};
