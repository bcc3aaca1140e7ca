// The files that are open: their text here, the text in force, the version it began with. Nothing typed is lost:
// every change goes to the browser's own store at once, and to the server as a draft soon after.
import { Refusal, Unreachable, connection, filePath, get, post, put, remove } from "./api.js";
import { debounced } from "./dom.js";

const SAVE_AFTER = 2500;

/** One open file. */
export class Doc {
  /** `file` is what the server said; `kept` what the browser's store has of it, or null. */
  constructor(file, kept) {
    this.path = file.path;
    this.kind = file.kind;
    this.live = { text: file.text, version: file.version };
    this.inForce = file.in_force ?? true;
    this.draftText = file.draft?.text ?? null;
    this.draftAt = file.draft?.saved_at ?? 0;
    // A draft that this browser has not seen, made by the same author in another one.
    this.rival = kept && file.draft && file.draft.text !== kept.text && file.draft.saved_at !== kept.draft_at ? file.draft.text : null;
    const begun = kept ?? file.draft;
    this.text = begun ? begun.text : file.text;
    this.base = begun ? begun.base_version : file.version;
    this.problem = "";
  }

  /** Whether the text differs from the one in force. */
  get changed() {
    return this.text !== this.live.text || !this.live.version;
  }

  /** Whether the server keeps the text: as it is in force, or as a draft. */
  get kept() {
    return this.draftText === null ? !this.changed : this.draftText === this.text;
  }

  /** Whether somebody else changed the file since this text began. */
  get stale() {
    return this.base !== this.live.version;
  }
}

/** All open files, with events: "open" (shown another), "list", "change" (what is known of one). */
export class Docs extends EventTarget {
  open = new Map();
  current = null;
  files = [];

  constructor(workspace, mayWrite) {
    super();
    this.mayWrite = mayWrite;
    this._prefix = `rulelang:${workspace}:text:`;
    this._tabs = `rulelang:${workspace}:open`;
    this._saveSoon = new Map();
    connection.addEventListener("change", () => connection.state === "online" && this._saveAll());
    window.addEventListener("storage", (event) => this._typedElsewhere(event));
  }

  _tell(name) {
    this.dispatchEvent(new Event(name));
  }

  // --- the list --------------------------------------------------------------------------------------

  /** Read the list again, and what others changed of open files. */
  async refresh() {
    this.files = (await get("files")).files;
    this._tell("list");
    for (const doc of this.open.values()) {
      const listed = this.files.find((file) => file.path === doc.path);
      const version = listed?.version ?? "";
      if (version !== doc.live.version) await this._reread(doc);
    }
  }

  async _reread(doc) {
    const file = await get(filePath(doc.path)).catch((error) => {
      if (error instanceof Refusal && error.status === 404) return { text: "", version: "", in_force: false };
      throw error;
    });
    const untouched = !doc.changed && !doc.stale;
    doc.live = { text: file.text, version: file.version };
    doc.inForce = file.in_force ?? true;
    if (untouched && file.version) this.replace(doc, file.text, file.version);
    else this._tell("change");
  }

  /** Paths that were open the last time. */
  remembered() {
    try {
      return JSON.parse(localStorage.getItem(this._tabs)) ?? [];
    } catch {
      return [];
    }
  }

  _remember() {
    const paths = [...this.open.keys()];
    this._store(this._tabs, JSON.stringify([this.current?.path, ...paths.filter((p) => p !== this.current?.path)]));
  }

  // --- opening ---------------------------------------------------------------------------------------

  /** Show a file, reading it first if need be. */
  async show(path) {
    if (!this.open.has(path)) {
      const file = await get(filePath(path));
      this.open.set(path, new Doc(file, this._kept(path)));
    }
    this._become(this.open.get(path));
  }

  /** Show a new file that is nowhere yet. */
  begin(path, kind, text) {
    this.open.set(path, new Doc({ path, kind, text: "", version: "", in_force: false, draft: null }, { text, base_version: "" }));
    this._become(this.open.get(path));
    this._keep(this.current);
    return this.save(this.current);
  }

  _become(doc) {
    this.current = doc;
    this._remember();
    this._tell("open");
  }

  /** Change files as the server says: `edits` by path. Those that are not open are opened. */
  async edit(edits) {
    for (const [path, changes] of Object.entries(edits)) {
      if (!this.open.has(path)) this.open.set(path, new Doc(await get(filePath(path)), this._kept(path)));
      const doc = this.open.get(path);
      const text = [...changes].sort((a, b) => b.from - a.from).reduce((all, { from, to, text }) => all.slice(0, from) + text + all.slice(to), doc.text);
      this.replace(doc, text);
      await this._saveQuietly(doc);
    }
    this._remember();
    this._tell("open");
  }

  /** Close a file; what was typed stays in the store and the draft. */
  close(path) {
    this.open.delete(path);
    if (this.current?.path === path) this.current = [...this.open.values()].at(-1) ?? null;
    this._remember();
    this._tell("open");
  }

  // --- changing --------------------------------------------------------------------------------------

  /** The author typed. */
  typed(doc, text) {
    if (doc.text === text) return;
    doc.text = text;
    this._keep(doc);
    if (this.mayWrite) {
      if (!this._saveSoon.has(doc)) this._saveSoon.set(doc, debounced(() => this._saveQuietly(doc), SAVE_AFTER));
      this._saveSoon.get(doc)();
    }
    this._tell("change");
  }

