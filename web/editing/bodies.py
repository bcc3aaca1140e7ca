"""Bodies of the editor's requests: JSON objects of a known shape, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from runtime.files import MAX_FILE, FileKind, kind_of
from web.body import read_object
from web.problems import Problem

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request; the text in it is at most as large as a file."""
MAX_PATH = 300
MAX_TEXTS = 50

T = TypeVar("T", bound=msgspec.Struct)


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """A text that is being edited. `others` are unsaved texts of other files, by path."""

    path: str
    text: str
    others: dict[str, str] = {}


class At(Place, forbid_unknown_fields=True):
    """A place in such a text, in UTF-16 code units."""

    at: int = 0


async def read_as(request: Request, shape: type[T]) -> T:
    """The body of a request as a value of `shape`.

    Raises:
        Problem: 400 for another shape, 413 for too much of it, and what `read_object` raises.
    """
    raw = await read_object(request, limit=MAX_BODY)
    try:
        body = msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise Problem(400, f"the body is not as it should be: {error}") from None
    if isinstance(body, Place):
        check_texts({body.path: body.text, **body.others})
    return body


def check_texts(texts: Mapping[str, str]) -> None:
    """Refuse what `check_text` refuses, and too many files.

    Raises:
        Problem: 400 or 413.
    """
    if len(texts) > MAX_TEXTS:
        raise Problem(400, f"at most {MAX_TEXTS} files can be edited at once")
    for path, text in texts.items():
        check_text(path, text)


def check_text(path: str, text: str) -> None:
    """Refuse a path that is nothing to authors, or a text that is no file's.

    Raises:
        Problem: 400 or 413.
    """
    if len(path) > MAX_PATH or "\0" in path or kind_of(path) is None:
        raise Problem(400, f"{path[:100]!r} is no path of a file that authors write")
    if len(text) > MAX_FILE or len(text.encode()) > MAX_FILE:
        raise Problem(413, f"a file is at most {MAX_FILE // 1024 // 1024} MiB; split it")


def is_rules(path: str) -> bool:
    """Whether a path is that of a rule file, which the language service knows."""
    return kind_of(path) is FileKind.RULES


def is_template(path: str) -> bool:
    """Whether a path is that of a message template."""
    return kind_of(path) is FileKind.TEMPLATE


def body_schema(shape: type[msgspec.Struct]) -> Mapping[str, Any]:
    """The JSON Schema of a body, whole, for the OpenAPI document."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    found: Mapping[str, Any] = _resolved(schema, parts)
    return found


def _resolved(schema: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _resolved(parts[schema["$ref"]], parts)
        return {key: _resolved(value, parts) for key, value in schema.items()}
    return [_resolved(item, parts) for item in schema] if isinstance(schema, list) else schema
