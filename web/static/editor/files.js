// The files of the workspace as a tree of folders; new ones, other names, removal.
import { byId, h } from "./dom.js";
import { ask, askText, tell } from "./dialog.js";

const NAME = "([A-Za-z0-9][A-Za-z0-9_\\-]*/){0,3}[A-Za-z0-9][A-Za-z0-9_\\-]*(\\.test)?\\.[a-z]{2,6}";
const HINT = "Folders with a slash, such as rules/onboarding.rules. Rules end in .rules, tests in .test.rules; templates are in templates/ and end in .liquid. The ending may be left out.";
const MARKS = { schema: "Schema", test: "Test", template: "Template" };

/** The panel of files. */
export class Files {
  constructor(docs) {
    this.docs = docs;
    this._closed = new Set();
    this._tree = h("div", {});
    const may = docs.mayWrite;
    this._buttons = {
      fresh: button("New…", () => this.fresh(), may),
      rename: button("Rename…", () => this.rename(), may),
      remove: button("Delete…", () => this.remove(), may),
    };
    byId("files").replaceChildren(h("div", { className: "buttons tools" }, Object.values(this._buttons)), this._tree);
    for (const name of ["list", "open", "change"]) docs.addEventListener(name, () => this._draw());
  }

  /** Draw the tree anew if it is another: what is drawn anew loses the focus, and clicks that have begun. */
  _draw() {
    const files = this._files();
    const none = this.docs.current === null;
    this._buttons.rename.disabled = this._buttons.remove.disabled = none || !this.docs.mayWrite;
    const shown = JSON.stringify([this.docs.current?.path, files.map((file) => [file.path, file.kind, this._changed(file)])]);
    if (shown === this._shown) return;
    this._shown = shown;
    const focused = document.activeElement?.dataset?.path;
    this._tree.replaceChildren(this._folder(folderOf(files), ""));
    if (focused) this._tree.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
  }

  /** The files of the server, and those that are nowhere but here. */
  _files() {
    const files = [...this.docs.files];
    for (const doc of this.docs.open.values()) {
      if (!files.some((file) => file.path === doc.path)) files.push({ path: doc.path, kind: doc.kind, draft: true, version: "" });
    }
    return files;
  }

  _changed(file) {
    return this.docs.open.get(file.path)?.changed ?? file.draft;
  }

  _folder(folder, path) {
    const folders = [...folder.folders].sort().map(([name, inside]) => {
      const whole = `${path}${name}/`;
      const details = h("details", { open: !this._closed.has(whole), on: { toggle: () => this._toggled(details, whole) } },
        h("summary", { data: { path: whole } }, name), this._folder(inside, whole));
      return h("li", {}, details);
    });
    return h("ul", { className: "tree" }, folders, folder.files.map((file) => this._file(file)));
  }

  _toggled(details, path) {
    if (details.open) this._closed.delete(path);
    else this._closed.add(path);
  }

  _file(file) {
    const current = this.docs.current?.path === file.path;
    const changed = this._changed(file);
    const said = [MARKS[file.kind], changed ? "changed" : ""].filter(Boolean).join(", ");
    const open = h("button", {
      className: `file ${file.kind}`, title: said ? `${file.path} (${said.toLowerCase()})` : file.path, data: { path: file.path },
      on: { click: () => this.docs.show(file.path) },
    }, h("span", { className: "name" }, file.path.split("/").at(-1)), changed ? h("span", { className: "dot", title: "differs from what is in force" }) : null,
      changed ? h("span", { className: "hidden" }, ", changed") : null);
    if (current) open.setAttribute("aria-current", "true");
    return h("li", {}, open);
  }

  // --- what the buttons do ---------------------------------------------------------------------------

  async fresh() {
    const path = this.docs.current?.path ?? "rules/x";
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
    const name = await askText({ title: "New file", label: "Path", value: `${folder}new.rules`, hint: HINT, pattern: NAME, button: "Make", complete: withEnding });
    if (name === null) return;
    if (this.docs.files.some((file) => file.path === name)) return this.docs.show(name);
    const kind = name.endsWith(".test.rules") ? "test" : name.endsWith(".rules") ? "rules" : name.startsWith("templates/") ? "template" : "other";
    await this._try(() => this.docs.begin(name, kind, BEGINNINGS[kind] ?? ""));
    await this.docs.refresh();
  }

  async rename() {
    const doc = this.docs.current;
    const to = await askText({ title: "Rename or move", label: "New path", value: doc.path, hint: HINT, pattern: NAME, button: "Rename", complete: withEnding });
    if (to === null || to === doc.path) return;
    if (!doc.live.version) return tell("Not yet", "This file is not in force yet: discard it, or go live first.");
    await this._try(() => this.docs.rename(doc, to));
  }

  async remove() {
    const doc = this.docs.current;
    const body = doc.live.version
      ? `${doc.path} is removed for everybody, and its rules start no more runs. Runs under way keep the version they began with.`
      : `${doc.path} was never in force; its draft is removed.`;
    const answer = await ask({ title: "Delete this file?", body, buttons: [["ok", "Delete", "danger"], ["", "Cancel", "plain"]] });
    if (answer === "ok") await this._try(() => this.docs.remove(doc));
  }

  async _try(work) {
    try {
      await work();
    } catch (error) {
      await tell("That did not work", error.message);
    }
  }
}

const BEGINNINGS = {
  rules: 'rule "New rule" for contact draft\n  on stage enter "SQL"\ndo\n  add tag "new"\nend\n',
  test: 'test "what is expected"\n  expect nothing sent\nend\n',
};

/** A path with the ending of its folder, where its author gave none. */
function withEnding(path) {
  if (path.endsWith(".test")) return `${path}.rules`;
  if (!/[A-Za-z0-9_-]$/.test(path) || path.split("/").at(-1).includes(".")) return path;
  return path + ({ templates: ".liquid", tests: ".test.rules" }[path.split("/")[0]] ?? ".rules");
}

function button(label, work, enabled) {
  return h("button", { className: "plain small", disabled: !enabled, on: { click: work } }, label);
}

function folderOf(files) {
  const root = { folders: new Map(), files: [] };
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    let folder = root;
    for (const name of file.path.split("/").slice(0, -1)) {
      if (!folder.folders.has(name)) folder.folders.set(name, { folders: new Map(), files: [] });
      folder = folder.folders.get(name);
    }
    folder.files.push(file);
  }
  return root;
}
