"""The loop of the prompt: reads lines until something is complete, does it, prints what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulelang.calendar import CalendarError
from rulelang.diagnostics.terminal import harmless
from runtime.events import EventError
from runtime.simulate import SimulationError
from workbench.errors import CommandError
from workbench.repl import rules, views
from workbench.repl.commands import ALONE, COMMANDS, HELP, is_answers
from workbench.repl.entry import is_finished, is_rules
from workbench.repl.live import Live
from workbench.repl.saving import save
from workbench.repl.session import Session
from workbench.repl.trouble import Trouble

PROMPT, GO_ON = "rules> ", "  ...> "


class Loop:
    """The prompt over a source of lines. `read` gives the next line for a prompt, None at the end.

    A line from `read` may hold several; it is then taken as it is. `live` is the server that is looked at, if any.
    """

    def __init__(
        self,
        session: Session,
        read: Callable[[str], str | None],
        write: Callable[[str], None],
        color: bool = False,
        live: Live | None = None,
    ) -> None:
        self._session, self._read, self._write, self._color, self._live = session, read, write, color, live

    def run(self) -> None:
        """Go on until `quit` or the end of the input."""
        while True:
            try:
                line = self._read(PROMPT)
                text = self._whole(line) if line is not None else "quit"
                if text.strip() in ("quit", "exit"):
                    return
                if text.strip():
                    self._do(text)
            except KeyboardInterrupt:
                # As at other prompts, it gives up what was typed or is at work, and not the session.
                self._write("")

    def _whole(self, line: str) -> str:
        """A line with those that belong to it: rules go on until they are finished, or a line is empty."""
        if not is_rules(line) or "\n" in line:
            return line
        lines = [line]
        while not is_finished("\n".join(lines)):
            following = self._read(GO_ON)
            if following is None or not following.strip():
                break
            lines.append(following)
        return "\n".join(lines)

    def _do(self, text: str) -> None:
        try:
            for line in self._lines(text):
                self._write(line)
        except (Trouble, SimulationError, CalendarError, EventError, CommandError) as error:
            self._write(harmless(str(error)) if not is_rules(text) else str(error))
        except Exception as error:
            self._write(f"{type(error).__name__}: {error} (this is a mistake of ours)")

    def _lines(self, text: str) -> Iterator[str]:
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        if word == "edit":
            return rules.edit(self._session, rest, self._color, rules.in_editor)
        if is_rules(text):
            return rules.put(self._session, text, self._color)
        # What comes from records and events may hold anything.
        return map(harmless, self._answer(text, word, rest))

    def _answer(self, text: str, word: str, rest: str) -> Iterator[str]:
        session = self._session
        if word in ("help", "?") and not rest:
            return iter(HELP.split("\n"))
        if is_answers(text):
            return session.script(text.strip())
        if word not in COMMANDS or (word in ALONE and rest):
            return views.value(session, text)
        if not rest and word not in ALONE:
            raise Trouble(f"`{word}` takes {COMMANDS[word]}")
        match word:
            case "fire":
                return session.fire(rest)
            case "set":
                return session.set(rest)
            case "advance":
                return session.advance(rest)
            case "as":
                return self._look_at(rest)
            case "show":
                return self._show(rest)
            case "why":
                return views.why(session, rest)
            case "undo":
                return session.undo()
            case "save":
                return save(session, rest)
        return self._ask_live(word, rest)

    def _look_at(self, rest: str) -> Iterator[str]:
        if self._live is not None:
            self._live.fetch(self._session, rest)
        found = self._session.look_at(rest)
        return views.show_record(self._session, self._session.key().kind) if list(found) else found

    def _show(self, rest: str) -> Iterator[str]:
        if rest not in views.SHOWS:
            raise Trouble(f"`show` takes one of {', '.join(views.SHOWS)}")
        return views.SHOWS[rest](self._session)

    def _ask_live(self, word: str, rest: str) -> Iterator[str]:
        if self._live is None:
            raise Trouble(f"`{word}` asks a server; start with --server URL")
        return self._live.replay(self._session) if word == "replay" else self._live.tell(self._session, rest)
