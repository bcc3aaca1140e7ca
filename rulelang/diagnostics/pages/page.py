"""What a page of explanation is made of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """The explanation of one code.

    `wrong` is a program that yields the code, `right` one that is clean. Where a mistake needs a long text, `…`
    in `wrong` stands for `filling`, a text and how often it is repeated. `templates` are message templates, by
    name, that both programs have; `wrong_templates` replace them for the wrong one.
    """

    title: str
    meaning: str
    wrong: str
    right: str
    filling: tuple[str, int] | None = None
    templates: dict[str, str] = field(default_factory=dict)
    wrong_templates: dict[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The wrong example in full length."""
        if self.filling is None:
            return self.wrong
        text, count = self.filling
        return self.wrong.replace("…", text * count)
