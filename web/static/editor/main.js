// The page of the editor: its parts are made here and told of each other.
import { Refusal, Unreachable, connection } from "./api.js";
import { Catalogue } from "./catalogue.js";
import { Checking } from "./checking.js";
import { Code } from "./code.js";
import { Deploy } from "./deploy.js";
import { ask, tell } from "./dialog.js";
import { Docs } from "./docs.js";
import { byId, debounced, h } from "./dom.js";
import { Files } from "./files.js";
import { Flow } from "./flow.js";
import { Outline } from "./outline.js";
import { Search } from "./search.js";
import { Simulate } from "./simulate.js";
import { tabs } from "./tabs.js";
import { Tests } from "./tests.js";

const { nonce, workspace, mayWrite } = byId("main").dataset;
const POLL = 5000;
const REGIONS = ["files", "text", "panels"];

const docs = new Docs(workspace, mayWrite === "yes");
const keys = [
  { key: "Mod-s", run: () => act(save), preventDefault: true },
  { key: "Mod-Enter", run: () => act(simulateNow), preventDefault: true },
  { key: "Shift-Alt-f", run: () => act(format), preventDefault: true },
  { key: "F2", run: () => act(rename), preventDefault: true },
  { key: "F12", run: () => act(() => checking.define()), preventDefault: true },
];
const code = new Code(byId("text"), nonce, {
  keys,
  changed: (text) => docs.current && docs.typed(docs.current, text),
  moved: (state) => moved(state),
  complete: (context) => checking.complete(context),
  hover: (at) => checking.hover(at),
});
const checking = new Checking(docs, code, { problems: byId("problems"), count: byId("count") });
const outline = new Outline(docs, code, checking);
const simulate = new Simulate(docs, code, checking, workspace);
const flow = new Flow(docs, code, checking, simulate);
const catalogue = new Catalogue(code, docs);
const search = new Search(checking);
const deploy = new Deploy(docs, code, checking, nonce, said);
new Files(docs);
new Tests(docs, code, checking);
const choosePanel = tabs(document.querySelector('[data-tabs="panels"]'), (panel) => opened(panel));
const chooseSide = tabs(document.querySelector('[data-tabs="side"]'));

/** Do what a key or button says; a refusal becomes a sentence for the author. */
function act(work) {
  Promise.resolve(work()).catch((error) => {
    if (error instanceof Unreachable) return; // The banner says so.
    if (!(error instanceof Refusal)) throw error;
    tell("That did not work", error.message);
  });
  return true;
}

// --- what the buttons do -----------------------------------------------------------------------------

async function save() {
  if (docs.current === null || !docs.mayWrite) return;
  if (docs.current.rival !== null) return deploy.mergeDrafts();
  await (docs.current.changed ? docs.save(docs.current) : docs.forget(docs.current));
}

async function format() {
  if (docs.current !== null) said((await checking.format()) ? "Formatted." : "Nothing to format.");
}

async function rename() {
  const files = docs.current && (await checking.rename());
  if (files) said(`Renamed in ${files === 1 ? "this file" : `${files} files`}.`);
}

async function simulateNow() {
  choosePanel("simulate");
  await simulate.start();
}

async function discard() {
  const doc = docs.current;
  const body = doc.live.version ? "The text goes back to the one that is in force." : "The file was never in force: it goes away.";
  const answer = await ask({ title: `Discard what you changed in ${doc.path}?`, body, buttons: [["ok", "Discard", "danger"], ["", "Keep it", "plain"]] });
  if (answer === "ok") await docs.discard(doc);
}

