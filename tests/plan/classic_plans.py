"""Classic rules and their plans as JSON: `python -m tests.plan.classic_plans` writes the plans for review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rulelang.plan.codec import encode
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue

FOLDER = Path(__file__).parent / "classics"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.rules")))


def plans(name: str) -> list[Any]:
    """What the rules of one file are planned as now; they must be without mistakes."""
    text = (FOLDER / f"{name}.rules").read_text("utf-8")
    workspace = load_workspace({f"{name}.rules": text}, catalogue())
    assert [d.message for d in workspace.diagnostics] == []
    return [json.loads(encode(plan)) for plan in workspace.plans]


def stored(name: str) -> list[Any]:
    """What they were planned as when somebody last looked."""
    found: list[Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


if __name__ == "__main__":
    for each in NAMES:
        text = json.dumps(plans(each), indent=2, ensure_ascii=False)
        (FOLDER / f"{each}.json").write_text(f"{text}\n", "utf-8")
