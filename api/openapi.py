"""The OpenAPI document. `python -m api.openapi > web/openapi.json` writes it for the web client's generator."""

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.schemas import Problem


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name, which a generated client shows to the people who write against it."""
    return route.name


def openapi_document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    for name, schema in problem.pop("$defs").items():
        schemas.setdefault(name, schema)
    schemas["Problem"] = problem
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def render(app: FastAPI) -> str:
    return json.dumps(openapi_document(app), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from api.app import create_app

    sys.stdout.write(render(create_app()))
