"""Typesetting with Typst (typst.app/docs): a template of the workspace and facts become a PDF. Nothing is loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from runtime.actions import ActionError

_PACKAGE = re.compile(r"""(?:import|include)\s*\(?\s*["']@""")
MAX_SOURCE = 256 * 1024


def typeset(path: Path, data: dict[str, Any]) -> bytes:
    """The PDF. `data` is what the template reads as `json(bytes(sys.inputs.data))`. Blocks.

    Raises:
        ActionError: the template cannot be set; the message is Typst's own.
    """
    import typst

    source = path.read_bytes()
    if len(source) > MAX_SOURCE:
        raise ActionError(f"the template `{path.name}` is larger than {MAX_SOURCE >> 10} KiB")
    for file in {path, *path.parent.glob("*.typ")}:
        if _PACKAGE.search(file.read_text("utf-8", "replace")):
            raise ActionError(
                f"`{file.name}` imports a package, which would be loaded from elsewhere: copy it here"
            )
    inputs = {"data": msgspec.json.encode(data).decode()}
    try:
        return bytes(
            typst.compile(str(path), root=str(path.parent), sys_inputs=inputs, ignore_system_fonts=True)
        )
    except typst.TypstError as problem:
        raise ActionError(f"`{path.name}` cannot be set: {str(problem)[:500]}") from None
