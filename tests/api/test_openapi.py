import json
import os
import subprocess
import sys
from pathlib import Path

from api.app import create_app
from api.openapi import openapi_document, render

REPOSITORY = Path(__file__).parents[2]


def test_the_committed_document_is_current() -> None:
    committed = (REPOSITORY / "web" / "openapi.json").read_text(encoding="utf-8")
    assert committed == render(create_app()), "Write it again: `python -m api.openapi > web/openapi.json`."


def test_every_operation_has_a_name_of_its_own_and_documents_problems() -> None:
    document = openapi_document(create_app())
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"]


USE_THE_API = """
import json, sys
import httpx, asyncio
from api.app import create_app
from engine.flow.sign_in import create_link, create_owner_if_none
from engine.store.unit_of_work import unit_of_work
from migrations import upgrade
from tests.api.deployment import mask_body, picture

async def use(token):
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        (await client.post("/sign-in", json={"token": token})).raise_for_status()
        project = (await client.post("/projects", json={"name": "Birds"})).json()["id"]
        image = (await client.post(f"/projects/{project}/images", files={"file": ("a.png", picture())})).json()["id"]
        mask = f"/images/{image}/masks/7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d"
        statuses = [(await client.put(mask, json=mask_body(), headers={"If-None-Match": "*"})).status_code]
        for path in (f"images/{image}/overlay", f"projects/{project}/export", "models", "models/live"):
            statuses.append((await client.get(f"/{path}")).status_code)
        body = {"model_id": project, "points": [{"x": 1, "y": 1, "label": 1}]}
        statuses.append((await client.post(f"/images/{image}/decode", json=body)).status_code)
        return statuses

upgrade()
with unit_of_work() as uow:
    token = create_link(uow, create_owner_if_none(uow))
print(json.dumps({"statuses": asyncio.run(use(token)), "torch": "torch" in sys.modules}))
"""


def test_the_web_process_never_loads_torch(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASKLOOP_")}
    environment |= {"MASKLOOP_DATA": str(tmp_path / "data"), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", USE_THE_API], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["statuses"] == [201, 200, 200, 200, 404, 404]
    assert result["torch"] is False
