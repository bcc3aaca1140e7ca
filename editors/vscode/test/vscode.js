// A stand-in for the API that VS Code gives to extensions: as much of it as the language client touches.
// What is registered is kept in `seen`; every name that is not defined here is a class that can be extended.

const path = require("node:path");
const { pathToFileURL } = require("node:url");

class Disposable {
  dispose() {}
}

class EventEmitter {
  constructor() {
    this.listeners = [];
    this.event = (listener, self) => {
      this.listeners.push(listener.bind(self));
      return new Disposable();
    };
  }
  fire(value) {
    this.listeners.forEach((listener) => listener(value));
  }
  dispose() {}
}

class Uri {
  constructor(scheme, path) {
    Object.assign(this, { scheme, path, fsPath: path });
  }
  static from({ scheme, path }) {
    return new Uri(scheme, path);
  }
  static file(name) {
    return new Uri("file", path.resolve(name));
  }
  static parse(text) {
    const url = new URL(text);
    return new Uri(url.protocol.slice(0, -1), decodeURIComponent(url.pathname));
  }
  toString() {
    return this.scheme === "file" ? pathToFileURL(this.path).href : `${this.scheme}:${this.path}`;
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}

class CancellationTokenSource {
  constructor() {
    this.token = { isCancellationRequested: false, onCancellationRequested: listening };
  }
  cancel() {}
  dispose() {}
}

const seen = { commands: {}, providers: {}, contents: {}, shown: [], diagnostics: {}, messages: [] };

const registering = new Proxy(
  {},
  {
    get: (_, name) => {
      if (name === "createDiagnosticCollection") {
        return () => ({
          set: (uri, found) => (seen.diagnostics[String(uri)] = found),
          delete: (uri) => delete seen.diagnostics[String(uri)],
          clear() {},
          dispose() {},
        });
      }
      if (name === "match") {
        return (selector, document) => (document.languageId === "rulelang" ? 10 : 0);
      }
      return (selector, provider) => {
        seen.providers[name] = provider;
        return new Disposable();
      };
    },
  },
);

function listening() {
  return new Disposable();
}

const emitters = {};
function events(known) {
  return new Proxy(known, {
    get: (target, name) => {
      if (name in target) {
        return target[name];
      }
      if (typeof name === "string" && name.startsWith("on")) {
        emitters[name] ??= new EventEmitter();
        return emitters[name].event;
      }
      return undefined;
    },
  });
}

const settings = {};
const workspace = events({
  workspaceFolders: [],
  textDocuments: [],
  notebookDocuments: [],
  fs: {},
  getConfiguration: () => ({ get: (name, otherwise) => settings[name] ?? otherwise, has: () => false }),
  createFileSystemWatcher: () => ({
    onDidCreate: listening,
    onDidChange: listening,
    onDidDelete: listening,
    dispose() {},
  }),
  registerTextDocumentContentProvider: (scheme, provider) => {
    seen.contents[scheme] = provider;
    return new Disposable();
  },
  getWorkspaceFolder: () => workspace.workspaceFolders[0],
  openTextDocument: async (uri) => ({
    uri,
    getText: () => seen.contents[uri.scheme].provideTextDocumentContent(uri),
  }),
});

const window = events({
  visibleTextEditors: [],
  tabGroups: { all: [], onDidChangeTabs: listening },
  createOutputChannel: () => ({ appendLine() {}, append() {}, show() {}, dispose() {} }),
  showTextDocument: async (document) => void seen.shown.push(document),
  showInformationMessage: async (text) => void seen.messages.push(text),
  showWarningMessage: async (text) => void seen.messages.push(text),
  showErrorMessage: async (text) => void seen.messages.push(text),
});

const known = {
  CancellationTokenSource,
  Disposable,
  EventEmitter,
  Uri,
  Position,
  Range,
  workspace,
  window,
  languages: registering,
  commands: {
    registerCommand: (name, handler) => {
      seen.commands[name] = handler;
      return new Disposable();
    },
    executeCommand: async () => undefined,
  },
  env: { appName: "test", language: "en" },
  version: "1.91.0",
  ViewColumn: { Beside: -2 },
  seen,
  settings,
  emit: (name, value) => emitters[name]?.fire(value),
};

module.exports = new Proxy(known, {
  get: (target, name) => {
    if (!(name in target)) {
      // Classes that are extended, and enumerations, whose members are asked for by name.
      target[name] = new Proxy(class {}, { get: (own, member) => own[member] ?? member });
    }
    return target[name];
  },
});
