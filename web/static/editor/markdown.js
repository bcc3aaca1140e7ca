// The little of Markdown that documentation uses: paragraphs, lists, fences, `code` and **strong**.
import { h } from "./dom.js";

/** A text as elements. */
export function markdown(text) {
  const root = h("div", { className: "prose" });
  for (const block of blocksOf(text)) root.append(block);
  return root;
}

function blocksOf(text) {
  const parts = text.split(/^```[a-z]*\n([\s\S]*?)^```$/m);
  return parts.flatMap((part, number) =>
    number % 2 ? [h("pre", {}, h("code", {}, part.replace(/\n$/, "")))] : paragraphsOf(part));
}

function paragraphsOf(text) {
  return text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean).map((part) => {
    const lines = part.split("\n");
    if (lines.every((line) => /^[-*] /.test(line))) {
      return h("ul", {}, lines.map((line) => h("li", {}, inline(line.slice(2)))));
    }
    return h("p", {}, inline(part));
  });
}

/** A line as text, code and strong. */
export function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).filter(Boolean).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    return part.startsWith("**") ? h("strong", {}, part.slice(2, -2)) : part;
  });
}
