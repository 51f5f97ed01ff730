"""The loop's report and one's own part in it, from rows whose figures can be counted by hand."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from engine.flow.contribution import latest_contribution
from engine.flow.loop_report import report
from engine.flow.promotion import rollback
from engine.store.tables import (
    Assignment,
    AssignmentState,
    Image,
    ItemState,
    Job,
    JobItem,
    JobKind,
    JobState,
    Mask,
    Model,
    ModelState,
    Project,
    Promotion,
    PromotionReason,
    RetrainKind,
    RetrainRun,
    RetrainState,
    Review,
    Snapshot,
    Stage,
    User,
    utc_now,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_user
from tests.flow.retraining import annotate


def measured(miou: float, gain: float) -> dict[str, Any]:
    found = {"miou": {"1": {"most_confident": miou}}, "calibration_error": {"1": 0.1}}
    base = {"miou": {"1": {"most_confident": miou - gain}}, "calibration_error": {"1": 0.2}}
    difference = {"miou": {"1": {"most_confident": {"difference": gain, "interval": None}}}}
    one = {"images": 2, "masks": 5, "base": base, "candidate": found, "difference": difference}
    return {"kind": "promptable", "sets": {"validation": one, "benchmark": None}, "comparison": None}


@pytest.fixture
def promoted_at() -> datetime:
    return utc_now() - timedelta(hours=1)


@pytest.fixture
def second(owner: User, project: Project, model: Model, promoted_at: datetime) -> Model:
    """A model that a run made of the owner's masks, live for an hour."""
    with unit_of_work() as uow:
        model = uow.session.get_one(Model, model.id)
        model.state = ModelState.RETIRED
        second = Model(
            name="Birds v1",
            arch=model.arch,
            config=model.config,
            weights_key=model.weights_key,
            weights_sha256=model.weights_sha256,
            parent_id=model.id,
            state=ModelState.LIVE,
        )
        snapshot = Snapshot(
            number=1,
            name="Birds",
            project_ids=[str(project.id)],
            filters={},
            manifest_key="none",
            manifest_sha256="none",
            counts={"train": {"images": 1, "masks": 2}, "validation": {"images": 1, "masks": 1}},
            authors={str(owner.id): 3},
            created_by=owner.id,
        )
        uow.session.add_all([second, snapshot])
        uow.session.flush()
        run = RetrainRun(
            number=1,
            project_id=project.id,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=snapshot.id,
            replay_snapshot_ids=[],
            base_model_id=model.id,
            model_id=second.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.FINISHED,
            evaluation=measured(0.61, 0.031),
            machine_seconds=1800,
            created_by=owner.id,
            created_at=promoted_at - timedelta(hours=1),
        )
        uow.session.add(run)
        uow.session.flush()
        uow.session.add(
            Promotion(
                model_id=second.id,
                previous_model_id=model.id,
                run_id=run.id,
                at=promoted_at,
                reason=PromotionReason.GATE,
            )
        )
    return second


def place_in_time(mask: Mask, at: datetime) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(Mask).where(Mask.id == mask.id).values(created_at=at))


def offered(owner: User, image: Image, job: Job, **changes: Any) -> None:
    """A mask that a prefilling batch offered on an image."""
    mask = annotate(owner, image, stage=Stage.SEMI_AUTOMATIC, active_ms=0)
    with unit_of_work() as uow:
        uow.session.execute(update(Mask).where(Mask.id == mask.id).values(job_id=job.id, **changes))


def test_rounds_are_the_times_of_the_models(
    owner: User, project: Project, model: Model, second: Model, promoted_at: datetime
) -> None:
    before, after = add_image(project, owner, 0), add_image(project, owner, 1)
    three_clicks = {"points": [{"x": 1, "y": 1, "label": 1}] * 3}
    for seconds in (10, 20):
        early = annotate(owner, before, active_ms=seconds * 1000, prompts=three_clicks)
        place_in_time(early, promoted_at - timedelta(minutes=1))
    annotate(owner, after, active_ms=5000)
    with unit_of_work(read_only=True) as uow:
        first, now = report(uow, project.id)
    assert (first.number, first.model_name, first.began_at, first.ended_at) == (0, "tiny", None, promoted_at)
    assert (first.masks, first.images, first.clicks, first.seconds, first.masks_per_image) == (2, 1, 3.0, 15.0, 2.0)
    assert (first.people_hours, first.machine_hours, first.runs) == (pytest.approx(30 / 3600), 0.5, [1])
    assert (now.number, now.model_name, now.began_at, now.ended_at) == (1, "Birds v1", promoted_at, None)
    assert (now.masks, now.clicks, now.seconds, now.runs) == (1, 1.0, 5.0, [])
    assert first.held_out is not None
    assert now.held_out is not None
    assert (first.held_out.miou, now.held_out.miou) == ({"1": pytest.approx(0.579)}, {"1": 0.61})


def test_prefilled_masks_count_once_somebody_decided(
    owner: User, project: Project, model: Model, second: Model
) -> None:
    reviewed, finished, open_ = (add_image(project, owner, seed) for seed in range(3))
    with unit_of_work() as uow:
        job = Job(kind=JobKind.PREFILL, project_id=project.id, model_id=second.id, state=JobState.FINISHED)
        uow.session.add(job)
        uow.session.flush()
        now = utc_now()
        uow.session.add(
            JobItem(
                job_id=job.id,
                image_id=reviewed.id,
                state=ItemState.DONE,
                started_at=now - timedelta(seconds=36),
                finished_at=now,
            )
        )
        uow.session.add(Assignment(image_id=finished.id, user_id=owner.id, state=AssignmentState.FINISHED))
    offered(owner, reviewed, job, review=Review.ACCEPTED)
    offered(owner, reviewed, job, review=Review.REJECTED, deleted_at=utc_now())
    offered(owner, reviewed, job, review=Review.WAITING)
    # As a later batch takes back what nobody has looked at.
    offered(owner, reviewed, job, review=Review.WAITING, version=2, deleted_at=utc_now())
    offered(owner, finished, job)
    offered(owner, open_, job)
    with unit_of_work(read_only=True) as uow:
        now = report(uow, project.id)[-1]
    assert (now.prefilled, now.accepted_share) == (3, pytest.approx(2 / 3))
    assert now.masks == 0, "nobody drew one"
    assert now.machine_hours == pytest.approx(0.01)


def test_a_project_without_anything_has_the_live_models_round(owner: User, project: Project, model: Model) -> None:
    with unit_of_work(read_only=True) as uow:
        (only,) = report(uow, project.id)
    assert (only.model_name, only.masks, only.clicks, only.accepted_share) == ("tiny", 0, None, None)


def test_a_persons_masks_trained_the_model(owner: User, second: Model, promoted_at: datetime) -> None:
    with unit_of_work(read_only=True) as uow:
        found = latest_contribution(uow, owner)
        assert latest_contribution(uow, make_user(f"Ann {uuid.uuid4()}")) is None
    assert found is not None
    assert (found.model_name, found.run_number, found.masks, found.live_from) == ("Birds v1", 1, 3, promoted_at)
    assert found.points == pytest.approx(3.1)


def test_what_was_rolled_back_is_nobodys_merit(owner: User, second: Model) -> None:
    with unit_of_work() as uow:
        rollback(uow)
    with unit_of_work(read_only=True) as uow:
        assert latest_contribution(uow, owner) is None
