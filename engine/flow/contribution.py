"""What a person's masks were good for: the model they trained, and how much better it is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from engine.flow.models import live_model
from engine.flow.registry import figures_of
from engine.store.tables import Model, Promotion, RetrainKind, RetrainRun, Snapshot, User
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Contribution:
    """A promoted model that a person's masks made better.

    `masks` are theirs in its snapshot, to train on or to measure on; `points` what it gained over its base in mIoU
    after one click on the held-out images, in hundredths; None when that was not measured.
    """

    model_id: UUID
    model_name: str
    run_number: int
    masks: int
    points: float | None
    live_from: datetime


def latest_contribution(uow: UnitOfWork, user: User) -> Contribution | None:
    """The newest model with a mask of this person in its snapshot that is live, or that the live one came from.

    What was rolled back is nobody's merit. None when there is none yet.
    """
    lineage = _lineage(uow)
    rows = uow.session.execute(
        select(Promotion.at, Model, RetrainRun, Snapshot.authors)
        .join(Model, Model.id == Promotion.model_id)
        .join(RetrainRun, RetrainRun.model_id == Model.id)
        .join(Snapshot, Snapshot.id == RetrainRun.snapshot_id)
        .where(RetrainRun.kind == RetrainKind.PROMPTABLE)
        .order_by(Promotion.at.desc())
    )
    for at, model, run, authors in rows:
        masks = authors.get(str(user.id), 0)
        if masks and model.id in lineage:
            return Contribution(model.id, model.name, run.number, masks, _points(run), at)
    return None


def _lineage(uow: UnitOfWork) -> set[UUID]:
    """The live model and those it came from."""
    found = set[UUID]()
    model = live_model(uow)
    while model is not None:
        found.add(model.id)
        model = None if model.parent_id is None else uow.session.get(Model, model.parent_id)
    return found


def _points(run: RetrainRun) -> float | None:
    measured = (run.evaluation or {}).get("sets", {}).get("validation")
    figures = None if measured is None else figures_of(measured, "candidate")
    gain = None if figures is None else figures.gain.get("1")
    return None if gain is None else gain * 100