function showKeys() {
  const table = h("table", {}, h("tbody", {}, [
    ["Escape, then Tab", "leave the text; Tab alone indents"], ["F6", "next region: files, text, panels"], ["Ctrl-Space", "what could be typed here"],
    ["F1", "explain the word at the cursor"], ["F8", "next mistake"], ["Ctrl-Shift-M", "list of mistakes, with fixes"], ["F12", "go to where a name is declared"],
    ["F2", "rename a rule or field everywhere"],
    ["Shift-Alt-F", "format"], ["Ctrl-Enter", "simulate"], ["Ctrl-S", "save as draft"], ["Ctrl-F", "find and replace in this file"], ["Ctrl-Shift-F", "search all files"],
    ["Ctrl-Z, Ctrl-Y", "undo, redo"], ["Ctrl-/", "comment out"], ["Ctrl-Shift-[ and ]", "fold, unfold"],
  ].map(([key, what]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, what)))));
  return tell("Keys", [table, h("p", { className: "muted" }, "On a Mac, Cmd stands for Ctrl.")]);
}

const BUTTONS = { format, discard, save, compare: () => deploy.compare(), live: () => deploy.goLive(), keys: showKeys };
for (const [id, work] of Object.entries(BUTTONS)) byId(id).addEventListener("click", () => act(work));

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const ctrl = event.ctrlKey || event.metaKey;
  const work = ctrl && event.shiftKey && event.key.toLowerCase() === "f" ? searchAll
    : ctrl && event.key === "s" ? save : ctrl && event.key === "Enter" ? simulateNow : event.key === "F6" ? () => nextRegion(event.shiftKey) : null;
  if (work === null) return;
  event.preventDefault();
  act(work);
});

function searchAll() {
  chooseSide("search");
  search.focus();
}

function nextRegion(back) {
  const at = REGIONS.findIndex((id) => byId(id).closest("section").contains(document.activeElement));
  const next = REGIONS[(at + (back ? REGIONS.length - 1 : 1)) % REGIONS.length];
  if (next === "text") code.view.focus();
  else byId(next).closest("section").querySelector('[role="tab"][aria-selected="true"]').focus();
}

// --- what is shown -----------------------------------------------------------------------------------

const forgetMessage = debounced(() => said(""), 8000);

/** Say something for a while, where it moves nothing. */
function said(text) {
  byId("said").textContent = text;
  if (text) forgetMessage();
}

function showBanner() {
  const doc = docs.current;
  const [text, kind, more] = bannerOf(doc);
  const banner = byId("banner");
  if (banner.dataset.text === text) return;
  banner.dataset.text = text;
  banner.hidden = text === "";
  banner.className = `banner ${kind}`;
  banner.replaceChildren(text, ...(more ? [" ", more] : []));
}

function bannerOf(doc) {
  if (connection.state === "offline") return ["The server cannot be reached. Go on writing: it is kept in this browser, and saved as soon as the server is back.", "bad"];
  if (connection.state === "stranger") return ["You are signed out. What you write is kept in this browser.", "bad", h("a", { href: "/sign-in", target: "_blank", rel: "noopener" }, "Sign in in another tab")];
  if (doc?.stale && doc.live.version) return [`${doc.path} was changed by somebody else since you began.`, "warn", h("button", { className: "small", on: { click: () => act(() => deploy.mergeCurrent()) } }, "Compare and merge")];
  if (doc && doc.rival !== null) return [`There is another draft of ${doc.path}, from another browser of yours.`, "warn", h("button", { className: "small", on: { click: () => act(() => deploy.mergeDrafts()) } }, "Compare and merge")];
  if (doc?.problem) return [`The draft is not saved: ${doc.problem}`, "bad"];
  if (doc && doc.live.version && !doc.inForce) return ["The file on disk has mistakes; the rules that run are those from before.", "warn"];
  return ["", ""];
}

function showState() {
  const doc = docs.current;
  byId("title").textContent = doc?.path ?? "Editor";
  document.title = `${doc ? `${doc.changed ? "• " : ""}${doc.path} · ` : ""}Editor · rulelang`;
  const [text, kind] = stateOf(doc);
  byId("state").textContent = text;
  byId("state").className = `state ${kind}`;
  byId("state").hidden = text === "";
  const may = docs.mayWrite && doc !== null;
  byId("save").disabled = !may || doc.kept;
  byId("compare").disabled = !doc?.changed;
  byId("discard").disabled = !may || !(doc.changed || doc.draftText !== null);
  byId("live").disabled = !may || !doc.changed || checking.errors > 0;
  byId("live").title = checking.errors > 0 ? "Mend the mistakes first" : "";
  byId("format").disabled = doc === null;
  showBanner();
  showOpen();
}

