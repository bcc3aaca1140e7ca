"""The subject's place in a pipeline: `move to stage`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

DECLARATIONS = (
    Action(
        name="move_to_stage",
        phrase="move to stage {stage} [of {pipeline}]",
        performs=Performs.LOCAL,
        summary="move the subject to a stage of a pipeline",
        doc=(
            "Moves the subject to a stage. It leaves the stage where it was in that pipeline, so "
            "rules on `stage exit` and on `stage enter` run. Name the pipeline when several have the stage."
        ),
        example=(
            'on stage enter "SQL" when status = customer\n'
            "do\n"
            '  move to stage "Active" of "Customer Success"\n'
            "end\n"
        ),
        params=(
            Param("stage", TEXT, "the stage", role="stage"),
            Param("pipeline", TEXT, "the pipeline that has the stage", required=False, role="pipeline"),
        ),
        idempotent=True,
    ),
)


def move_to_stage(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Move to the stage; the planner always names the pipeline by its key."""
    context.move_stage(args["pipeline"], args["stage"])


LOCAL: Mapping[str, LocalAction] = {"move_to_stage": move_to_stage}
