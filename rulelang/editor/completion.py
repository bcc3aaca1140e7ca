"""What could be typed at a place, best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rulelang.catalog.model import Action, Trigger
from rulelang.catalog.phrases import PhraseTable
from rulelang.check.computed import kind_of
from rulelang.check.context import Context
from rulelang.check.counted import counter
from rulelang.check.rules import context_of
from rulelang.check.scope import Scope
from rulelang.editor import snippets
from rulelang.editor.cursor import Cursor, cursor_at
from rulelang.editor.expected import Wanted, awaited_context, wanted, within_each
from rulelang.editor.keywords import DOCS, fixed_words, keywords
from rulelang.editor.model import Completion, CompletionKind
from rulelang.editor.placeholders import in_placeholder
from rulelang.editor.values import Option, members, names_for, names_in_scope, signature, values_of
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.types.model import ANY, Kind, Type
from rulelang.workspace import CheckedWorkspace

_VALUE, _NAME, _OTHER, _FUNCTION, _KEYWORD = range(5)
_NUMERIC = frozenset((Kind.NUMBER, Kind.MONEY, Kind.PERCENT))


def complete(workspace: CheckedWorkspace, source: Source, offset: int) -> tuple[Completion, ...]:
    """Suggestions for a place in a text of the workspace: each label once, those that fit best first."""
    placeholder = in_placeholder(workspace, source, offset)
    if placeholder is not None:
        return placeholder
    cursor = cursor_at(source, offset)
    if cursor is None:
        return ()
    found: dict[str, Completion] = {}
    for completion in _Completer(workspace, cursor).all():
        found.setdefault(completion.label, completion)
    return tuple(sorted(found.values(), key=lambda c: c.rank))


class _Completer:
    """Finds the suggestions for one place."""

    def __init__(self, workspace: CheckedWorkspace, cursor: Cursor) -> None:
        self._workspace = workspace
        self._cursor = cursor

    def all(self) -> Iterator[Completion]:
        """All suggestions; the same label may come twice."""
        cursor = self._cursor
        if not cursor.quoted and (cursor.column_0 or not cursor.item):
            yield from self._snippets(snippets.ITEMS, _VALUE)
        if not cursor.item:
            return
        fixed = fixed_words(cursor)
        if fixed is not None:
            yield from (self._keyword(word) for word in fixed if not cursor.quoted)
            return
        rule, declaration = cursor.rule, cursor.conditional
        if rule is not None:
            context = context_of(
                rule,
                cursor.source,
                self._workspace.schema,
                self._workspace.catalogue,
                self._workspace.phrases,
            )
            yield from self._in_context(context)
        elif declaration is not None and kind_of(declaration):
            yield from self._in_context(self._declared_for(declaration))
        elif not cursor.quoted:
            yield from (self._keyword(word) for word in keywords(cursor, in_phrase=False))

    def _declared_for(self, declaration: nodes.Declaration) -> Context:
        """What the condition of a segment or of a status sees."""
        workspace = self._workspace
        scope = Scope(workspace.schema, kind_of(declaration))
        return Context(self._cursor.source, scope, workspace.catalogue, counter=counter(workspace.phrases))

    def _in_context(self, context: Context) -> Iterator[Completion]:
        workspace, cursor = self._workspace, self._cursor
        context = awaited_context(within_each(context, cursor.path), workspace.phrases, cursor.path)
        place = cursor.path[-1]
        if isinstance(place, nodes.Name) and len(place.parts) > 1:
            yield from (self._option(o, ANY) for o in members(context, place.parts[:-1]))
            return
        want = wanted(context, workspace.phrases, cursor.path)
        yield from self._values(context, want)
        if cursor.quoted:
            return
        yield from self._phrase(want)
        if want.expression:
            yield from self._expression(context, want.of or want.type)
        if self._begins_step(want):
            yield from self._snippets(snippets.STEPS, _OTHER)
        in_phrase = bool(want.words) and not want.expression
        yield from (self._keyword(word) for word in keywords(cursor, in_phrase))

    def _begins_step(self, want: Wanted) -> bool:
        return want.whole and "WAIT" in self._cursor.accepted

    # --- values and names ---

    def _values(self, context: Context, want: Wanted) -> Iterator[Completion]:
        for param in want.arguments:
            label = f"{param.name}: "
            rank = _VALUE if param.required else _NAME
            yield self._completion(
                label, CompletionKind.PARAMETER, label, str(param.type), param.doc, rank=rank
            )
        if want.parameter is not None:
            setting = want.table is self._workspace.phrases.actions
            named = [key for key, rule in self._workspace.keys.items() if rule.node.name is not None]
            found = names_for(want.parameter, context, named, want.of, setting)
            yield from (self._option(option, want.type, _VALUE) for option in found)
            if not want.expression and not want.parameter.choices and not self._cursor.quoted:
                shown = f"{want.parameter.doc} ({want.parameter.type})"
                yield from self._placeholder(want, shown)
        elif want.type != ANY and not want.condition:
            yield from (self._option(option, want.type, _VALUE) for option in values_of(want.type, context))

    def _placeholder(self, want: Wanted, doc: str) -> Iterator[Completion]:
        """A place to fill in for a value that has no members to choose from."""
        param = want.parameter
        assert param is not None
        text = snippets.place(param, 1)
        yield self._completion(
            f"{{{param.name}}}", CompletionKind.SNIPPET, text, doc=doc, snippet=True, rank=_OTHER
        )

    def _expression(self, context: Context, type_: Type) -> Iterator[Completion]:
        yield from (self._option(option, type_) for option in names_in_scope(context))
        for function in self._workspace.catalogue.functions.values():
            call = f"{function.name}(${{1}})"
            yield self._completion(
                function.name,
                CompletionKind.FUNCTION,
                call,
                signature(function),
                function.summary,
                snippet=True,
                rank=_FUNCTION,
            )

    def _option(self, option: Option, type_: Type, rank: int | None = None) -> Completion:
        quotes = option.quotes or (self._cursor.quoted and option.kind != CompletionKind.FIELD)
        escaped = option.text.replace("\\", "\\\\").replace('"', '\\"')
        insert = f'"{escaped}"' if quotes else option.text
        if rank is None:
            rank = _NAME if _alike(option.detail, type_) else _OTHER
        return self._completion(option.text, option.kind, insert, option.detail, option.doc, rank=rank)

    # --- phrases ---

    def _phrase(self, want: Wanted) -> Iterator[Completion]:
        if want.table is None:
            return
        if want.whole:
            yield from self._whole_phrases(want.table)
        for expected in want.words:
            if expected.word not in ("", "("):
                yield self._completion(expected.word, CompletionKind.PHRASE, expected.word, rank=_NAME)

    def _whole_phrases(self, table: PhraseTable[Trigger] | PhraseTable[Action]) -> Iterator[Completion]:
        declarations: Iterable[Trigger | Action] = table.declarations
        for each in declarations:
            yield self._completion(
                each.phrase,
                CompletionKind.PHRASE,
                snippets.phrase_snippet(each),
                each.summary,
                documentation(each),
                snippet=True,
                rank=_NAME,
            )

    # --- words of the language ---

    def _keyword(self, word: str) -> Completion:
        doc = DOCS.get(word.split()[0], "")
        return self._completion(word, CompletionKind.KEYWORD, word, doc=doc, rank=_KEYWORD)

    def _snippets(self, texts: Mapping[str, tuple[str, str]], rank: int) -> Iterator[Completion]:
        for label, (text, doc) in texts.items():
            yield self._completion(label, CompletionKind.SNIPPET, text, doc, snippet=True, rank=rank)

    def _completion(
        self,
        label: str,
        kind: CompletionKind,
        insert: str,
        detail: str = "",
        doc: str = "",
        snippet: bool = False,
        rank: int = _VALUE,
    ) -> Completion:
        return Completion(label, kind, insert, self._cursor.replace, detail, doc, snippet, rank)


def documentation(declaration: Trigger | Action) -> str:
    """What a declaration does and an example, as Markdown."""
    return f"{declaration.doc}\n\n```rules\n{declaration.example.strip()}\n```"


def _alike(detail: str, type_: Type) -> bool:
    """Whether a field of the type that `detail` names is worth trying where `type_` is wanted."""
    if type_ == ANY or detail == str(type_):
        return True
    return type_.kind in _NUMERIC and detail.split()[0] in _NUMERIC
