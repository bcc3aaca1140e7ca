"""From what is typed at the prompt to statements of a test, so that both mean the same."""

from __future__ import annotations

from rulelang.calendar import CalendarError
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from runtime.model import SubjectKey
from workbench.repl.deeds import Said
from workbench.repl.trouble import Trouble, sentence
from workbench.testing.lines import Mistake
from workbench.testing.meaning import Meaning
from workbench.testing.parser import read_statement
from workbench.testing.writing import record


def fired(text: str, key: SubjectKey) -> str:
    """The statement of `fire`: the event happens to a record."""
    tokens = tokenize(Source("prompt", text)).tokens
    at = next((token.start for token in tokens if token.kind == "WITH"), len(text))
    return f"when {text[:at].strip()} for {record(key)} {text[at:]}".strip()


def changed(text: str, key: SubjectKey) -> str:
    """The statement of `set`: fields of a record change."""
    return f"when {record(key)} gets {text}"


def passed(text: str) -> str:
    """The statement of `advance` by a duration or `until` a moment."""
    word, _, rest = text.partition(" ")
    return f"until {rest.strip()}" if word == "until" else f"after {text}"


def said(text: str, meaning: Meaning) -> Said:
    """A statement with what it means.

    Raises:
        Trouble: it means nothing.
    """
    try:
        return Said(read_statement(text, meaning), text)
    except Mistake as error:
        raise Trouble("\n".join(map(sentence, error.diagnostics))) from None
    except CalendarError as error:
        raise Trouble(str(error)) from None
