"""Every operation of the OpenAPI document, called with values that fit it and values that do not: never a 5xx."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.app import create_app
from api.openapi import openapi_document
from engine.flow.sign_in import create_owner_if_none
from engine.sam import Sam
from engine.store.tables import Model, RetrainKind, RetrainRun, RetrainState
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, mask_body
from tests.fixtures.deployment import register

DOCUMENT = openapi_document(create_app())
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    # Signing out would end the fuzzing; deleting the project or the image would leave nothing to find.
    if (method, path) not in {("post", "/api/v1/sign-out"), ("delete", "/api/v1/projects/{project_id}")}
    and (method, path) != ("delete", "/api/v1/images/{image_id}")
    # Streams that go on for as long as what they tell of.
    and not path.endswith("/events")
]

ODD_TEXT = st.sampled_from(["", "\x00", "é", "a" * 300, "\ud800", "'; --", "%00", "../..", "💥", "null", "-1", "1e999"])
ODD_NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**30, 1e308, -0.0, 0.5, float("nan"), float("inf")])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), ODD_TEXT, ODD_NUMBERS)
ANYTHING = st.recursive(
    SCALARS,
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=8), some, max_size=4),
    max_leaves=8,
)
ODD_IDS = ["7", "%00", "%f0%9f%92%a5", "00000000-0000-0000-0000-0"]
VERSIONS = ["*", '"1"', '"2"', '"0"', '"-1"', "", '"99999999999999999999"', 'W/"1"', "é"]


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a JSON schema of ours, and now and then one that is not."""
    if "$ref" in schema:
        return fitting(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return st.one_of([fitting(part) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object" if "properties" in schema:
            required = set(schema.get("required", ()))
            fields = {name: st.one_of(fitting(part), part_or_odd(part)) for name, part in schema["properties"].items()}
            return st.fixed_dictionaries(
                {name: value for name, value in fields.items() if name in required},
                optional={name: value for name, value in fields.items() if name not in required},
            )
        case "array" if "prefixItems" in schema:
            return st.tuples(*map(fitting, schema["prefixItems"])).map(list)
        case "array":
            return st.lists(fitting(schema.get("items", {})), max_size=4)
        case "string" if schema.get("format") == "uuid":
            return st.uuids().map(str)
        case "string":
            return st.one_of(st.text(max_size=30), ODD_TEXT)
        case "integer" | "number":
            return st.one_of(st.integers(0, 100), st.floats(0, 60), ODD_NUMBERS)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return ANYTHING


def part_or_odd(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda roll: ANYTHING if roll == 0 else fitting(schema))


@pytest.fixture(scope="module")
def model(deployment: Deployment, tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return register(tiny_sam, tmp_path_factory.mktemp("model"))


@pytest.fixture
def known(image: dict[str, Any], model: Model, client: httpx.Client) -> dict[str, str]:
    """Ids that lead somewhere."""
    mask_id = "7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d"
    url = f"/api/v1/images/{image['id']}/masks/{mask_id}"
    client.put(url, json=mask_body(), headers={"If-None-Match": "*"}).raise_for_status()
    project = f"/api/v1/projects/{image['project_id']}"
    batch = client.post(f"{project}/batches", json={"kind": "automatic"}).raise_for_status().json()
    order = {"order": {"kind": "automatic"}, "cron": "0 2 * * *"}
    schedule = client.post(f"{project}/schedules", json=order).raise_for_status().json()
    snapshot = client.post("/api/v1/snapshots", json={"project_ids": [image["project_id"]]}).raise_for_status().json()
    return {
        "project_id": image["project_id"],
        "image_id": image["id"],
        "mask_id": mask_id,
        "model_id": str(model.id),
        "batch_id": batch["id"],
        "schedule_id": schedule["id"],
        "snapshot_id": snapshot["id"],
        "to": snapshot["id"],
        "run_id": add_run(snapshot["id"], model),
    }


def add_run(snapshot_id: str, model: Model) -> str:
    """A run that is over: one image is not enough to start one."""
    with unit_of_work() as uow:
        owner = create_owner_if_none(uow)
        run = RetrainRun(
            number=(uow.session.scalar(select(func.max(RetrainRun.number))) or 0) + 1,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=UUID(snapshot_id),
            replay_snapshot_ids=[],
            base_model_id=model.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.STOPPED,
            created_by=owner.id,
        )
        uow.session.add(run)
        uow.session.flush()
        return str(run.id)


@seed(20)
@settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_no_request_makes_the_server_fail(data: st.DataObject, client: httpx.Client, known: dict[str, str]) -> None:
    method, path, operation = data.draw(st.sampled_from(OPERATIONS))
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", data.draw(st.sampled_from([known[name]] * 6 + ODD_IDS)))
        elif parameter["in"] == "query" and data.draw(st.booleans()):
            query[name] = known.get(name) or str(data.draw(part_or_odd(parameter["schema"])))
        elif parameter["in"] == "header" and data.draw(st.booleans()):
            headers[name] = data.draw(st.sampled_from(VERSIONS))
    content = None
    if "requestBody" in operation:
        content_type, body = next(iter(operation["requestBody"]["content"].items()))
        headers["Content-Type"] = content_type
        value = data.draw(part_or_odd(body["schema"]))
        if operation["operationId"] == "put_mask" and isinstance(value, dict) and data.draw(st.booleans()):
            value = mask_body() | {name: part for name, part in value.items() if data.draw(st.booleans())}
        content = json.dumps(value).encode()
    response = client.request(
        method,
        path,
        params={name: value.encode("utf-8", "replace").decode() for name, value in query.items()},
        headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        content=content,
    )
    assert response.status_code < 500, (query, headers, content, response.text)
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json", response.text
        assert len(response.json()["detail"]) > 10
