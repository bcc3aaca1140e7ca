"""A workspace at work: its files, what they mean, and the event codec for its schema."""

from __future__ import annotations

from pathlib import Path

from rulelang.catalog.model import Catalogue
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.events import EventCodec
from runtime.files import read_files, write_rule_file


class Workspace:
    """The rule files of a folder, checked. `save` is the only way that a file changes while a server runs."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        """Read and check everything below `root`.

        Raises:
            FileError: a file cannot be read.
        """
        self.root = root
        self._catalogue = catalogue
        files = read_files(root)
        self.texts = files.rules
        self.checked: CheckedWorkspace = load_workspace(files.rules, catalogue, files.templates)
        self.codec = EventCodec(catalogue, self.checked.schema)

    def draft(self, name: str, text: str) -> CheckedWorkspace:
        """What the workspace would be with this text in the file `name`; nothing is written."""
        return self.checked.with_file(name, text)

    def save(self, name: str, text: str, checked: CheckedWorkspace) -> None:
        """Write a file whose draft was found good, and go on with that draft.

        Raises:
            FileError: the name is no rule file's, or the file cannot be written.
        """
        write_rule_file(self.root, name, text)
        self.texts = {**self.texts, name: text}
        self.checked = checked
        self.codec = EventCodec(self._catalogue, checked.schema)
