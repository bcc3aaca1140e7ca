"""A whole workspace: all rule files together, their schema, plans and mistakes; edits re-check what changed."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import msgspec

from rulelang.across import CrossFile, cross_file, mistakes_across
from rulelang.catalog.model import Catalogue
from rulelang.check.binding import Bound, Names
from rulelang.check.computed import check_computed
from rulelang.check.phrases import Phrases
from rulelang.check.rules import check_rule
from rulelang.check.schema import read_schema
from rulelang.check.typed import CheckedRule
from rulelang.diagnostics.model import Diagnostic, Fix, Label
from rulelang.plan.builder import build_plan
from rulelang.plan.model import Plan
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.syntax.cache import ParseCache
from rulelang.syntax.moving import Items, Placed
from rulelang.syntax.parser import Parsed, parse
from rulelang.template.api import check_template, names_shown
from rulelang.types.schema import Schema, TemplateDef

SUFFIX = ".rules"
"""The suffix of rule files."""

TEMPLATE_FOLDER = "templates/"
"""Where message templates are."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch the cyclic garbage collector off while many files are loaded: twice as fast, nothing is cyclic."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class RuleState:
    """One rule of a file. `plan` is None when the rule has errors, or did not parse as a whole.

    `checked` may stem from an earlier text of the file in which the rule stood elsewhere: its spans count in
    `checked.source`; `node` and `diagnostics` are those of the text now.
    """

    key: str
    placed: Placed[nodes.Rule]
    checked: CheckedRule
    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def offset(self) -> int:
        """What to add to a position in `checked` for the one in the file now."""
        return self.span.start - self.checked.node.span.start

    @property
    def node(self) -> nodes.Rule:
        """The rule's tree in the text as it is now."""
        return self.placed.node

    @property
    def span(self) -> Span:
        """Where the rule stands now."""
        return self.placed.span

    @property
    def broken(self) -> bool:
        """Whether the rule did not parse as a whole."""
        return self.placed.base.broken


@dataclass(frozen=True, slots=True)
class FileState:
    """One file, parsed and checked. `cache` lets the next text of the file parse only what changed."""

    source: Source
    parsed: Parsed
    rules: tuple[RuleState, ...]
    cache: ParseCache

    @property
    def declarations(self) -> tuple[nodes.Declaration, ...]:
        """The file's share of the schema."""
        items = self.parsed.module.items
        found = items.placed if isinstance(items, Items) else map(Placed, items)
        return tuple(
            cast(nodes.Declaration, placed.node)
            for placed in found
            if isinstance(placed.base, nodes.Declaration)
        )


