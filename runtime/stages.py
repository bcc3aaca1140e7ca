"""The field `stage`: the stage in a kind's first pipeline, or in the pipeline that an opportunity is in."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.types.schema import Schema
from runtime.model import JSON


def main_pipeline(schema: Schema, kind: str, fields: Mapping[str, JSON]) -> str | None:
    """The key of the pipeline whose stage is the record's `stage`."""
    if kind == "opportunity" and fields.get("pipeline"):
        return str(fields["pipeline"])
    return next((pipeline.key for pipeline in schema.pipelines_of(kind)), None)


def with_stage(schema: Schema, kind: str, fields: Mapping[str, JSON]) -> dict[str, JSON]:
    """The fields with `stage` as `stages` says."""
    rest = {name: value for name, value in fields.items() if name != "stage"}
    stage = (fields.get("stages") or {}).get(main_pipeline(schema, kind, fields))
    return rest if stage is None else {**rest, "stage": stage}
