"""How fast rules are parsed, checked and planned: a cold load of many rules, and an edit among them.

    python -m benchmarks.language [--rules 10000]

The rules are of some fifteen lines with conditions, waits and branches, a hundred to a file.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from statistics import median, quantiles

from rulelang.catalog.build import build_catalogue
from rulelang.source import Source
from rulelang.syntax.parser import parse
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations

PER_FILE = 100
EDITS = 40


def rule(n: int) -> str:
    """One rule; no two are equal."""
    return f'''rule "Rule {n}" for contact
  on stage enter "{("SQL", "Won", "Lost")[n % 3]}"
  when status = trial and score >= {n % 100} and country in ("DE", "FR", "GB")
  enrol every time
  exit when status = customer
do
  assign("ana{n}@acme.test")
  wait {n % 23 + 1}h
  if score >= {n % 50} then
    add tag "hot {n}"
    set city = "Berlin"
  elif email ends with "@example.test" then
    mark dnc
  else
    stop
  end
  notify owner "{{{{ contact.first_name | default: 'somebody' }}}} is ready" when owner is set
end
'''


def files(count: int) -> dict[str, str]:
    """That many rules in files."""
    return {
        f"rules/{start // PER_FILE:04}.rules": "\n".join(
            map(rule, range(start, min(start + PER_FILE, count)))
        )
        for start in range(0, count, PER_FILE)
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rules", type=int, default=10_000)
    count = parser.parse_args().rules
    texts = files(count)
    size = sum(map(len, texts.values()))
    catalogue = build_catalogue(declarations())
    gc.disable()
    start = time.process_time()
    for path, text in texts.items():
        parse(Source.of(path, text))
    parsing = time.process_time() - start
    start = time.process_time()
    workspace = load_workspace(texts, catalogue)
    loading = time.process_time() - start
    assert not workspace.diagnostics, workspace.diagnostics[0]
    gc.freeze()
    gc.enable()
    edits = _edits(workspace, texts)
    print("## Language\n")
    print(
        f"`python -m benchmarks.language --rules {count}`: Python {platform.python_version()}, {platform.machine()}, CPU seconds\n"
    )
    print(f"| {count:,} rules, {size / 1e6:.1f} MB | CPU s | rules/s |\n|---|---:|---:|")
    print(f"| parse | {parsing:.2f} | {count / parsing:,.0f} |")
    print(f"| parse, check and plan | {loading:.2f} | {count / loading:,.0f} |")
    print(
        f"\nDiagnostics after an edit with all of them open: p50 {median(edits) * 1e3:.1f} ms, p95 {quantiles(edits, n=20)[-1] * 1e3:.1f} ms."
    )


def _edits(workspace: object, texts: dict[str, str]) -> list[float]:
    times = []
    paths = list(texts)
    for n in range(EDITS):
        path = paths[n * 7 % len(paths)]
        text = texts[path].replace("score >=", f"score >= {n} +", 1)
        start = time.process_time()
        edited = workspace.with_file(path, text)  # type: ignore[attr-defined]
        found = edited.diagnostics
        times.append(time.process_time() - start)
        assert not found
    return times


if __name__ == "__main__":
    main()
