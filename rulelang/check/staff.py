"""Reads `weights`, `territory` and `topic` declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rulelang.check.schema_parts import Named, Parts, Reader
from rulelang.check.values import is_e164
from rulelang.diagnostics import messages as rule_messages
from rulelang.diagnostics import schema as messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.syntax import nodes as ast
from rulelang.types.coerce import CoercionError, email
from rulelang.types.schema import Declared, FieldDef, Team
from rulelang.types.staff import BASES, MAX_WEIGHT, Territory, Topic

PERSON = (
    '`person "ana@acme.test": "Ana Ruiz", "+49301234567"`, the number with its country code and no spaces'
)
WEIGHTS = '`weights "Sales": "ana@acme.test" 3, "bo@acme.test" 1`, with whole numbers from 0 to 100'
TERRITORY = (
    'a block: `territory "EMEA"`, lines such as `country: DE, FR` and one `owner: "ana@acme.test"`, `end`'
)
TOPIC = '`topic "newsletter": consent` (or `legitimate_interest`, `contract`)'


def read_details(reader: Reader, values: Parts) -> tuple[str, str]:
    """The name and the telephone number of a person, in either order, both of which may be left out."""
    name = phone = ""
    for found in reader.names(values, "detail") if values else ():
        if found.text.startswith("+"):
            if not is_e164(found.text):
                reader.report(messages.wrong_form(reader.source, found.span, "person", PERSON))
            phone = found.text
        elif name:
            reader.report(messages.left_over(reader.source, found.span, f'"{found.text}"', "the name"))
        else:
            name = found.text
    return name, phone


class Staff:
    """What has been declared so far."""

    def __init__(self) -> None:
        self.weights: dict[str, dict[str, int]] = {}
        self.territories: dict[str, Territory] = {}
        self.topics: dict[str, Topic] = {}
        self._places: dict[tuple[str, str], Declared] = {}
        self._owners: list[tuple[Reader, Named]] = []
        self._fields: list[tuple[Reader, Named]] = []

    def read_weights(self, reader: Reader, declaration: ast.Declaration) -> None:
        """How often the members of a team take their turn."""
        head = reader.head(declaration, named=True, subject=False)
        if head is None or head.name is None or self._again(reader, "weights", head.name):
            return
        items = [*_items(head.values or ()), *(tuple(entry.parts) for entry in declaration.entries)]
        found = [self._weight(item) for item in items]
        if not found or None in found:
            reader.report(messages.wrong_form(reader.source, head.name.span, "weights", WEIGHTS))
            return
        self.weights[head.name.text] = dict(pair for pair in found if pair is not None)

    def _weight(self, item: Parts) -> tuple[str, int] | None:
        match item:
            case [ast.Operand(_, ast.TextLit(_, address)), ast.Operand(_, ast.NumberLit(_, number))]:
                try:
                    person = email(address)
                except CoercionError:
                    return None
                whole = number % 1 == 0 and 0 <= number <= MAX_WEIGHT
                return (person, int(number)) if whole else None
        return None

    def read_territory(self, reader: Reader, declaration: ast.Declaration) -> None:
        """Which records belong to whom."""
        head = reader.head(declaration, named=True, subject=False)
        if head is None or head.name is None or self._again(reader, "territory", head.name):
            return
        fields: dict[str, tuple[str, ...]] = {}
        owner: Named | None = None
        for entry in declaration.entries:
            line = reader.line(entry, "country: DE, FR")
            if line is None:
                continue
            key, parts = line
            if key.text == "owner":
                owner = reader.single(parts, "the owner")
                continue
            names = reader.names(parts, "value")
            fields[key.text] = tuple(name.text.casefold() for name in names)
            self._fields.append((reader, key))
        if owner is None or not fields or head.values is not None:
            reader.report(messages.wrong_form(reader.source, head.name.span, "territory", TERRITORY))
            return
        self._owners.append((reader, owner))
        mark = "person" if "@" in owner.text else "team"
        text = owner.text.lower() if mark == "person" else owner.text
        self.territories[head.name.text] = Territory(head.name.text, fields, f"{mark}:{text}")

    def read_topic(self, reader: Reader, declaration: ast.Declaration) -> None:
        """What contacts may subscribe to."""
        head = reader.head(declaration, named=True, subject=False)
        if head is None or head.name is None or self._again(reader, "topic", head.name):
            return
        match [part for part in head.values or () if not isinstance(part, ast.Word) or part.text != ","]:
            case [ast.Word(_, basis)] if basis in BASES:
                title = ""
            case [ast.Word(_, basis), ast.Operand(_, ast.TextLit(_, title))] if basis in BASES:
                pass
            case _:
                reader.report(messages.wrong_form(reader.source, head.name.span, "topic", TOPIC))
                return
        self.topics[head.name.text] = Topic(head.name.text, basis, title)

    def _again(self, reader: Reader, what: str, name: Named) -> bool:
        """Whether it was declared before, which is reported."""
        first = self._places.setdefault((what, name.text), reader.declared(name.span))
        if first.source is reader.source and first.span == name.span:
            return False
        reader.report(messages.duplicate(reader.source, name.span, what, name.text, first))
        return True

    def unknown(
        self, teams: Mapping[str, Team], fields: Mapping[str, Mapping[str, FieldDef]]
    ) -> Iterator[tuple[Reader, Diagnostic]]:
        """What territories name and does not exist, once everything is declared."""
        for reader, owner in self._owners:
            if "@" not in owner.text and owner.text not in teams:
                yield reader, rule_messages.unknown_team(reader.source, owner.span, owner.text, tuple(teams))
            elif "@" in owner.text and not _is_address(owner.text):
                yield reader, messages.bad_address(reader.source, owner.span, owner.text)
        known = dict(fields["contact"]) | dict(fields["account"])
        for reader, name in self._fields:
            if name.text not in known:
                found = rule_messages.unknown_field(
                    reader.source, name.span, name.text, "a contact", tuple(fields["contact"])
                )
                yield reader, found


def _is_address(text: str) -> bool:
    try:
        return bool(email(text))
    except CoercionError:
        return False


def _items(parts: Parts) -> Iterator[Parts]:
    item: list[ast.PhrasePart] = []
    for part in parts:
        if not isinstance(part, ast.Word) or part.text != ",":
            item.append(part)
            continue
        yield tuple(item)
        item = []
    if item:
        yield tuple(item)
