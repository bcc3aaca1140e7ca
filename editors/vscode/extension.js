// Starts `rulelang lsp` and connects the editor with it. All knowledge of the language is in the server.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const SCHEME = "rulelang-answer";

let client;

/** What commands of the server have answered, as documents that can only be read. */
class Answers {
  constructor() {
    this.texts = new Map();
    this.changed = new vscode.EventEmitter();
    this.onDidChange = this.changed.event;
  }

  provideTextDocumentContent(uri) {
    return this.texts.get(uri.path) ?? "";
  }

  /** Show an answer in a tab of its own, beside what is being edited. */
  async show({ title, text }) {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}

/** Let the server carry out a command, and show what it answers. */
function executing(answers) {
  return async (command, args, next) => {
    const answer = await next(command, args);
    if (answer && typeof answer.text === "string") {
      await answers.show(answer);
    }
    return answer;
  };
}

exports.activate = function activate(context) {
  const command = vscode.workspace.getConfiguration("rulelang").get("command", "rulelang");
  const watcher = vscode.workspace.createFileSystemWatcher("**/{*.rules,templates/**,rulelang.toml}");
  const answers = new Answers();
  context.subscriptions.push(
    watcher,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, answers),
  );
  client = new LanguageClient(
    "rulelang",
    "rulelang",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "rulelang" }],
      synchronize: { fileEvents: watcher },
      initializationOptions: { documents: true },
      middleware: { executeCommand: executing(answers) },
    },
  );
  return client.start();
};

exports.deactivate = function deactivate() {
  return client ? client.stop() : undefined;
};
