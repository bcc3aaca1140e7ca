"""Commands that editors let people run: what a rule would do, why it would or would not start, tests, a full check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runtime.settings import Settings, SettingsError, load_settings
from runtime.simulate import SimulationError
from stdlib_actions.library import offline_library
from workbench.lsp.errors import INVALID_PARAMS, REQUEST_FAILED, RequestError
from workbench.lsp.projects import Documents, Project
from workbench.lsp.publishing import Publisher
from workbench.lsp.trying import Trial
from workbench.testing.meaning import Meaning
from workbench.testing.report import render
from workbench.testing.runner import Runner, tested

JSON = Any
Params = Mapping[str, Any]

SIMULATE, WHY, TEST, CHECK = "rulelang.simulate", "rulelang.why", "rulelang.test", "rulelang.check"
COMMANDS: Mapping[str, str] = {
    SIMULATE: "what a rule does with the sample records and events: its timeline and messages",
    WHY: "why a rule starts for each sample record, or why not",
    TEST: "run a test",
    CHECK: "check all files of the workspace now",
}
"""Each with what it answers."""

RULE_LENSES = (("simulate", SIMULATE), ("why", WHY))
TEST_LENS = ("run test", TEST)


class Commands:
    """Runs commands. An answer is `{"title", "text"}`; it is shown as a message too, unless the editor `shows` it."""

    def __init__(
        self, documents: Documents, publisher: Publisher, notify: Callable[[str, JSON], None]
    ) -> None:
        self._documents, self._publisher, self._notify = documents, publisher, notify
        self.shows = False

    def execute(self, params: Params) -> JSON:
        """Run a command with its arguments: the address of a document, and the name of a rule or test."""
        command, arguments = params["command"], params.get("arguments") or []
        if command not in COMMANDS:
            raise RequestError(INVALID_PARAMS, f"`{command}` is no command of this server")
        answer = self._check() if command == CHECK else self._about(command, *arguments[:2])
        if not self.shows:
            self._notify("window/showMessage", {"type": 3, "message": answer["text"]})
        return answer

    def _check(self) -> JSON:
        count = self._publisher.finish()
        text = "no mistakes found" if not count else "1 mistake" if count == 1 else f"{count} mistakes"
        return {"title": "check", "text": text, "count": count}

    def _about(self, command: str, uri: str, name: str) -> JSON:
        project, path = self._documents.of(uri)
        try:
            if command == TEST:
                text = self._test(project, path, name)
            else:
                trial = Trial(
                    project.workspace, self._plan(project, name), _root(project), _settings(project)
                )
                text = trial.timeline() if command == SIMULATE else trial.reasons()
        except (SettingsError, SimulationError) as error:
            raise RequestError(REQUEST_FAILED, str(error)) from None
        return {"title": f"{command.rpartition('.')[2]}: {name}", "text": text}

    def _plan(self, project: Project, name: str) -> Any:
        rule = project.workspace.keys.get(name)
        if rule is None or rule.plan is None:
            raise RequestError(REQUEST_FAILED, f"the rule `{name}` is not there, or has errors")
        return rule.plan

    def _test(self, project: Project, path: str, name: str) -> str:
        found = [test for test in project.own_tests(path) if test.name == name]
        if not found:
            raise RequestError(REQUEST_FAILED, f"the test `{name}` is not there, or cannot be understood")
        workspace = project.workspace
        library = offline_library(
            lambda: workspace.schema, _settings(project), _root(project), workspace.catalogue
        )
        runner = Runner(library, Meaning(workspace), tested(workspace.plans))
        return render([runner.run(test) for test in found], (), "text", color=False)


def _root(project: Project) -> Path:
    return project.root if project.root is not None else Path()


def _settings(project: Project) -> Settings:
    return load_settings(project.root, {}) if project.root is not None else Settings()
