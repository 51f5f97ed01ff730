"""A project with a few annotated images, and retraining runs that take seconds."""

import uuid
from typing import Any

from engine.flow.annotate import put_mask
from engine.flow.loop_settings import BenchmarkSettings, ProjectLoop, set_loop_settings
from engine.flow.retrain import start_retrain
from engine.flow.retrain_order import read_retrain_order
from engine.settings import get_settings
from engine.store.tables import Image, Mask, Project, RetrainRun, User
from engine.store.unit_of_work import unit_of_work
from tests.evaluation.drawn import write_image
from tests.fixtures.deployment import add_image
from tests.flow.masks import mask_content

QUICK: dict[str, Any] = {
    "steps": 4,
    "phases.0.images": 2,
    "phases.0.masks": 2,
    "phases.0.simulation.error_points": 1,
    "phases.0.simulation.rounds_without_point": 0,
    "precision": "float32",
}
"""`finetune` in a few steps, with two prompts for each mask."""


def quick_benchmark() -> BenchmarkSettings:
    """Three drawn images with two masks each, in the deployment's data folder."""
    folder = get_settings().data / "drawn"
    for seed in range(3):
        write_image(folder, f"drawn_{seed}", masks=2, seed=seed)
    return BenchmarkSettings(scenes=0, folder=str(folder), noc=False)


def annotate(user: User, image: Image, **changes: Any) -> Mask:
    with unit_of_work() as uow:
        return put_mask(uow, user, image.id, uuid.uuid4(), mask_content(**changes), None)[0]


def annotated_project(user: User, project: Project, images: int = 4) -> list[Image]:
    """Images with one mask each; some are on either side of the split. What is measured takes a moment."""
    with unit_of_work() as uow:
        set_loop_settings(uow, user, project.id, ProjectLoop(benchmark=quick_benchmark()))
    added = [add_image(project, user, seed) for seed in range(images)]
    for image in added:
        annotate(user, image)
    return added


def start(user: User, project: Project, overrides: dict[str, Any] | None = None, **order: Any) -> RetrainRun:
    asked = {"replay_scenes": False} | order
    if asked.get("kind") != "detector":
        asked["overrides"] = QUICK | (overrides or {})
    elif overrides:
        asked["overrides"] = overrides
    with unit_of_work() as uow:
        return start_retrain(uow, user, read_retrain_order({"project_ids": [str(project.id)], **asked}))


def stored(run: RetrainRun) -> RetrainRun:
    with unit_of_work(read_only=True) as uow:
        return uow.session.get_one(RetrainRun, run.id)
