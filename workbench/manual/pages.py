"""The pages of the documentation: those of the folder docs/, and one for each declaration and each code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rulelang.catalog.model import Catalogue
from rulelang.catalog.reference import function_section, trigger_section
from rulelang.diagnostics.explain import PAGES, explain
from rulelang.diagnostics.suggest import did_you_mean
from stdlib_actions.reference import action_section

PLACES = (Path(__file__).parent / "docs", Path(__file__).parent.parent.parent / "docs")
"""Where the pages are: in an installed package, in the repository."""

KINDS = ("trigger", "action", "function")
_SLOT = re.compile(r"\[[^\]]*\]|\{[^}]*\}|\([^)]*\)")
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
_NEAR = 10


class NoPage(Exception):
    """There is nothing of this name; the message is a sentence with what is meant or near."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place of a page where a text stands: `line` of the page `topic`."""

    topic: str
    line: str


class Manual:
    """All pages, found by topic."""

    def __init__(self, catalogue: Catalogue, folder: Path | None = None) -> None:
        self._catalogue = catalogue
        self._folder = folder or next(place for place in PLACES if place.is_dir())

    @cached_property
    def files(self) -> dict[str, str]:
        """The texts of the pages of docs/ by name, such as `testing`."""
        return {path.stem: path.read_text("utf-8") for path in sorted(self._folder.glob("*.md"))}

    def titles(self) -> Iterator[tuple[str, str]]:
        """Each page with its heading."""
        for name, text in self.files.items():
            yield name, text.partition("\n")[0].lstrip("# ")

    def page(self, words: tuple[str, ...]) -> str:
        """The page of a topic as Markdown: a page of docs/ or a heading in one, `trigger PHRASE`, `action NAME`,
        `function NAME`, a code.

        Raises:
            NoPage: there is none.
        """
        topic = " ".join(words).strip()
        if len(words) > 1 and words[0] in KINDS:
            return self._declared(words[0], " ".join(words[1:]))
        if topic.upper() in PAGES:
            return explain(topic)
        if topic.lower() in self.files:
            return self.files[topic.lower()]
        found = [page for kind in KINDS for page in self._sections(kind, topic)] or self._headed(topic)
        if found:
            return "\n".join(found)
        raise NoPage(self._miss(topic))

    def _headed(self, topic: str) -> list[str]:
        """The parts of pages whose heading is a topic, or ends in it (`policy`: "Sending policy")."""
        wanted = f" {topic.casefold()}"
        parts = (part for text in self.files.values() for part in _HEADING.split(text)[1:])
        return [part for part in parts if topic and f" {_title(part)}".endswith(wanted)]

    def search(self, text: str) -> list[Hit]:
        """The places where a text stands, whatever its case: in pages, phrases, names and titles of codes."""
        wanted = text.casefold()
        return [hit for hit in self._lines() if wanted in hit.line.casefold()]

    def _lines(self) -> Iterator[Hit]:
        for kind, names in self._names().items():
            yield from (Hit(f'{kind} "{name}"', summary) for name, summary in names.items())
        yield from (Hit(code, page.title) for code, page in PAGES.items())
        for name, page in self.files.items():
            yield from (Hit(name, " ".join(line.split())) for line in page.split("\n") if line.strip())

    # --- declarations ---

    def _names(self) -> dict[str, dict[str, str]]:
        """The phrases and names by kind, each with its summary."""
        catalogue = self._catalogue
        return {
            "trigger": {t.phrase: f"{t.phrase}: {t.summary}" for t in catalogue.triggers.values()},
            "action": {a.phrase: f"{a.phrase}: {a.summary}" for a in catalogue.actions.values()},
            "function": {f.name: f"{f.name}: {f.summary}" for f in catalogue.functions.values()},
        }

    def _declared(self, kind: str, name: str) -> str:
        found = self._sections(kind, name.strip().strip('"'))
        if not found:
            known = {_plain(each): None for each in self._names()[kind]}
            near = did_you_mean(name, known)
            hint = f"did you mean `{near}`?" if near else f"`rulelang catalog {kind}s` lists them"
            raise NoPage(f"there is no {kind} `{name}`; {hint}")
        return "\n".join(found)

    def _sections(self, kind: str, name: str) -> list[str]:
        """The sections of the declarations that a name means: by their name, their phrase, or its fixed words."""
        catalogue = self._catalogue
        match kind:
            case "trigger":
                return [
                    "\n".join(trigger_section(t))
                    for t in catalogue.triggers.values()
                    if _means(name, t.name, t.phrase)
                ]
            case "action":
                return [
                    "\n".join(action_section(a))
                    for a in catalogue.actions.values()
                    if _means(name, a.name, a.phrase)
                ]
        return ["\n".join(function_section(f)) for f in catalogue.functions.values() if f.name == name]

    def _miss(self, topic: str) -> str:
        names = [_plain(each) for known in self._names().values() for each in known]
        near = did_you_mean(topic, [*self.files, *names])
        hits = list(dict.fromkeys(hit.topic for hit in self.search(topic)))[:_NEAR]
        hint = f"; did you mean `{near}`?" if near else f"; it stands in {', '.join(hits)}" if hits else ""
        return f"there is no page `{topic}`{hint or '; `rulelang docs` lists the pages'}"


def _title(part: str) -> str:
    return part.partition("\n")[0].lstrip("# ").casefold()


def _plain(phrase: str) -> str:
    """The fixed words of a phrase."""
    return " ".join(_SLOT.sub(" ", phrase).split())


def _means(name: str, own: str, phrase: str) -> bool:
    return name in (own, phrase, _plain(phrase))