function stateOf(doc) {
  if (doc === null) return ["", ""];
  if (!doc.changed) return doc.inForce ? ["in force", "live"] : ["on disk", "blocked"];
  if (doc.kept) return ["draft saved", "waiting"];
  return connection.state === "online" ? ["not saved yet", "draft"] : ["kept in this browser", "blocked"];
}

let openShown = "";

function showOpen() {
  const now = JSON.stringify([docs.current?.path, [...docs.open.values()].map((doc) => [doc.path, doc.changed])]);
  if (now === openShown) return;
  openShown = now;
  const items = [...docs.open.values()].map((doc) => {
    const name = h("button", { className: "name", title: doc.path, on: { click: () => act(() => docs.show(doc.path)) } },
      doc.path.split("/").at(-1), doc.changed ? h("span", { className: "dot" }) : null, doc.changed ? h("span", { className: "hidden" }, ", changed") : null);
    if (doc === docs.current) name.setAttribute("aria-current", "true");
    return h("li", {}, name, h("button", { className: "close", aria: { label: `Close ${doc.path}` }, on: { click: () => close(doc) } }, "×"));
  });
  byId("open").replaceChildren(h("ul", {}, items));
}

function close(doc) {
  code.forget(doc.path);
  docs.close(doc.path);
}

let shown = null;

/** Another file, or another text of the same one. */
function showDoc() {
  const doc = docs.current;
  if (doc === shown && doc !== null) code.replace(doc.text);
  else code.show(doc);
  shown = doc;
  history.replaceState(null, "", doc ? `/editor?file=${encodeURIComponent(doc.path)}` : "/editor");
  checking.now();
  outline.now();
  flow.now();
  showState();
}

const pointSoon = debounced((path, line, at) => {
  simulate.pointAt(path, line);
  flow.pointAt(at);
}, 120);

function moved(state) {
  const at = state.selection.main.head;
  const line = state.doc.lineAt(at);
  byId("place").textContent = `Line ${line.number}, column ${at - line.from + 1}`;
  if (docs.current) pointSoon(docs.current.path, line.number, at);
}

function opened(panel) {
  flow.show(panel === "flow");
  if (panel === "simulate") act(() => simulate.load());
  if (panel === "catalogue") act(() => catalogue.load());
}

docs.addEventListener("open", showDoc);
docs.addEventListener("list", showState);
docs.addEventListener("change", () => {
  showState();
  checking.soon();
  outline.soon();
  flow.soon();
});
checking.addEventListener("checked", showState);
connection.addEventListener("change", () => {
  showState();
  if (connection.state === "online") act(() => docs.refresh());
});

// --- beginning ---------------------------------------------------------------------------------------

async function begin() {
  const asked = new URLSearchParams(location.search);
  await docs.refresh();
  const remembered = docs.remembered().filter((path) => path && path !== asked.get("file"));
  const first = asked.get("file") ?? remembered.shift() ?? docs.files.find((file) => file.kind === "rules")?.path;
  for (const path of remembered.reverse()) await docs.show(path).catch(() => null);
  if (first) await docs.show(first).catch((error) => void tell("That did not work", error.message));
  if (docs.current === null) showDoc();
  if (asked.has("at")) code.select(Number(asked.get("at")) || 0);
  const line = Number(asked.get("line"));
  if (line > 0) code.select(code.view.state.doc.line(Math.min(line, code.view.state.doc.lines)).from);
  opened(document.querySelector('[data-tabs="panels"] [aria-selected="true"]').getAttribute("aria-controls"));
  byId("main").dataset.ready = "yes";
}

setInterval(() => {
  if (!document.hidden && connection.state === "online") docs.refresh().catch(() => null);
}, POLL);

act(begin);
