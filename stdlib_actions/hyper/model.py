"""What is asked of a language model, and the port behind which models stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One message to write.

    `instruction`, `tone`, `voice` (the brand voice) and `sender` (who writes) come from the workspace and are
    trusted. `facts` come from the contact and are not: a model must treat them as data alone. `about` says that the
    message goes to somebody else, about the contact.
    """

    instruction: str
    tone: str = ""
    voice: str = ""
    sender: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    about: bool = False


class Written(NamedTuple):
    """What a model wrote: a subject line and plain text. Nothing about it is trusted before the gate."""

    subject: str
    text: str


class ModelError(Exception):
    """No usable text came: too slow, not reached, refused, cut short. The message is a sentence for people."""


class ChatModel(Protocol):
    """A writer of messages."""

    @property
    def name(self) -> str:
        """What the journal calls it, such as `offline` or the model's name."""

    async def write(self, request: Request) -> Written:
        """Write one message, within a deadline of its own. It has no tools, sees one contact, and is asked once.

        Raises:
            ModelError: with a sentence that says why there is no text.
        """
