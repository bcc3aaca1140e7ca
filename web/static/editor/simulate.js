// The panel that runs the rules on sample records and events, on a virtual clock.
import { Refusal, Unreachable, get, post } from "./api.js";
import { byId, counted, h, latest } from "./dom.js";
import { coverageText, marksOf } from "./marks.js";
import { mailbox } from "./mails.js";
import { Table } from "./table.js";
import { Timeline, clock } from "./timeline.js";

const FIRST = ["id", "email", "first_name", "last_name", "status", "stage"];
const NAMES = { contacts: "contact", accounts: "account", opportunities: "opportunity" };

/** The panel. It tells with the event "simulated"; `result` and `run`, the one that is chosen, are then set. */
export class Simulate extends EventTarget {
  result = null;
  run = null;

  constructor(docs, code, checking, workspace) {
    super();
    Object.assign(this, { docs, code, checking });
    this._key = `rulelang:${workspace}:samples`;
    this._ask = latest((signal, body) => post("simulate", body, signal));
    this.timeline = new Timeline((entry) => this._go(entry));
    this._tables = Object.fromEntries(Object.entries(NAMES).map(([kind, label]) =>
      [kind, new Table({ id: kind, label, columns: (rows) => columnsOf(rows, checking.fields[label]), fresh: (rows) => freshRecord(kind, rows), changed: () => this._keep() })]));
    this._events = new Table({ id: "events", label: "event", columns: eventColumns, fresh: () => this._freshEvent(), changed: () => this._keep() });
    this._from = field("simulate-from", "From", "first event");
    this._for = field("simulate-for", "For", "as long as something happens");
    this._only = h("input", { type: "checkbox", id: "simulate-only" });
    this._all = h("input", { type: "checkbox", id: "simulate-all" });
    this._said = h("p", { className: "said", role: "status" });
    this._result = h("div", { className: "result", hidden: true });
    this._all.addEventListener("change", () => this.timeline.show(this.result.timeline, this._all.checked));
    for (const input of [this._from, this._for, this._only]) input.addEventListener("change", () => this._keep());
    byId("simulate").replaceChildren(...this._build());
    checking.addEventListener("checked", () => Object.values(this._tables).forEach((table) => table.refresh()));
  }

  _build() {
    this._groups = Object.entries(this._tables).map(([kind, table]) => group(kind, table, kind === "contacts"));
    this._groups.push(group("events", this._events, true));
    this._inputs = h("details", { className: "group inputs", open: true }, h("summary", {}, "Sample records and events"), this._groups,
      h("div", { className: "span" }, labelled(this._from, "From"), labelled(this._for, "For")));
    return [
      h("div", { className: "runbar" },
        h("button", { on: { click: () => this.start() }, aria: { keyshortcuts: "Control+Enter" }, title: "Run (Ctrl-Enter)" }, "Run"),
        h("button", { className: "plain", on: { click: () => this._fresh() } }, "Fresh samples"),
        h("label", { className: "check" }, this._only, "only this file")),
      this._inputs, this._said, this._result,
    ];
  }

  // --- samples ---------------------------------------------------------------------------------------

  /** Load what was used the last time, or samples of the workspace; once. */
  load() {
    this._loading ??= this._load();
    return this._loading;
  }

