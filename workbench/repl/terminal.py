"""The prompt at a terminal: colours, completion while typing, a history that lasts, rules of several lines.

Only a terminal imports this module: Prompt Toolkit takes a tenth of a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer

from workbench.highlight import PromptLexer
from workbench.repl.completing import suggestions
from workbench.repl.entry import is_finished, is_rules
from workbench.repl.session import Session

GO_ON = "  ...> "


def reader(session: Session) -> Callable[[str], str | None]:
    """Reads whole entries from the terminal; None at the end of the input."""
    prompt: PromptSession[str] = PromptSession(
        history=_history(),
        lexer=PygmentsLexer(PromptLexer),
        completer=_Completer(session),
        complete_while_typing=True,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=GO_ON,
    )

    def read(message: str) -> str | None:
        try:
            return prompt.prompt(message)
        except EOFError:
            return None

    return read


class _Completer(Completer):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand before the cursor."""
        for found in suggestions(self._session, document.text_before_cursor):
            yield Completion(found.text, -found.length, display=found.label, display_meta=found.detail)


def goes_on(text: str) -> bool:
    """Whether Enter begins another line: rules go on until they are finished or a line is empty."""
    return is_rules(text) and not is_finished(text) and bool(text.rpartition("\n")[2].strip())


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @Condition
    def at_end() -> bool:
        return bool(get_app().current_buffer.document.is_cursor_at_the_end)

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if goes_on(buffer.text):
            buffer.newline(copy_margin=True)
        else:
            buffer.validate_and_handle()

    @keys.add("tab", filter=at_end)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_next()
        else:
            buffer.start_completion(select_first=True)

    return keys


def _history() -> History:
    """The entries of this session and those before; of this one alone where nothing can be kept."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    file = Path(state) / "rulelang" / "history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab"):
            file.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
