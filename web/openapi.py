"""The OpenAPI 3.1 document, made from the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runtime.keys import SCOPES
from web.problems import MEDIA_TYPE
from web.routing import Endpoint

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence for people"},
    },
}


def document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The document for these endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = re.sub(r":path}", "}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    scopes = "\n".join(f"- `{name}`: {doc}" for name, doc in SCOPES.items())
    return {
        "openapi": "3.1.0",
        "info": {"title": "rulelang", "version": version, "description": f"Scopes of API keys:\n\n{scopes}"},
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "rl_<id>_<secret>"}
            },
            "schemas": {"Problem": _PROBLEM},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    names = re.findall(r"{(\w+)(?::path)?}", endpoint.path)
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "tags": [endpoint.tag or "system"],
        "parameters": [_path_parameter(name) for name in names]
        + [
            {
                "name": p.name,
                "in": p.place,
                "required": p.required,
                "description": p.doc,
                "schema": dict(p.schema),
            }
            for p in endpoint.parameters
        ],
        "responses": _responses(endpoint),
    }
    if endpoint.doc:
        operation["description"] = endpoint.doc
    if endpoint.scope:
        operation["security"] = [{"key": [endpoint.scope]}]
    if endpoint.bodies:
        content = {media: {"schema": dict(schema)} for media, schema in endpoint.bodies.items()}
        operation["requestBody"] = {"required": endpoint.body_required, "content": content}
    return operation


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", endpoint.path.lower()).strip("_")
    return f"{endpoint.method.lower()}_{words}"


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    result: dict[str, Any] = {}
    for status, answer in endpoint.answers.items():
        result[str(status)] = {"description": answer.text}
        if answer.schema is not None:
            result[str(status)]["content"] = {answer.media: {"schema": dict(answer.schema)}}
        elif status >= 400:
            result[str(status)]["content"] = problem
    if endpoint.scope:
        result["401"] = {"description": "no valid key", "content": problem}
        result["403"] = {"description": "the key lacks the scope", "content": problem}
    result["default"] = {"description": "a problem", "content": problem}
    return result
