// The messages of a simulation, as their readers would see them. HTML is shown in a frame that runs and loads nothing.
import { h } from "./dom.js";
import { clock, plain } from "./timeline.js";

let number = 0;

/** A list of messages, of which each opens into its text; `go(mail)` shows the step that sends it. */
export function mailbox(mails, go) {
  return h("ul", { className: "mails" }, mails.map((mail) => h("li", {}, messageOf(mail, go))));
}

function messageOf(mail, go) {
  const message = mail.message ?? mail;
  const body = h("div", { className: "mail" });
  const details = h("details", { on: { toggle: () => body.childElementCount || fill(body, message, mail, go) } },
    h("summary", {}, h("strong", {}, message.subject ?? mail.action?.replaceAll("_", " ") ?? "Message"), h("span", { className: "muted" }, ` ${whither(message)} ${mail.at ? clock(mail.at) : ""}`)), body);
  return details;
}

function whither(message) {
  const to = message.to ?? message.url ?? message.channel ?? "";
  return to ? `to ${plain(to)}` : "";
}

function fill(body, message, mail, go) {
  const facts = ["from", "to", "reply_to", "url", "composer"].filter((name) => message[name]);
  body.append(h("dl", {}, facts.flatMap((name) => [h("dt", {}, name.replace("_", " ")), h("dd", {}, plain(message[name]))])));
  const text = message.text ?? (message.body === undefined ? "" : typeof message.body === "string" ? message.body : JSON.stringify(message.body, null, 2));
  if (text) body.append(h("pre", { className: "mail-text", tabIndex: 0 }, text));
  if (message.html) body.append(frameOf(message));
  if (mail.source) body.append(h("div", { className: "buttons" }, h("button", { className: "plain small", on: { click: () => go(mail) } }, `Line ${mail.source.line}`)));
}

/** Our own server gives the HTML back under a policy that forbids everything: a page cannot do that by itself. */
function frameOf(message) {
  const name = `mail-${(number += 1)}`;
  const frame = h("iframe", { name, title: `Preview of ${message.subject ?? "the message"}` });
  frame.setAttribute("sandbox", "");
  const form = h("form", { method: "post", action: "/editor/preview", target: name, hidden: true }, h("textarea", { name: "html", value: message.html }));
  const show = h("button", { className: "plain small", on: { click: () => {
    show.replaceWith(frame, form);
    form.submit();
  } } }, "Show as HTML");
  return h("div", { className: "buttons" }, show);
}