  async _load() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(this._key));
    } catch {
      // What was kept cannot be read: begin with samples.
    }
    if (kept) this._use(kept);
    else await this._fresh();
  }

  async _fresh() {
    localStorage.removeItem(this._key);
    try {
      this._use(await get("samples"));
    } catch (error) {
      this._say(error.message);
    }
  }

  _use(samples) {
    for (const [kind, table] of Object.entries(this._tables)) table.set(samples[kind] ?? []);
    this._events.set(samples.events ?? []);
    this._from.value = samples.from ?? "";
    this._for.value = samples.for ?? "";
    this._only.checked = samples.only ?? false;
    for (const [number, kind] of Object.keys(NAMES).entries()) if (kind !== "contacts") this._groups[number].open = (samples[kind] ?? []).length > 0;
  }

  _keep() {
    const rows = Object.fromEntries(Object.entries(this._tables).map(([kind, table]) => [kind, table.rows]));
    localStorage.setItem(this._key, JSON.stringify({ ...rows, events: this._events.rows, from: this._from.value, for: this._for.value, only: this._only.checked }));
  }

  _freshEvent() {
    const contact = this._tables.contacts.rows[0]?.id ?? "c_1";
    return { type: "stage.entered", occurred_at: this._events.rows.at(-1)?.occurred_at ?? new Date().toISOString().slice(0, 19) + "Z", contact_id: contact, data: { stage: "SQL" } };
  }

  // --- running ---------------------------------------------------------------------------------------

  /** Run the rules with the text as it is. */
  async start() {
    if (this.docs.current === null) return this._say("Open a file first.");
    await this.load();
    const rows = Object.fromEntries(Object.entries(this._tables).map(([kind, table]) => [kind, table.chosen]));
    const body = this.checking.question({ ...rows, events: this._events.chosen, from: this._from.value.trim(), for: this._for.value.trim(), only: this._only.checked });
    this._say("Running…");
    try {
      const result = await this._ask(body);
      if (result !== undefined) this._show(result, body.text);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      this._result.hidden = true;
      this._say(error.message, true);
    }
  }

  _say(text, bad = false) {
    this._said.textContent = text;
    this._said.classList.toggle("error", bad);
  }

  _show(result, text) {
    this.result = result;
    this.run = result.runs[0] ?? null;
    const { runs, mails, timeline } = result;
    const until = timeline.at(-1) ? `, until ${clock(timeline.at(-1).at)}` : "";
    this._say(`${counted(runs.length, "run")}, ${counted(mails.length, "message")}${until}.${result.truncated ? ` Cut short: ${result.truncated}.` : ""}`);
    for (const entry of timeline) entry.words = this._words(entry, text);
    this.timeline.show(timeline, this._all.checked);
    this._result.replaceChildren(
      section("Runs", runs.length ? this._runs(runs) : h("p", { className: "empty" }, "No rule started. Tick “rules that did not match” to see why.", this._missing())),
      section("What happens", h("label", { className: "check" }, this._all, "rules that did not match"), this.timeline.element),
      section("Messages", mails.length ? mailbox(mails, (mail) => this._go(mail)) : h("p", { className: "empty" }, "No message would be sent.")),
      section("Covered", h("p", {}, `${coverageText(result.coverage)}. `, legend())));
    this._result.hidden = false;
    this._inputs.open = false; // What came out is to be seen; what went in is one press away.
    if (this.code.text === text) this.code.mark(marksOf(result.coverage, this.docs.current.path, (at) => this.code.lineOf(at)));
    this.dispatchEvent(new Event("simulated"));
  }

  /** Which of the fields that the rules read no sample has. */
  _missing() {
    return Object.entries(NAMES).flatMap(([kind, label]) => {
      const { chosen } = this._tables[kind];
      const without = (this.checking.fields[label] ?? []).filter((name) => chosen.every((row) => row[name] === undefined || row[name] === null));
      return chosen.length && without.length ? [` No sample ${label} has a value for ${without.join(", ")}.`] : [];
    });
  }

  /** An action as its author wrote it, where the text is here. */
  _words(entry, text) {
    const { source } = entry;
    if (entry.kind !== "action" || source?.path !== this.docs.current.path) return undefined;
    const written = text.slice(source.from, source.to).replace(/\s+/g, " ");
    return written.length > 70 ? `${written.slice(0, 68)}…` : written;
  }

  _runs(runs) {
    const rows = runs.map((run) => {
      const choose = h("button", { className: "row", on: { click: () => this._choose(run) }, data: { run: run.id } },
        h("span", { className: `state ${run.status}` }, run.status), h("strong", {}, run.rule), h("span", { className: "muted" }, `${run.subject.kind} ${run.subject.id}`),
        run.reason ? h("span", { className: "reason" }, run.reason) : null);
      if (run === this.run) choose.setAttribute("aria-current", "true");
      return h("li", {}, choose);
    });
    return h("ul", { className: "runs" }, rows);
  }

  _choose(run) {
    this.run = run;
    for (const row of this._result.querySelectorAll("[data-run]")) {
      if (row.dataset.run === run.id) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    this.dispatchEvent(new Event("simulated"));
  }

  async _go(entry) {
    if (!entry.source) return;
    if (this.docs.current?.path !== entry.source.path) await this.docs.show(entry.source.path);
    this.code.point(entry.source);
  }

  /** The cursor is on this line. */
  pointAt(path, line) {
    if (this.result !== null) this.timeline.point(path, line);
  }
}

function section(title, ...content) {
  return h("section", { aria: { label: title } }, h("h2", {}, title), content);
}

function group(kind, table, open) {
  return h("details", { className: "group", open, data: { kind } }, h("summary", {}, kind.charAt(0).toUpperCase() + kind.slice(1)), table.element);
}

function field(id, label, placeholder) {
  return h("input", { id, type: "text", placeholder, autocomplete: "off", spellcheck: false });
}

function labelled(input, label) {
  return h("label", {}, h("span", {}, label), input);
}

function legend() {
  return h("span", { className: "legend" }, [["all", "happened"], ["part", "one way only"], ["none", "never"]].map(([kind, label]) =>
    h("span", {}, h("span", { className: `mark ${kind}` }), label)));
}

/** The fields of rows, and those that the rules of the open file read. */
function columnsOf(rows, read = []) {
  const names = new Set([...rows.flatMap(Object.keys), ...read]);
  return [...FIRST.filter((name) => names.has(name)), ...[...names].filter((name) => !FIRST.includes(name))];
}

function eventColumns(rows) {
  const names = new Set(rows.flatMap(Object.keys));
  names.delete("id");
  const first = ["type", "occurred_at", "contact_id", "subject", "data", "changes"];
  return [...first.filter((name) => names.has(name)), ...[...names].filter((name) => !first.includes(name))];
}

function freshRecord(kind, rows) {
  const letter = kind[0];
  let number = rows.length + 1;
  while (rows.some((row) => row.id === `${letter}_${number}`)) number += 1;
  const known = rows[0] ?? { id: "", email: "", first_name: "" };
  const blank = Object.fromEntries(Object.keys(known).map((name) => [name, null]));
  return { ...blank, id: `${letter}_${number}`, ...("email" in known ? { email: `new${number}@example.test` } : {}) };
}
