"""How fast events find their rules, against one generated function for all rules and, if installed, CLIPS.

    python -m benchmarks.matching [--quick | --large]

Prints Markdown. Times are CPU time of this process, the best of several rounds in which the engines take turns, each
with warm caches, so that the ratios hold on a machine that is busy with other things.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.reference import clips_engine, codegen_engine
from benchmarks.rulesets import Contact, RuleSet, crm, five_of, get, mixed, scope_of
from rulelang.plan.ir import Lit, Op
from rulelang.plan.matcher import Entry, Matcher

Handle = Callable[[str, Contact], int]
"""Match one event; how many rules matched."""

QUICK, USUAL, LARGE = (10, 100, 1_000), (10, 100, 1_000, 10_000, 100_000), (10_000, 100_000, 1_000_000)
LINEAR, RETE = 10_000, 10_000
"""The engines that others are compared with get no larger sets, but for `--large`, which gives the linear one 100,000."""

ROUNDS = 5
PAIRS = 500_000
"""A linear engine sees so many (event, rule) pairs a round, and so fewer events of larger sets."""


@dataclass
class Measured:
    """One engine on one rule set: seconds to build and warm up, best seconds an event."""

    build: float
    event: float


def our_matcher(rules: RuleSet) -> Matcher:
    """A matcher of all rules, each referred to by its number."""
    return Matcher(Entry(i, trigger, "contact", ir) for i, (trigger, ir) in enumerate(rules.rules))


def our_engine(rules: RuleSet) -> Handle:
    """The matcher as an engine like the others."""
    return handle_of(our_matcher(rules), rules)


def handle_of(matcher: Matcher, rules: RuleSet) -> Handle:
    """Matching, given a ready scope as the machine gives it."""
    scopes = {id(contact): scope_of(contact) for _, contact in rules.events}
    return lambda trigger, contact: len(matcher.match(trigger, "contact", scopes[id(contact)]))


def timed(handle: Handle, events: Sequence[tuple[str, Contact]]) -> float:
    """Seconds an event, in a second pass: the first brings back what the other engines drove out of the caches."""
    for event in events:
        handle(*event)
    started = time.process_time()
    for event in events:
        handle(*event)
    return (time.process_time() - started) / len(events)


def measure(
    makers: dict[str, Callable[[RuleSet], Handle]], rules: RuleSet
) -> tuple[float, dict[str, Measured]]:
    """Matches an event, and all engines in turns over the same events; they must agree on what matches."""
    linear = rules.events[: max(10, PAIRS // len(rules.rules))]
    handles, builds, counts = {}, {}, []
    for name, make in makers.items():
        started = time.process_time()
        handles[name] = make(rules)
        counts.append([handles[name](*event) for event in linear])
        builds[name] = time.process_time() - started
    assert all(count == counts[0] for count in counts), f"the engines disagree on {rules.name}"
    timed(handles["rulelang"], rules.events)
    best = dict.fromkeys(makers, float("inf"))
    for _ in range(ROUNDS):
        for name, handle in handles.items():
            best[name] = min(best[name], timed(handle, rules.events if name == "rulelang" else linear))
    return sum(counts[0]) / len(linear), {name: Measured(builds[name], best[name]) for name in makers}


def makers_for(size: int, with_clips: bool, linear: int) -> dict[str, Callable[[RuleSet], Handle]]:
    """The engines that a set of this size is given to."""
    makers: dict[str, Callable[[RuleSet], Handle]] = {"rulelang": our_engine}
    if size <= linear:
        makers["one function"] = codegen_engine
    if with_clips and size <= RETE:
        makers["CLIPS"] = clips_engine
    return makers


def sizes_table(sizes: Sequence[int], with_clips: bool, linear: int) -> list[str]:
    """Both sets at all sizes (a million rules of the crm set only)."""
    lines = [
        "| set | rules | matches an event | events/s | ns an event | build and warm up, s | × one function | × CLIPS |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for make in (crm, mixed):
        for size in sizes if make is crm else [size for size in sizes if size <= 100_000]:
            matches, found = measure(makers_for(size, with_clips, linear), make(size))
            ours = found["rulelang"]
            cells = [make.__name__, f"{size:,}", f"{matches:.1f}", f"{1 / ours.event:,.0f}"]
            cells += [f"{ours.event * 1e9:,.0f}", f"{ours.build:.2f}"]
            cells += [
                f"{found[n].event / ours.event:,.1f}" if n in found else "–"
                for n in ("one function", "CLIPS")
            ]
            lines.append(f"| {' | '.join(cells)} |")
            gc.collect()
    return lines


def five_tables(sizes: Sequence[int]) -> tuple[list[str], list[str]]:
    """Five matching rules among ever more that do not match; and changes of one rule among the most."""
    cost = ["| set | rules installed | ns an event | times the first |", "|---|---:|---:|---:|"]
    change = ["| set | rules | replace one and match, median ms | worst ms |", "|---|---:|---:|---:|"]
    for name in ("crm", "mixed"):
        sets = [five_of(name, size) for size in sizes]
        matchers = [our_matcher(rules) for rules in sets]
        handles = [handle_of(matcher, rules) for matcher, rules in zip(matchers, sets, strict=True)]
        best = [float("inf")] * len(sets)
        for rules, handle in zip(sets, handles, strict=True):
            assert all(handle(*event) == 5 for event in rules.events)
        for _ in range(20 * ROUNDS):
            for index, (rules, handle) in enumerate(zip(sets, handles, strict=True)):
                best[index] = min(best[index], timed(handle, rules.events))
        for size, event in zip(sizes, best, strict=True):
            cost.append(f"| {name} | {size:,} | {event * 1e9:,.0f} | {event / best[0]:.2f} |")
        change.append(change_row(sets[-1], matchers[-1]))
    return cost, change


def change_row(rules: RuleSet, matcher: Matcher, changes: int = 100) -> str:
    """Replace one rule among many, and match the next event."""
    events = {trigger: scope_of(contact) for trigger, contact in rules.events}
    size = len(rules.rules)
    times = sorted(_change(matcher, rules, step * size // changes, events) for step in range(changes))
    return f"| {rules.name} | {size:,} | {times[changes // 2] * 1e3:.2f} | {times[-1] * 1e3:.2f} |"


def _change(matcher: Matcher, rules: RuleSet, ref: int, events: dict[str, object]) -> float:
    trigger, ir = rules.rules[ref]
    changed = Op("and", (ir, Op("ne", (get("score"), Lit(ref)))))
    started = time.process_time()
    matcher.replace(ref, [Entry(ref, trigger, "contact", changed)])
    matcher.match(trigger, "contact", events[trigger])  # type: ignore[arg-type]
    return time.process_time() - started


def report(sizes: Sequence[int], with_clips: bool, linear: int) -> str:
    """The whole report."""
    versions = [f"Python {platform.python_version()}", f"rulelang {version('rulelang')}"]
    if with_clips:
        versions.append(f"clipspy {version('clipspy')}")
    fives = [size for size in sizes if 100 <= size <= 100_000]
    sets = sizes_table(sizes, with_clips, linear)
    cost, change = five_tables(fives)
    parts = [
        "## Matching",
        f"`python -m benchmarks.matching {' '.join(sys.argv[1:])}`: {', '.join(versions)}, {platform.machine()}",
        "\n".join(sets),
        "Cost follows the rules that match: five match every event, whatever the number installed.",
        "\n".join(cost),
        "Changing a rule.",
        "\n".join(change),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--quick", action="store_true", help="up to 1,000 rules, a few seconds")
    choice.add_argument("--large", action="store_true", help="10,000 to 1,000,000 rules, some minutes")
    options = parser.parse_args()
    with_clips = importlib.util.find_spec("clips") is not None
    sizes = QUICK if options.quick else LARGE if options.large else USUAL
    print(report(sizes, with_clips, 100_000 if options.large else LINEAR))


if __name__ == "__main__":
    main()
