// Questions to the author, in native dialogs: Escape closes them, focus goes back to where it was.
import { h } from "./dom.js";

let number = 0;

/**
 * Shows a dialog and gives the value of the button that closed it, "" for Escape.
 * `buttons` are [value, label, style]; `onOpen` is called when the dialog is there.
 */
export function ask({ title, body, buttons, wide = false, onOpen = () => {} }) {
  const id = `dialog-${(number += 1)}`;
  const form = h("form", { method: "dialog" },
    h("h2", { id }, title),
    h("div", { className: "body" }, body),
    h("div", { className: "buttons end" }, buttons.map(([value, label, style = ""]) =>
      h("button", { value, className: style, formNoValidate: value === "" }, label))));
  const dialog = h("dialog", { className: wide ? "wide" : "", aria: { labelledby: id } }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
    // What cannot be undone is not one key away.
    const [[, , style]] = buttons;
    form.querySelector(`.buttons.end button:${style === "danger" ? "last" : "first"}-child`).focus();
    onOpen(dialog);
  });
}

/** Asks for a line of text; null when the author thinks better of it. `complete` adds what goes without saying. */
export async function askText({ title, label, value, hint, pattern, button, complete = (text) => text }) {
  const input = h("input", { id: "dialog-text", name: "text", value, title: hint, required: true, pattern, spellcheck: false, autocomplete: "off" });
  // The browser checks the pattern after `change`, which Enter and a way to the button both set off.
  input.addEventListener("change", () => { input.value = complete(input.value.trim()); });
  const body = [h("label", { htmlFor: "dialog-text" }, label), input, h("p", { className: "muted" }, hint)];
  const buttons = [["ok", button], ["", "Cancel", "plain"]];
  const answer = await ask({ title, body, buttons, onOpen: () => { input.focus(); input.setSelectionRange(0, input.value.length); } });
  return answer === "ok" ? input.value.trim() : null;
}

/** Says something that the author has to know. */
export function tell(title, body) {
  return ask({ title, body, buttons: [["ok", "Close"]] });
}
