"""Drafts: texts that an author has not put in force yet, kept so that a reload or a lost connection loses nothing."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import msgspec

from runtime.files import DATA, replace_file
from runtime.model import Millis
from web.problems import Problem

FOLDER = "drafts"
MOST = 500
"""Drafts of one author."""
_SESSION = "pages"
"""Whose drafts those are of people who used a sign-in link: they have no key that would tell them apart."""


class Draft(msgspec.Struct, frozen=True):
    """The text that an author left; `base_version` is the version of the file that it began with, "" for none."""

    path: str
    text: str
    base_version: str
    saved_at: Millis


class Drafts:
    """The drafts of one author, a file each below the data folder of the workspace."""

    def __init__(self, root: Path, author: str) -> None:
        self._folder = root / DATA / FOLDER / (author or _SESSION)

    def save(self, draft: Draft) -> None:
        """Keep a draft in the place of an earlier one of the same file.

        Raises:
            Problem: 409 when there are too many, 507 when it cannot be written.
        """
        place = self._place(draft.path)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not place.exists() and len(os.listdir(self._folder)) >= MOST:
                raise Problem(409, f"there are {MOST} drafts already; go live with some, or discard them")
            replace_file(place, msgspec.json.encode(draft).decode())
        except OSError as error:
            raise Problem(507, f"the draft could not be kept: {error.strerror}") from None

    def find(self, path: str) -> Draft | None:
        """The draft of a file; None when there is none that can be read."""
        return _read(self._place(path))

    def all(self) -> dict[str, Draft]:
        """All drafts by the path of their file."""
        if not self._folder.is_dir():
            return {}
        found = [_read(place) for place in sorted(self._folder.glob("*.json"))[: MOST + 1]]
        return {draft.path: draft for draft in found if draft is not None}

    def discard(self, path: str) -> bool:
        """Forget the draft of a file; whether there was one."""
        try:
            self._place(path).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Problem(507, f"the draft could not be removed: {error.strerror}") from None
        return True

    def _place(self, path: str) -> Path:
        # The name is a digest, so that no path, however spelled, can lead anywhere.
        return self._folder / f"{sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.json"


def _read(place: Path) -> Draft | None:
    try:
        return msgspec.json.decode(place.read_bytes(), type=Draft)
    except (OSError, msgspec.DecodeError, ValueError):
        return None