  /** Put another text in place of the one that is shown, made from the version `base`. */
  replace(doc, text, base = doc.base) {
    doc.text = text;
    doc.base = base;
    this._keep(doc);
    this._tell(doc === this.current ? "open" : "change");
  }

  /** The same author types into the same file in another tab. */
  async _typedElsewhere(event) {
    const doc = event.key?.startsWith(this._prefix) ? this.open.get(event.key.slice(this._prefix.length)) : undefined;
    if (doc === undefined) return;
    if (event.newValue !== null) {
      const { text, base_version: base } = JSON.parse(event.newValue);
      return this.replace(doc, text, base);
    }
    // It was saved, discarded or put in force there: the server knows what it is now.
    const file = await get(filePath(doc.path)).catch(() => null);
    if (file === null || this._kept(doc.path) !== null) return;
    doc.live = { text: file.text, version: file.version };
    doc.draftText = file.draft?.text ?? null;
    doc.draftAt = file.draft?.saved_at ?? 0;
    this.replace(doc, file.draft?.text ?? file.text, file.draft?.base_version ?? file.version);
  }

  _kept(path) {
    try {
      return JSON.parse(localStorage.getItem(this._prefix + path));
    } catch {
      return null;
    }
  }

  _keep(doc) {
    if (doc.kept && !doc.stale) localStorage.removeItem(this._prefix + doc.path);
    else this._store(this._prefix + doc.path, JSON.stringify({ text: doc.text, base_version: doc.base, draft_at: doc.draftAt }));
  }

  _store(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // The store is full or forbidden: the draft on the server is what is left.
    }
  }

  // --- saving ----------------------------------------------------------------------------------------

  /** Keep the text as a draft. */
  async save(doc) {
    this._saveSoon.get(doc)?.cancel();
    const text = doc.text;
    const answer = await put(`${filePath(doc.path)}?draft=1`, { text, base_version: doc.base });
    doc.draftText = answer.draft.text;
    doc.draftAt = answer.draft.saved_at;
    this._keep(doc);
    this._tell("change");
  }

  async _saveQuietly(doc) {
    if (doc.kept || doc.rival !== null || !this.open.has(doc.path)) return;
    try {
      await (doc.changed ? this.save(doc) : this.forget(doc));
      doc.problem = "";
    } catch (error) {
      // Without a connection it is tried again as soon as there is one.
      doc.problem = error instanceof Unreachable ? "" : error.message;
      this._tell("change");
    }
  }

  async _saveAll() {
    for (const doc of this.open.values()) await this._saveQuietly(doc);
  }

  async forget(doc) {
    this._saveSoon.get(doc)?.cancel();
    if (doc.draftText !== null) {
      await remove(`${filePath(doc.path)}?draft=1`).catch((error) => {
        if (!(error instanceof Refusal) || error.status !== 404) throw error;
      });
      doc.draftText = null;
    }
    this._keep(doc);
    this._tell("change");
  }

  /** Go back to the text in force; a file that never was goes away. */
  async discard(doc) {
    await this.forget(doc);
    this.replace(doc, doc.live.text, doc.live.version);
    if (!doc.live.version) this.close(doc.path);
    await this.refresh();
  }

  /** Put the text in force. Throws a Refusal: 409 when somebody else was faster, 422 for mistakes. */
  async goLive(doc) {
    this._saveSoon.get(doc)?.cancel();
    const text = doc.text;
    const answer = await put(filePath(doc.path), { text, base_version: doc.base });
    await this._wentLive(doc, text, answer.version);
  }

  /** Put texts in force together, by `deploy(files)`, which says more than which texts. */
  async goLiveWith(docs, deploy) {
    for (const doc of docs) this._saveSoon.get(doc)?.cancel();
    const texts = new Map(docs.map((doc) => [doc, doc.text]));
    await deploy(Object.fromEntries(docs.map((doc) => [doc.path, doc.text])));
    for (const [doc, text] of texts) {
      await this.forget(doc);
      const { version } = await get(filePath(doc.path));
      await this._wentLive(doc, text, version);
    }
  }

  async _wentLive(doc, text, version) {
    doc.live = { text, version };
    doc.base = version;
    doc.draftText = null;
    doc.inForce = true;
    this._keep(doc);
    this._tell("change");
    await this.refresh();
  }

  // --- renaming and removing -------------------------------------------------------------------------

  /** Give a file that is in force another path. */
  async rename(doc, to) {
    await post(`${filePath(doc.path)}/rename`, { to, base_version: doc.live.version });
    localStorage.removeItem(this._prefix + doc.path);
    this.open.delete(doc.path);
    await this.refresh();
    await this.show(to);
  }

  /** Remove a file for everybody. */
  async remove(doc) {
    if (doc.live.version) await remove(`${filePath(doc.path)}?base_version=${encodeURIComponent(doc.live.version)}`);
    if (doc.draftText !== null) await remove(`${filePath(doc.path)}?draft=1`);
    localStorage.removeItem(this._prefix + doc.path);
    this.close(doc.path);
    await this.refresh();
  }

  /** Changed texts of other open files, which the server is to count with. */
  others(doc) {
    const found = [...this.open.values()].filter((other) => other !== doc && other.changed);
    return Object.fromEntries(found.map((other) => [other.path, other.text]));
  }
}
