"""What the matcher is measured against: one generated Python function for a rule set, and CLIPS (Rete)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.rulesets import Contact, RuleSet
from rulelang.plan.ir import Get, Ir, Lit, Op

Handle = Callable[[str, Contact], int]

_SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Null:
    """Stands for a missing field in the generated function: every test of it is false."""

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    __eq__ = __lt__  # type: ignore[assignment]

    def startswith(self, prefix: str) -> bool:
        """Never."""
        return False

    endswith = startswith


# --- one function for all rules --------------------------------------------------------------------


def _python(ir: Ir) -> str:
    if isinstance(ir, Lit):
        return repr(ir.v)
    if isinstance(ir, Get):
        return ir.p[-1]
    args = [_python(arg) for arg in ir.a]
    if ir.n in _SYMBOLS:
        return f"{args[0]} {_SYMBOLS[ir.n]} {args[1]}"
    forms = {
        "in": lambda x, items: f"{x} in {{{items[1:-1]}}}",
        "contains": lambda x, part: f"{part} in {x}",
        "starts_with": lambda x, part: f"{x}.startswith({part})",
        "ends_with": lambda x, part: f"{x}.endswith({part})",
        "not": lambda x: f"not ({x})",
        "and": lambda *parts: " and ".join(parts),
        "or": lambda *parts: f"({' or '.join(parts)})",
    }
    return forms[ir.n](*args)


def _fields(ir: Ir) -> set[str]:
    if isinstance(ir, Get):
        return {ir.p[-1]}
    return set().union(*map(_fields, ir.a)) if isinstance(ir, Op) else set()


def codegen_engine(rules: RuleSet) -> Handle:
    """One function a trigger: an `if` a rule, each field read into a local once, no index."""
    by_trigger: dict[str, list[tuple[int, Ir]]] = defaultdict(list)
    for index, (trigger, ir) in enumerate(rules.rules):
        by_trigger[trigger].append((index, ir))
    functions = {trigger: _function(some) for trigger, some in by_trigger.items()}

    def handle(trigger: str, contact: Contact) -> int:
        function = functions.get(trigger)
        return len(function(contact)) if function is not None else 0

    return handle


def _function(rules: list[tuple[int, Ir]]) -> Callable[[Contact], list[int]]:
    fields = sorted(set().union(*(_fields(ir) for _, ir in rules)))
    lines = ["def run(contact):", " out = []; add = out.append"]
    lines += [f" {field} = contact.get({field!r}, NULL)" for field in fields]
    lines += [f" if {_python(ir)}: add({index})" for index, ir in rules]
    namespace: dict[str, Any] = {"NULL": Null()}
    exec("\n".join([*lines, " return out"]), namespace)
    function: Callable[[Contact], list[int]] = namespace["run"]
    return function


# --- CLIPS -----------------------------------------------------------------------------------------

_environments: list[Any] = []
"""Kept to the end: CLIPS complains on standard output when one is freed."""


def _clips_value(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _clips_test(ir: Ir) -> str:
    """A test as an expression over the variables `?field` (`$?field` for lists) of the pattern."""
    assert isinstance(ir, Op)
    if ir.n in ("and", "or", "not"):
        return f"({ir.n} {' '.join(map(_clips_test, ir.a))})"
    field, literal = ir.a
    assert isinstance(field, Get)
    assert isinstance(literal, Lit)
    name, value = f"?{field.p[-1]}", literal.v
    if ir.n == "eq":
        return f"(eq {name} {_clips_value(value)})"
    if ir.n == "in":
        assert isinstance(value, list)
        return f"(or {' '.join(f'(eq {name} {_clips_value(item)})' for item in value)})"
    if ir.n == "contains" and field.p[-1] in ("tags", "interests"):
        return f"(member$ {_clips_value(value)} {name})"
    if ir.n in _SYMBOLS and isinstance(value, str):
        return f"(and (stringp {name}) ({_SYMBOLS[ir.n]} (str-compare {name} {_clips_value(value)}) 0))"
    if ir.n in _SYMBOLS:
        return f"(and (numberp {name}) ({_SYMBOLS[ir.n]} {name} {value}))"
    return f"(and (stringp {name}) {_clips_text(ir.n, name, str(value))})"


def _clips_text(operator: str, name: str, part: str) -> str:
    size = len(part)
    if operator == "contains":
        return f'(str-index "{part}" {name})'
    if operator == "starts_with":
        return f'(eq (sub-string 1 {size} {name}) "{part}")'
    return f'(eq (sub-string (- (str-length {name}) {size - 1}) (str-length {name}) {name}) "{part}")'


def _clips_slots(ir: Ir, lists: frozenset[str]) -> str:
    """The rule's pattern: plain equalities as constants in slots, as CLIPS hashes them, the rest as tests."""
    parts = ir.a if isinstance(ir, Op) and ir.n == "and" else (ir,)
    slots, tests, bound = {}, [], set()
    for part in parts:
        constant = _clips_constant(part)
        if constant is not None:
            slots[constant[0]] = constant[1]
        else:
            tests.append(_clips_test(part))
            bound |= _fields(part)
    for field in bound:
        variable = f"$?{field}" if field in lists else f"?{field}"
        slots[field] = f"{variable}&{slots[field]}" if field in slots else variable
    pattern = " ".join(f"({field} {value})" for field, value in sorted(slots.items()))
    return f"(contact {pattern}) {' '.join(f'(test {test})' for test in tests)}"


def _clips_constant(ir: Ir) -> tuple[str, str] | None:
    if isinstance(ir, Op) and ir.n in ("eq", "in") and isinstance(ir.a[0], Get) and isinstance(ir.a[1], Lit):
        value = ir.a[1].v
        items = value if isinstance(value, list) else [value]
        return ir.a[0].p[-1], "|".join(map(_clips_value, items))
    return None


def clips_engine(rules: RuleSet) -> Handle:
    """CLIPS through clipspy: a rule a rule; an event is a fact that is asserted, run and retracted."""
    import clips

    environment = clips.Environment()
    _environments.append(environment)
    lists = frozenset({"tags", "interests"})
    fields = sorted(set().union(*(_fields(ir) for _, ir in rules.rules)))
    slots = " ".join(f"({'multislot' if field in lists else 'slot'} {field})" for field in fields)
    environment.build(f"(deftemplate contact (slot trigger) {slots})")
    for index, (trigger, ir) in enumerate(rules.rules):
        pattern = _clips_slots(ir, lists).replace("(contact ", f'(contact (trigger "{trigger}") ', 1)
        environment.build(f"(defrule r{index} {pattern} =>)")
    template = environment.find_template("contact")

    def handle(trigger: str, contact: Contact) -> int:
        values = {field: contact[field] for field in fields if field in contact}
        fact = template.assert_fact(trigger=trigger, **{f: _clips_fact(v, clips) for f, v in values.items()})
        fired = environment.run()
        fact.retract()
        return int(fired)

    return handle


def _clips_fact(value: Any, clips: Any) -> Any:
    return clips.Symbol("TRUE" if value else "FALSE") if isinstance(value, bool) else value
