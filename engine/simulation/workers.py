"""What the workers do for a simulation: batches and retraining runs, started once and waited for."""

from collections.abc import Collection

from engine.errors import MaskloopError
from engine.simulation.client import LONG_PATIENCE, Client, Json, waiting

_OVER = ("finished", "failed", "stopped")


class RetrainFailed(MaskloopError):
    """A retraining run did not come to its end."""


def start_batch(client: Client, project_id: str, name: str, order: Json) -> str:
    """The id of the project's batch of that name, started now or before."""
    for batch in client.get(f"/projects/{project_id}/batches", limit=200):
        if batch["name"] == name:
            return batch["id"]
    return client.post(f"/projects/{project_id}/batches", {**order, "name": name})["id"]


def wait_for_batch(client: Client, batch_id: str) -> Json:
    """The finished batch."""
    for _ in waiting("a batch", LONG_PATIENCE):
        batch = client.get(f"/batches/{batch_id}")["batch"]
        if batch["state"] == "finished":
            return batch
    raise AssertionError("waiting raises")


def start_retrain(client: Client, project_id: str, order: Json, known: Collection[str]) -> str:
    """The id of a new run for the project, or of one that is not among the `known`: it was started and not noted."""
    for run in client.get("/retrains", project_id=project_id):
        if run["id"] not in known:
            return run["id"]
    return client.post("/retrains", {**order, "project_ids": [project_id]})["id"]


def wait_for_retrain(client: Client, run_id: str) -> Json:
    """The finished run. Raises RetrainFailed."""
    for _ in waiting("a retraining run", LONG_PATIENCE):
        run: Json = client.get(f"/retrains/{run_id}")["run"]
        if run["state"] == "finished":
            return run
        if run["state"] in _OVER:
            raise RetrainFailed(f"Run {run['number']} is {run['state']}: {run['error'] or 'somebody stopped it'}")
    raise AssertionError("waiting raises")
