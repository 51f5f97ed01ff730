"""`maskloop up` as a person in a terminal meets it."""

import json
import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.running_maskloop import E2E, LINK, RunningMaskloop, maskloop, running_maskloop, until

pytestmark = E2E


def test_the_printed_link_signs_in_once(deployment: RunningMaskloop) -> None:
    link = LINK.search(deployment.said())
    assert link is not None
    token = link[0].partition("token=")[2]
    with httpx.Client(base_url=f"{deployment.url}/api/v1") as client:
        assert client.get("/me").status_code == 401
        assert client.post("/sign-in", json={"token": token}).json()["role"] == "owner"
        assert client.get("/me").json()["role"] == "owner"
        assert client.post("/sign-in", json={"token": token}).status_code == 401


def test_a_second_up_on_the_same_folder_prints_a_new_link_for_the_running_one(deployment: RunningMaskloop) -> None:
    second = maskloop("up", "--data", str(deployment.data), "--no-browser")
    assert second.returncode == 0, second.stderr
    assert "is running" in second.stdout
    link = LINK.search(second.stdout)
    assert link is not None
    assert link[0].startswith(deployment.url)
    token = link[0].partition("token=")[2]
    assert httpx.post(f"{deployment.url}/api/v1/sign-in", json={"token": token}).status_code == 200


def test_a_taken_port_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = maskloop("up", "--data", str(tmp_path / "data"), "--port", str(port), "--no-browser")
    assert result.returncode == 2
    said = result.stdout + result.stderr
    assert "cannot listen on" in said
    assert f"--port {port + 1}" in " ".join(said.split())
    assert "Traceback" not in said


def test_a_link_for_a_folder_nobody_runs_with_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    result = maskloop("link", "--data", str(tmp_path))
    assert result.returncode == 2
    assert "not running" in result.stdout + result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is nobody's address")
def test_it_listens_on_127_0_0_1_only(deployment: RunningMaskloop) -> None:
    port = int(deployment.url.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), 5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 5)


def named(client: httpx.Client, name: str) -> dict[str, Any] | None:
    """The project of that name; other tests add theirs to the same deployment."""
    return next((project for project in client.get("/projects").json() if project["name"] == name), None)


def test_the_first_start_brings_a_demo_project_and_a_live_model(deployment: RunningMaskloop) -> None:
    with deployment.client() as client:
        model = until(lambda: live_model(client), "the live model")
        project = until(lambda: named(client, "Demo scenes"), "the demo project")
        assert model["name"] == "vit_t"
        assert project["image_count"] >= 5
        until(lambda: client.get(f"/projects/{project['id']}/progress").json()["embedding"]["done"] >= 1, "embedding")


def test_interrupting_stops_everything_and_the_next_start_finds_what_was_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_maskloop(data) as first:
        with first.client() as client:
            project = client.post("/projects", json={"name": "Streets"}).json()
        assert first.process_ids("uvicorn")
        assert first.process_ids("workers")
        os.kill(first.process.pid, signal.SIGTERM)
        assert first.process.wait(60) == 0
        assert not first.process_ids("uvicorn")
        assert not first.process_ids("workers")
    with running_maskloop(data) as second:
        with second.client() as client:
            assert client.get(f"/projects/{project['id']}").json()["name"] == "Streets"
        with urllib.request.urlopen(f"{second.url}/api/v1/health") as answer:
            assert json.load(answer)["status"] == "ok"


def live_model(client: httpx.Client) -> dict[str, str] | None:
    answer = client.get("/models/live")
    return answer.json() if answer.status_code == 200 else None
