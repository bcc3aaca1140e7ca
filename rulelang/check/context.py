"""What the passes over one rule share: its source, what names mean, and the list of mistakes found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rulelang.catalog.model import Catalogue
from rulelang.check.scope import Scope
from rulelang.check.typed import Bad, CheckedCount, Ref, RuleRef, TemplateUse, Typed
from rulelang.diagnostics.messages import Part
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.types.model import ANY, Type
from rulelang.types.schema import Declared, Schema


@dataclass(frozen=True, slots=True)
class Expected:
    """What a place in the text asks for: its type, how the author wrote it, and where that is declared.

    `silent` says that it depends on a part with a mistake, so that nothing can be said about it.
    """

    type: Type
    text: str = ""
    declared: Declared | None = None
    silent: bool = False


NOTHING_EXPECTED = Expected(ANY)


@dataclass(frozen=True)
class Context:
    """The state of checking one rule. `found`, `rule_refs` and `counts` grow; all else stays.

    `counter` types events of the past; without it they have no place here.
    """

    source: Source
    scope: Scope
    catalogue: Catalogue
    templates_known: bool = False
    found: list[Diagnostic] = field(default_factory=list)
    rule_refs: list[RuleRef] = field(default_factory=list)
    counts: dict[str, CheckedCount] = field(default_factory=dict)
    template_uses: list[TemplateUse] = field(default_factory=list)
    counter: Callable[[Context, nodes.Happening], Typed] | None = None

    @property
    def schema(self) -> Schema:
        """The workspace's schema."""
        return self.scope.schema

    def text(self, span: Span) -> str:
        """The author's own words."""
        return self.source.slice(span)

    def part(self, typed: Typed) -> Part:
        """A typed part as messages speak of it."""
        return Part(self.text(typed.span), typed.span, typed.type)

    def report(self, diagnostic: Diagnostic) -> Bad:
        """Note a mistake; what is returned stands for the part and keeps what contains it silent."""
        self.found.append(diagnostic)
        return Bad(diagnostic.span)

    def with_scope(self, scope: Scope) -> Context:
        """The same check with more known about names."""
        return replace(self, scope=scope)

    def expecting(self, typed: Typed) -> Expected:
        """What the other side of an operator may be, given this side."""
        declared = typed.field.declared if isinstance(typed, Ref) and typed.field else None
        return Expected(typed.type, self.text(typed.span), declared, isinstance(typed, Bad))
