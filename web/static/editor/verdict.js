// What the tests of the workspace say of texts that are about to go live. They forbid nothing: the author decides.
import { Refusal, Unreachable, post } from "./api.js";
import { counted, h } from "./dom.js";

const NAMED = 5;

/** Runs all tests with these texts, by path. `element` tells how they end; `stop` gives up waiting for it. */
export function tried(texts) {
  const waiting = new AbortController();
  const element = h("div", { className: "verdict", role: "status" }, h("p", { className: "muted" }, "Running the tests of the workspace…"));
  tell(element, texts, waiting.signal);
  return { element, stop: () => waiting.abort() };
}

async function tell(element, texts, signal) {
  try {
    element.replaceChildren(...told(await post("test", { others: texts }, signal)));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
    element.replaceChildren(h("p", { className: "error" }, `The tests could not be run: ${error.message}`));
  }
}

function told({ passed, failed, tests, diagnostics, truncated }) {
  const unread = diagnostics.map((d) => h("li", {}, `${d.path}:${d.line} ${d.message}`));
  const cut = truncated ? ` Cut short: ${truncated}.` : "";
  if (!failed && !unread.length) {
    return [h("p", {}, passed ? `${counted(passed, "test")} of the workspace ${passed === 1 ? "passes" : "pass"} with this.${cut}` : `The workspace has no tests.${cut}`)];
  }
  const said = [failed ? `${counted(failed, "test")} of the workspace ${failed === 1 ? "fails" : "fail"} with this` : "", unread.length ? "not all tests can be read" : ""];
  const failures = tests.filter((test) => !test.passed).map((test) => h("li", {}, `${test.path}:${test.line} ${test.name}`));
  const lines = [...failures, ...unread];
  const more = lines.length - NAMED;
  return [h("p", { className: "error" }, `${said.filter(Boolean).join("; ")}.${cut}`),
    h("ul", {}, lines.slice(0, NAMED), more > 0 ? h("li", {}, `and ${more} more: the tab Tests shows all`) : null)];
}
