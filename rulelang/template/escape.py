"""How values become text, and text becomes safe for where it goes. Only values are escaped, never the template."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from urllib.parse import quote

from rulelang.template.model import Sink, TemplateError

# C0 and C1 controls without tab and line feed; lone surrogates; bidirectional overrides stay, people use them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Escaped(str):
    """Text that the filter `escape` or `url_encode` made safe for one sink, where it is not escaped again."""

    sink: Sink

    def __new__(cls, text: str, sink: Sink) -> Escaped:
        """Mark `text` as safe for `sink`."""
        made = super().__new__(cls, text)
        made.sink = sink
        return made


def text_of(value: object) -> str:
    """A value as text: nothing for a missing one, `true` and `false`, `12` for 12.0, lists with commas.

    Raises:
        TemplateError: it is a record, which has no text.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)).normalize() + 0, "f")
        case list():
            return ", ".join(text_of(item) for item in value)
        case _:
            raise TemplateError("a whole record cannot be shown, only one of its fields")


def escape(text: str, sink: Sink) -> str:
    """Make the text of a value safe for a sink."""
    if isinstance(text, Escaped) and text.sink is sink:
        return text
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text)
    match sink:
        case Sink.HTML:
            return html.escape(_CONTROLS.sub("", text))
        case Sink.TEXT:
            return _CONTROLS.sub("", text)
        case Sink.HEADER:
            return _BREAKS.sub(" ", text)
        case Sink.URL:
            return quote(text, safe="")
        case Sink.SLACK:
            return html.escape(_CONTROLS.sub("", text), quote=False)
