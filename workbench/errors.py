"""How a command fails: one sentence for people and an exit code, never a traceback."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot go on. `code` is 2 for wrong input (the default) and 3 for a failure while running."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
