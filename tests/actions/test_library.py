"""The library as a whole: every declaration performs, loads quickly, is documented; plug-ins are checked."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from rulelang.catalog.build import CatalogueError, build_catalogue
from rulelang.catalog.model import Performs
from rulelang.types.schema import Schema
from runtime.providers import Connection
from runtime.settings import Settings, load_settings
from stdlib_actions.library import (
    build_library,
    declarations,
    describe,
    offline_library,
    standard_declarations,
)
from stdlib_actions.plugins import Family
from stdlib_actions.reference import reference
from tests.actions.conftest import services

ROOT = Path(__file__).parents[2]


def test_every_declaration_has_what_performs_it(schema: Schema, tmp_path: Path) -> None:
    library = build_library(services(schema, tmp_path))
    by_kind = {kind: {a.name for a in declarations() if a.performs is kind} for kind in Performs}
    assert set(library.local) == by_kind[Performs.LOCAL]
    assert set(library.effects) == by_kind[Performs.EFFECT]
    assert set(library.catalogue.actions) == {a.name for a in declarations()}


@pytest.mark.parametrize("action", standard_declarations(), ids=lambda action: action.name)
def test_every_declaration_is_complete(action) -> None:  # type: ignore[no-untyped-def]
    assert action.doc.endswith(".")
    assert not action.summary.endswith(".")
    assert action.example.endswith("\n")
    assert all(re.fullmatch(r"A\d+", row) for row in action.rows)
    assert all(param.doc for param in action.params)


def test_the_rows_of_the_product_that_actions_cover() -> None:
    covered = {row for action in declarations() for row in action.rows}
    assert covered == {f"A{n}" for n in range(1, 30)}


def test_loading_all_declarations_is_light() -> None:
    code = (
        "import time, rulelang.types.schema, rulelang.catalog.build, runtime.actions\n"
        "began = time.process_time()\n"
        "from stdlib_actions.library import declarations\n"
        "declarations()\n"
        "import sys\n"
        "heavy = {'asyncio', 'aiosmtplib', 'liquid', 'httpcore', 'httpx', 'email.message', 'runtime.settings', 'ssl'} & set(sys.modules)\n"
        "print(time.process_time() - began, *sorted(heavy))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.split()
        for _ in range(3)
    ]
    assert [run[1:] for run in runs] == [[], [], []]
    assert min(float(run[0]) for run in runs) < 0.030


def test_the_reference_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "actions.md").read_text("utf-8")
    assert page == reference(), "run python -m stdlib_actions.reference > docs/actions.md"


def test_the_settings_page_names_every_key_and_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    text = page.split("```toml\n")[1].split("```")[0]
    (tmp_path / "rulelang.toml").write_text(text, "utf-8")
    assert load_settings(tmp_path, {}) != Settings()
    keys = {section: set(values) for section, values in tomllib.loads(text).items()}
    wanted = {section: set(values) for section, values in msgspec.to_builtins(Settings()).items()}
    # Sections that the author names, of which the defaults have none; `in` is on a page of its own.
    assert "connections" in keys
    assert set(tomllib.loads(text)["connections"]["crm"]) == set(Connection.__struct_fields__)
    for named in ("in", "connections", "accounts"):
        keys.pop(named, None)
        del wanted[named]
    assert keys == wanted


async def test_the_offline_library_needs_nothing_and_sends_nothing(schema: Schema) -> None:
    library = offline_library(lambda: schema)
    assert set(library.effects) == {a.name for a in declarations() if a.performs is Performs.EFFECT}
    assert describe(library, "unknown_thing", {"x": 1}, None) == "unknown thing x 1"


# --- actions of other packages ---------------------------------------------------------------------

PLUGIN = """
from rulelang.catalog.model import Action, Performs
from runtime.model import Outcome, OutcomeKind
from runtime.actions import Intent

DECLARATIONS = (
    Action("wave", "wave", Performs.LOCAL, "wave", "Waves.", "on contact created do wave\\n"),
    Action("ring", "ring bell", Performs.EFFECT, "ring", "Rings.", "on contact created do ring bell\\n"),
)

def wave(context, args):
    context.add_tag("waved")

LOCAL = {"wave": wave}

class Ring:
    def __init__(self, services):
        self.services = services
    def intend(self, schema, facts, args):
        return Intent("bell", dict(args))
    async def prepare(self, effect, facts):
        return None
    async def deliver(self, effect, prepared, facts):
        return Outcome(OutcomeKind.DONE)

def effects(services):
    return {"ring": Ring(services)}
"""

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from stdlib_actions.library import declarations, offline_library
from rulelang.types.defaults import default_schema
library = offline_library(default_schema)
print("wave" in library.local, "ring" in library.effects, "ring" in library.catalogue.actions, declarations()[-1].name)
"""


def install(folder: Path, code: str) -> None:
    (folder / "bells.py").write_text(code)
    info = folder / "bells-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bells\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rulelang.actions]\nbells = bells\n")


def run_with_plugin(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    install(folder, code)
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, cwd=ROOT
    )


def test_an_installed_package_adds_actions(tmp_path: Path) -> None:
    done = run_with_plugin(tmp_path, PLUGIN)
    assert done.stdout.split() == ["True", "True", "True", "ring"], done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "the package bells cannot be loaded: ZeroDivisionError: division by zero"),
        ("x = 1", "the package bells has no DECLARATIONS of actions"),
        (
            PLUGIN.replace("LOCAL = {", "OTHER = {"),
            "the package bells: declarations and implementations differ in wave",
        ),
        (
            PLUGIN.replace('{"ring": Ring', '{"wring": Ring'),
            "the package bells: declarations and implementations differ in ring, wring",
        ),
    ],
)
def test_a_package_that_does_not_fit_is_named(tmp_path: Path, code: str, message: str) -> None:
    done = run_with_plugin(tmp_path, code)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == f"rulelang.catalog.build.CatalogueError: {message}"


def test_a_name_that_is_taken_is_refused() -> None:
    taken = replace(standard_declarations()[0], phrase="hand over to somebody else")
    with pytest.raises(CatalogueError, match="`assign`"):
        build_catalogue((*standard_declarations(), taken))


def test_declarations_must_be_actions() -> None:
    with pytest.raises(CatalogueError, match="has no DECLARATIONS"):
        Family("the package x", SimpleNamespace(DECLARATIONS=("assign",)))
