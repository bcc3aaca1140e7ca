"""What has been done at the prompt, as values: doing them again from the start gives the same state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runtime.model import SubjectKey
from workbench.testing.model import Statement


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of a test was carried out; `text` is how the statement reads."""

    statement: Statement
    text: str


@dataclass(frozen=True, slots=True)
class Put:
    """These texts of rule files, by path, are in force, beside all others."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Looked:
    """Another record is looked at."""

    key: SubjectKey


Deed: TypeAlias = Said | Put | Looked
