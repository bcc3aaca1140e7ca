"""What all actions that send e-mail share: recipients are fixed, words found once, delivery repeated as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from rulelang.types.schema import Schema
from runtime.actions import ActionError, Facts, Intent
from runtime.consent import needs_consent, refusal
from runtime.links import Link
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.mail.addresses import Address
    from stdlib_actions.mail.compose import Attachment, Draft
    from stdlib_actions.mail.transport import MailTransport
    from stdlib_actions.rendering import Renderer
    from stdlib_actions.services import Services

MAX_RECIPIENTS = 100
"""The most people that one message goes to."""

MAX_FILES = 10
"""The most attachments of one message."""

MAX_SUBJECT = 250
"""The longest subject line, in characters; what is longer is cut."""


class Wording(msgspec.Struct, frozen=True):
    """The words of a message: `html` is "" for plain text alone; `notes` are kept for the journal."""

    subject: str
    text: str
    html: str = ""
    sender: str = ""
    notes: dict[str, JSON] = {}


class MailEffect:
    """An action that sends one e-mail. Subclasses say what it says (`word`)."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """Choose the addresses. They stay as they are now, whatever happens to the records meanwhile."""
        from stdlib_actions.recipients import resolve, sender

        to = resolve(args.get("to", "contact"), schema, facts)
        if len(to) > MAX_RECIPIENTS:
            raise ActionError(f"a message goes to at most {MAX_RECIPIENTS} people at once, not {len(to)}")
        chosen = {**args, "recipients": [list(address) for address in to]}
        for name in ("cc", "bcc"):
            if args.get(name) is not None:
                chosen[f"{name}_recipients"] = [list(a) for a in resolve(args[name], schema, facts)]
        mail = self.services.settings.mail
        if args.get("from") is not None:
            chosen["sender"] = list(sender(args["from"], "", schema, facts))
        if args.get("reply_to") is not None or mail.reply_to:
            chosen["answers"] = list(sender(args.get("reply_to"), mail.reply_to, schema, facts))
        return Intent(self.services.mail.destination, chosen)

    async def word(self, effect: Effect, facts: Facts) -> Wording:
        """Find the words, once.

        Raises:
            ActionError: there are none, and never will be.
        """
        raise NotImplementedError

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The draft of the message, kept so that every try sends the same."""
        wording = await self.word(effect, facts)
        draft = self._draft(effect, facts, wording)
        return {"message": msgspec.to_builtins(draft)} | wording.notes

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Ask for consent once more, compose, check the finished bytes, and make one attempt."""
        return await self.deliver_by(self.services.mail, effect, prepared, facts)

    async def deliver_by(
        self, transport: MailTransport, effect: Effect, prepared: JSON, facts: Facts
    ) -> Outcome:
        """As `deliver`, by a way out of one's own."""
        import asyncio

        from stdlib_actions.mail.compose import Draft, compose
        from stdlib_actions.mail.gate import mismatch
        from stdlib_actions.mail.transport import Envelope

        reason = withheld(effect.args, facts, self.services.schema())
        if reason:
            return Outcome(OutcomeKind.SUPPRESSED, reason)
        draft = msgspec.convert(prepared["message"], Draft)
        try:
            content = compose(draft, await asyncio.to_thread(self._files, draft) if draft.attachments else ())
        except ActionError as missing:
            return Outcome(OutcomeKind.FAILED, str(missing))
        problem = mismatch(draft, content)
        if problem:
            return Outcome(OutcomeKind.FAILED, f"{problem}; nothing was sent")
        return await transport.send(
            Envelope(draft.sender.email, draft.recipients, content, effect.key, effect.created_at)
        )

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        to = ", ".join(email for email, _ in args.get("recipients", ()))
        message = (prepared or {}).get("message", {})
        return f"e-mail to {to}: {message.get('subject', '')}"

    def renderer(self, facts: Facts) -> Renderer:
        """Renders templates and inline texts with these facts."""
        from stdlib_actions.rendering import Renderer

        return Renderer(self.services.schema(), facts)

    def _draft(self, effect: Effect, facts: Facts, wording: Wording) -> Draft:
        from stdlib_actions.mail.addresses import Address, one_line
        from stdlib_actions.mail.compose import Draft, message_id

        args = effect.args
        chosen = Address(*args["sender"]) if "sender" in args else self._sender(wording, facts)
        id = message_id(effect.key, chosen)
        text, html, unsubscribe = self._finished(effect, facts, wording, id.strip("<>"))
        return Draft(
            sender=chosen,
            to=tuple(Address(*pair) for pair in args["recipients"]),
            subject=one_line(wording.subject)[:MAX_SUBJECT],
            text=text,
            html=html,
            message_id=id,
            date=effect.created_at,
            reply_to=Address(*args["answers"]) if "answers" in args else None,
            unsubscribe=unsubscribe,
            cc=tuple(Address(*pair) for pair in args.get("cc_recipients", ())),
            bcc=tuple(Address(*pair) for pair in args.get("bcc_recipients", ())),
            attachments=self._attachments(args.get("attach")),
        )

    def _finished(self, effect: Effect, facts: Facts, wording: Wording, id: str) -> tuple[str, str, str]:
        """Text, HTML and the address to unsubscribe at, as they leave: styles inlined, links as the operator wants."""
        from stdlib_actions.mail import tracking

        links, mail, args = self.services.links, self.services.settings.mail, effect.args
        text, html = wording.text, tracking.with_inline_styles(wording.html) if wording.html else ""
        marketing = not args.get("transactional") and reaches_contact(args, facts)
        if links is None or not reaches_contact(args, facts):
            return text, html, self._own_page(facts) if marketing else ""
        about = Link(
            "u",
            facts.contact["id"],
            id,
            effect.rule,
            effect.step,
            str(args.get("template") or ""),
            str(args.get("topic") or ""),
        )
        unsubscribe = (self._own_page(facts) or links.address(about)) if marketing else ""
        if unsubscribe and mail.unsubscribe_text:
            text = f"{text.rstrip()}\n\n-- \n{mail.unsubscribe_text}: {unsubscribe}\n"
            html = tracking.with_footer(html, mail.unsubscribe_text, unsubscribe) if html else ""
        if html and args.get("track") is not False:
            html = tracking.with_tracked_links(html, links, about) if mail.track_clicks else html
            html = tracking.with_pixel(html, links, about) if mail.track_opens else html
        return text, html, unsubscribe

    def _attachments(self, named: JSON) -> tuple[Attachment, ...]:
        from stdlib_actions.mail.compose import Attachment

        if not named:
            return ()
        names = named if isinstance(named, list) else [named]
        if len(names) > MAX_FILES:
            raise ActionError(f"a message has at most {MAX_FILES} attachments")
        found = []
        for name in map(str, names):
            document = self.services.documents.named(name)
            found.append(Attachment(document.name, document.media, document.sha256, name))
        return tuple(found)

    def _files(self, draft: Draft) -> list[bytes]:
        """The bytes of the attachments, those that were meant. Blocks."""
        store = self.services.documents
        return [store.content(store.named(file.document), file.sha256) for file in draft.attachments]

    def _sender(self, wording: Wording, facts: Facts) -> Address:
        from stdlib_actions.recipients import sender

        default = wording.sender or self.services.settings.mail.sender
        return sender(None, default, self.services.schema(), facts)

    def _own_page(self, facts: Facts) -> str:
        """The operator's own page for unsubscribing; "" without one."""
        from urllib.parse import quote

        url = self.services.settings.mail.unsubscribe_url
        return url.replace("{contact_id}", quote(str(facts.contact.get("id", "")), safe=""))


def withheld(args: Mapping[str, JSON], facts: Facts, schema: Schema) -> str | None:
    """Why a message must not go out now, with the facts of this moment; None when it may."""
    if not reaches_contact(args, facts):
        return None
    if not facts.contact:
        return "the contact no longer exists"
    topic = schema.topics.get(str(args.get("topic", "")))
    return refusal("email", facts.contact, transactional=bool(args.get("transactional")), topic=topic)


def reaches_contact(args: Mapping[str, JSON], facts: Facts) -> bool:
    """Whether the message is for the contact, also when its address was spelled out."""
    return needs_consent(args, facts.contact) or _is_own_address(args, facts)


def _is_own_address(args: Mapping[str, JSON], facts: Facts) -> bool:
    """Whether an address that was spelled out, perhaps with a name around it, is the contact's."""
    own = str(facts.contact.get("email") or "").casefold()
    spelled = str(args.get("to", "")).startswith("address:")
    return bool(own) and spelled and any(email.casefold() == own for email, _ in args["recipients"])