@dataclass(frozen=True)
class CheckedWorkspace:
    """All files of a workspace, checked. A value: an edit gives a new one that shares what did not change."""

    catalogue: Catalogue
    phrases: Phrases
    schema: Schema
    files: Mapping[str, FileState]
    schema_diagnostics: tuple[Diagnostic, ...] = ()
    templates_known: bool = False

    # --- what it says ------------------------------------------------------------------------------

    @property
    def modules(self) -> Mapping[str, nodes.Module]:
        """The syntax trees by path."""
        return {path: file.parsed.module for path, file in self.files.items()}

    @property
    def sources(self) -> Mapping[str, Source]:
        """The texts by path."""
        return {path: file.source for path, file in self.files.items()}

    @property
    def rules(self) -> Iterator[RuleState]:
        """All rules: files by path, then from top to bottom."""
        return (rule for file in self.files.values() for rule in file.rules)

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """The plans of the rules without errors, in the order in which matching rules start."""
        refused = self._cross_file.refused
        return tuple(r.plan for r in self.rules if r.plan is not None and id(r) not in refused)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong, by file and place."""
        by_path: dict[str, list[Diagnostic]] = {}
        others = (*self.schema_diagnostics, *self._cross_file.diagnostics, *self.template_diagnostics)
        for diagnostic in others:
            by_path.setdefault(diagnostic.source.path, []).append(diagnostic)
        found: list[Diagnostic] = []
        for path, file in self.files.items():
            own = [*file.parsed.diagnostics, *by_path.pop(path, ())]
            own += (d for rule in file.rules for d in rule.diagnostics)
            found += sorted(own, key=lambda d: d.span)
        return (*found, *(d for rest in by_path.values() for d in rest))

    def diagnostics_of(self, path: str) -> tuple[Diagnostic, ...]:
        """What is wrong with one file, found without a look at the others' rules beyond their names."""
        if path.startswith(TEMPLATE_FOLDER):
            return tuple(d for d in self.template_diagnostics if d.source.path == path)
        own = [d for d in self.schema_diagnostics if d.source.path == path]
        file = self.files.get(path)
        if file is not None:
            own += file.parsed.diagnostics
            for rule in file.rules:
                own += (*rule.diagnostics, *mistakes_across(self, file, rule))
        return tuple(sorted(own, key=lambda d: d.span))

    @cached_property
    def template_diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the message templates."""
        schema = self.schema
        return tuple(
            diagnostic
            for template in schema.templates.values()
            for diagnostic in check_template(
                template.text,
                schema,
                "",
                Source.of(template.path, template.text),
                0,
                given=self.names_given(template.name),
            )
        )

    @cached_property
    def _template_uses(self) -> Mapping[str, Mapping[str, Bound]]:
        """The names that runs have given where they use a template, by template; only where there are any."""
        found: dict[str, Names] = {}
        for rule in self.rules:
            for use in rule.checked.template_uses:
                for bound in use.given.values():
                    found.setdefault(use.name, Names()).give(bound)
        return {name: names.known for name, names in found.items()}

    def names_given(self, template: str) -> Mapping[str, Bound]:
        """The names of runs that a template may show: those that some step which uses it knows."""
        return self._template_uses.get(template, {})

    @cached_property
    def names_shown(self) -> Mapping[str, frozenset[str]]:
        """The names of runs that each template shows; those that show none are left out."""
        templates = self.schema.templates
        found = {
            name: names_shown(templates[name].text, self.schema, given)
            for name, given in self._template_uses.items()
            if name in templates
        }
        return {name: shown for name, shown in found.items() if shown}

    @cached_property
    def keys(self) -> Mapping[str, RuleState]:
        """The rules by key; of two with one key the first."""
        found: dict[str, RuleState] = {}
        for rule in self.rules:
            found.setdefault(rule.key, rule)
        return found

    @cached_property
    def _cross_file(self) -> CrossFile:
        return cross_file(self)

    # --- edits -------------------------------------------------------------------------------------

    def with_file(self, path: str, text: str) -> CheckedWorkspace:
        """The workspace with this text in the file `path`, which may be new."""
        new, stale = self.edited(path, text)
        return new.rechecked(stale)

    def edited(self, path: str, text: str) -> tuple[CheckedWorkspace, tuple[str, ...]]:
        """The same with that file alone checked, and the files for `rechecked`: their check is of another schema."""
        before = self.files.get(path)
        file = _parsed(path, text, before.cache if before is not None else ParseCache())
        files = {**self.files, path: file}
        if before is None:
            files = dict(sorted(files.items()))
        if file.declarations or (before is not None and before.declarations):
            return self._with_schema_of(files, path, before)
        files[path] = self._checked(file, before)
        return self._with_files(files), ()

    def rechecked(self, paths: Iterable[str]) -> CheckedWorkspace:
        """The workspace with these files checked under its schema."""
        files = dict(self.files)
        for path in paths:
            if path in files:
                files[path] = self._checked(files[path], None)
        return self._with_files(files)

    def _with_files(self, files: Mapping[str, FileState]) -> CheckedWorkspace:
        """The workspace with other files under the same schema; so its templates need no second look.

        They do when runs know other names where they are used.
        """
        new = replace(self, files=files)
        known = self.__dict__.get("template_diagnostics")
        if known is not None and new._template_uses == self._template_uses:
            new.__dict__["template_diagnostics"] = known
        return new

    def without_file(self, path: str) -> CheckedWorkspace:
        """The workspace without the file `path`."""
        before = self.files.get(path)
        files = {p: file for p, file in self.files.items() if p != path}
        if before is not None and before.declarations:
            new, stale = self._with_schema_of(files, "", None)
            return new.rechecked(stale)
        return replace(self, files=files)

    def only(self, path: str) -> CheckedWorkspace:
        """The rules of one file alone, under the schema of all."""
        return replace(self, files={p: file for p, file in self.files.items() if p == path})

    def _with_schema_of(
        self, files: dict[str, FileState], path: str, before: FileState | None
    ) -> tuple[CheckedWorkspace, tuple[str, ...]]:
        """The workspace after a file with declarations changed: if the schema is another, all others are stale."""
        schema, diagnostics = _schema_of(files, self.schema.templates, self.catalogue, self.phrases)
        new = replace(self, schema=schema, schema_diagnostics=diagnostics)
        same = schema == self.schema
        if path:
            files[path] = new._checked(files[path], before if same else None)
        stale = [p for p, f in files.items() if p != path and f.rules and (not same or _points_at(f, path))]
        return replace(new, files=files), tuple(stale)

    def _checked(self, file: FileState, before: FileState | None) -> FileState:
        """A file with its rules checked; those whose text is as before are taken over."""
        known = _by_text(before) if before is not None else {}
        source = file.source
        errors = [d.span for d in file.parsed.diagnostics if d.is_error]
        rules = []
        for number, placed in enumerate(_rules(file), 1):
            key = _key(source.path, placed.base, number)
            old = known.get((key, source.slice(placed.span))) if not placed.base.broken else None
            if old is not None:
                rules.append(_moved(old, placed, source))
            else:
                rules.append(self._rule(key, placed, source, errors))
        return replace(file, rules=tuple(rules))

    def _rule(
        self, key: str, placed: Placed[nodes.Rule], source: Source, errors: Sequence[Span]
    ) -> RuleState:
        """Check one rule. `errors` are the syntax errors of its file."""
        checked = check_rule(
            placed.node,
            source,
            self.schema,
            self.catalogue,
            self.phrases,
            templates_known=self.templates_known,
        )
        plan = build_plan(checked, key, source.path) if checked.ok else None
        # What the parser has said about a word is not said again in other words.
        found = (d for d in checked.diagnostics if not any(_covers(e, d.span) for e in errors))
        return RuleState(key, placed, checked, plan, tuple(found))


def load_workspace(
    files: Mapping[str, str],
    catalogue: Catalogue,
    templates: Mapping[str, str] | None = None,
) -> CheckedWorkspace:
    """Check all rule files, by path, together.

    `templates` are the message templates' texts by path; None when it is not known which there are, so that
    any name may be used. Never raises for what an author wrote.

    Raises:
        PhraseError: two phrases of the catalogue are ambiguous, or one is malformed (phrase_syntax.py).
    """
    states = {path: _parsed(path, files[path], ParseCache()) for path in sorted(files)}
    phrases = Phrases.of(catalogue)
    schema, diagnostics = _schema_of(states, _templates(templates or {}), catalogue, phrases)
    workspace = CheckedWorkspace(
        catalogue,
        phrases,
        schema,
        states,
        diagnostics,
        templates is not None,
    )
    for path, file in states.items():
        states[path] = workspace._checked(file, None)
    return workspace


# --- parts -----------------------------------------------------------------------------------------


def _templates(texts: Mapping[str, str]) -> dict[str, TemplateDef]:
    """Templates by name: the path below the folder of templates without its suffix."""
    found = {}
    for path in sorted(texts):
        name = path.removeprefix(TEMPLATE_FOLDER)
        folder, slash, base = name.rpartition("/")
        name = f"{folder}{slash}{base.partition('.')[0]}"
        found[name] = TemplateDef(name, texts[path], f"{TEMPLATE_FOLDER}{path.removeprefix(TEMPLATE_FOLDER)}")
    return found


def _schema_of(
    files: Mapping[str, FileState],
    templates: Mapping[str, TemplateDef],
    catalogue: Catalogue,
    phrases: Phrases,
) -> tuple[Schema, tuple[Diagnostic, ...]]:
    modules = [(file.source, file.parsed.module) for file in files.values()]
    events = frozenset(trigger.event for trigger in catalogue.triggers.values())
    schema, diagnostics = read_schema(modules, events)
    schema, further = check_computed(modules, schema.with_templates(templates), catalogue, phrases)
    return schema, (*diagnostics, *further)


def _parsed(path: str, text: str, cache: ParseCache) -> FileState:
    source = Source.of(path, text)
    return FileState(source, parse(source, cache), (), cache)


def _key(path: str, node: nodes.Rule, number: int) -> str:
    """A rule's identity: its name, else the file and its number among the rules there."""
    return node.name.value if node.name is not None else f"{path.removesuffix(SUFFIX)}#{number}"


