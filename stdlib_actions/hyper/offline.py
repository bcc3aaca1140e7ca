"""The offline composer: a plain message from the instruction, without any model, always the same."""

from __future__ import annotations

import re

from stdlib_actions.hyper.model import Request, Written

_SUBJECT_LENGTH = 60
_LONGEST_NAME = 40
# Names are typed in by strangers: what could be an address or a sentence is not repeated.
_NAME = re.compile(r"[^\W\d_]+(?:(?:[ '’-]|\. )[^\W\d_]+)*")


class OfflineComposer:
    """Stands in where no model is configured, and in simulation. It writes nothing that it was not given."""

    name = "offline"

    async def write(self, request: Request) -> Written:
        """Greet, say what the instruction says, sign."""
        return plain_message(request)


def plain_message(request: Request) -> Written:
    """The built-in message: greeting, the instruction as a sentence, signature. Pure."""
    instruction = " ".join(request.instruction.split()).rstrip(".!")
    wish = f"{instruction[:1].lower()}{instruction[1:]}"
    sender = request.sender or "The team"
    if request.about:
        who = " ".join(filter(None, (_name(request, "first_name"), _name(request, "last_name"))))
        text = f"Hello,\n\n{f'about {who}: ' if who else ''}please {wish}.\n\n{sender}\n"
        return Written(_subject(instruction), text)
    name = _name(request, "first_name")
    greeting = f"Hello {name}," if name else "Hello,"
    offer = "Please reply to this message, and we will take it from there."
    return Written(_subject(instruction), f"{greeting}\n\nWe would like to {wish}. {offer}\n\n{sender}\n")


def _name(request: Request, fact: str) -> str:
    name = request.facts.get(fact, "")
    return name if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) else ""


def _subject(instruction: str) -> str:
    words = instruction.split(",")[0]
    if len(words) > _SUBJECT_LENGTH:
        words = words[:_SUBJECT_LENGTH].rsplit(" ", 1)[0] + " …"
    return words[:1].upper() + words[1:]
