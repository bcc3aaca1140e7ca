"""The loop of the prompt: reads lines until something is complete, does it, prints what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulelang.calendar import CalendarError
from rulelang.diagnostics.terminal import harmless
from runtime.events import EventError
from runtime.simulate import SimulationError
from workbench.repl.entry import is_finished, is_rules
from workbench.repl.session import SHOWS, Session
from workbench.repl.trouble import Trouble

PROMPT, GO_ON = "rules> ", "  ...> "

HELP = """\
score >= 80 and owner is set      an expression: its value and type
on stage enter "SQL" do …         a rule: it is in force at once; an empty line ends one of several lines
fire stage enter "SQL"            let an event happen; `with amount = 10` gives it data
advance 30m                       let time pass; also `advance until next`, `until 9:00`, `until 2026-03-01`
as contact c_1                    look at another record
show contact                      its fields; also `show runs`, `outbox`, `journal`, `rules`, `account`, `opportunity`
why "rule"                        why a rule started for this record, or why not
quit                              leave; nothing is kept, and nothing was sent"""


class Loop:
    """The prompt over a source of lines. `read` gives the next line for a prompt, None at the end."""

    def __init__(
        self,
        session: Session,
        read: Callable[[str], str | None],
        write: Callable[[str], None],
        color: bool = False,
    ) -> None:
        self._session, self._read, self._write, self._color = session, read, write, color

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
        if not is_rules(line):
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
        except (Trouble, SimulationError, CalendarError, EventError) as error:
            self._write(str(error))
        except Exception as error:
            self._write(f"{type(error).__name__}: {error} (this is a mistake of ours)")

    def _lines(self, text: str) -> Iterator[str]:
        if is_rules(text):
            return self._session.add_rules(text, self._color)
        # What comes from records and events may hold anything.
        return map(harmless, self._answer(text))

    def _answer(self, text: str) -> Iterator[str]:
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        if word in ("help", "?") and not rest:
            return iter(HELP.split("\n"))
        if word == "show":
            if rest not in SHOWS:
                raise Trouble(f"`show` takes one of {', '.join(SHOWS)}")
            return SHOWS[rest](self._session)
        commands = {
            "fire": (self._session.fire, 'an event such as `stage enter "SQL"`'),
            "advance": (self._session.advance, "a time such as `30m` or `until next`"),
            "as": (self._session.look_at, "a record such as `contact c_1`"),
            "why": (self._session.why, "the name of a rule"),
        }
        if word in commands:
            command, wanted = commands[word]
            if not rest:
                raise Trouble(f"`{word}` takes {wanted}")
            return command(rest)
        return self._session.evaluate(text)