def _by_text(file: FileState) -> dict[tuple[str, str], RuleState]:
    """The rules that can be taken over where their text is as before."""
    return {(r.key, file.source.slice(r.span)): r for r in file.rules if not r.broken}


def _rules(file: FileState) -> Iterator[Placed[nodes.Rule]]:
    """The rules of a file, not moved before somebody asks for one."""
    items = file.parsed.module.items
    for placed in items.placed if isinstance(items, Items) else map(Placed, items):
        if isinstance(placed.base, nodes.Rule):
            yield cast(Placed[nodes.Rule], placed)


def _covers(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _points_at(file: FileState, path: str) -> bool:
    """Whether a mistake in the file is explained by a place in another file, which may have moved."""
    labels = (label for rule in file.rules for d in rule.diagnostics for label in d.labels)
    return any(label.source is not None and label.source.path == path for label in labels)


def _moved(old: RuleState, placed: Placed[nodes.Rule], source: Source) -> RuleState:
    """A rule whose text is as before, at its place in the new text of the file."""
    by = placed.span.start - old.span.start
    if by == 0 and not old.diagnostics:
        return replace(old, placed=placed)
    line = source.position(placed.span.start).line
    plan = old.plan
    if plan is not None and plan.line != line:
        plan = _at_line(plan, line)
    return replace(
        old, placed=placed, plan=plan, diagnostics=tuple(_shift(d, by, source) for d in old.diagnostics)
    )


def _at_line(plan: Plan, line: int) -> Plan:
    return msgspec.structs.replace(plan, line=line)


def _shift(diagnostic: Diagnostic, by: int, source: Source) -> Diagnostic:
    def moved(span: Span) -> Span:
        return Span(span.start + by, span.end + by)

    return replace(
        diagnostic,
        source=source,
        span=moved(diagnostic.span),
        labels=tuple(
            label if label.source is not None else Label(moved(label.span), label.text)
            for label in diagnostic.labels
        ),
        fixes=tuple(Fix(f.title, moved(f.span), f.replacement) for f in diagnostic.fixes),
    )
