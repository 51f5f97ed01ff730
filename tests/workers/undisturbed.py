"""An automatic batch that nothing disturbs, and whether another came to the same."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from engine.store.tables import Image, ItemState, Job, JobItem, JobState, Mask, MaskVersion, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project
from tests.flow.batching import LENIENT, items, state
from tests.flow.batching import start as start_batch
from tests.workers.conftest import Worker, wait_until

Start = Callable[..., Worker]
QUEUES = ("--queues", "automatic", "--no-beat")
SETTINGS = LENIENT | {"points_per_side": 4, "points_per_batch": 1}
"""One point at a time, so that an image takes long enough to be disturbed at."""


def done_undisturbed(owner: User, project: Project, start: Start, images: int) -> Project:
    """Adds images to `project`, and to another one in which a batch finds all their masks in peace."""
    undisturbed = make_project(owner, "Undisturbed")
    for seed in range(images):
        add_image(project, owner, seed)
        add_image(undisturbed, owner, seed)
    expected = start_batch(owner, undisturbed, settings=SETTINGS)
    worker = start(*QUEUES)
    wait_until_finished(expected, worker)
    worker.kill()
    return undisturbed


def wait_until_finished(job: Job, worker: Worker) -> None:
    wait_until(lambda: state(job) == JobState.FINISHED, worker, lambda: len(items(job, ItemState.DONE)))


def assert_same(job: Job, project: Project, undisturbed: Project, images: int) -> None:
    """The project's batch has done all its images, and made mask for mask what the undisturbed one made, once."""
    assert {item.state for item in items(job)} == {ItemState.DONE}
    assert _outcome(project) == _outcome(undisturbed)
    with unit_of_work(read_only=True) as uow:
        made = {  # noqa: C416
            image_id: count
            for image_id, count in uow.session.execute(select(Mask.image_id, func.count()).group_by(Mask.image_id))
        }
        versions = uow.session.scalar(select(func.count()).select_from(MaskVersion))
        recorded = uow.session.scalar(select(func.sum(JobItem.mask_count)).join(Job).where(~Job.standing))
    assert len(made) == 2 * images
    assert sum(made.values()) == versions == recorded


def _outcome(project: Project) -> list[tuple[Any, ...]]:
    """Every mask of a project but for what tells two equal runs apart."""
    with unit_of_work(read_only=True) as uow:
        rows = uow.session.execute(
            select(
                Image.file_name, Mask.counts, Mask.predicted_iou, Mask.stability_score, Mask.version, Mask.deleted_at
            )
            .join(Mask, Mask.image_id == Image.id)
            .where(Image.project_id == project.id, Mask.deleted_at.is_(None))
        )
        return sorted(tuple(row) for row in rows)
