"""The registry: every model with where it came from, what it was trained on, how good it is, and when it was live."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.flow.models import DETECTORS, get_model, list_models
from engine.store.tables import Model, Promotion, RetrainRun, Snapshot
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Figures:
    """A model on one set, as a run measured it. By clicks ("1", "3", "5"): mIoU and calibration error.

    `gain`: mIoU less that of the base, in the same run. Of a detector `average_precision` and `average_recall` (of 100
    boxes) instead. What was not measured is None or empty.
    """

    images: int
    masks: int
    miou: dict[str, float]
    gain: dict[str, float]
    noc90: float | None
    calibration_error: dict[str, float]
    average_precision: float | None
    average_recall: float | None


@dataclass(frozen=True)
class Entry:
    """A model of the registry.

    `run` made it, None for one that was added or shipped; `snapshot` is what it was trained on. `figures` are by set,
    "validation" (the held-out images of that snapshot) and "benchmark". `live_from` is when it last went live.
    """

    model: Model
    is_detector: bool
    run: RetrainRun | None
    snapshot: Snapshot | None
    figures: dict[str, Figures]
    live_from: datetime | None


def list_registry(uow: UnitOfWork) -> list[Entry]:
    """All models, the newest first."""
    return _entries(uow, list_models(uow))


def get_entry(uow: UnitOfWork, model_id: UUID) -> Entry:
    """Raises NotFound."""
    return _entries(uow, [get_model(uow, model_id)])[0]


def ancestors_of(uow: UnitOfWork, model: Model) -> list[Model]:
    """The model's parent, its parent, and so on."""
    found: list[Model] = []
    while model.parent_id is not None and model.parent_id not in {each.id for each in found}:
        model = uow.session.get_one(Model, model.parent_id)
        found.append(model)
    return found


def children_of(uow: UnitOfWork, model: Model) -> list[Model]:
    """What was trained from a model or reads its embeddings, oldest first."""
    return list(uow.session.scalars(select(Model).where(Model.parent_id == model.id).order_by(Model.created_at)))


def promotions_of(uow: UnitOfWork, model_id: UUID) -> list[Promotion]:
    """When a model went live, the latest first. Raises NotFound."""
    get_model(uow, model_id)
    found = select(Promotion).where(Promotion.model_id == model_id).order_by(Promotion.at.desc())
    return list(uow.session.scalars(found))


def figures_of(measured: Mapping[str, Any], side: str) -> Figures | None:
    """The short form of one model's figures on one set of an evaluation; `side` is "base" or "candidate"."""
    found = measured.get(side)
    if found is None:
        return None
    difference = (measured.get("difference") or {}) if side == "candidate" else {}
    return Figures(
        images=measured["images"],
        masks=measured["masks"],
        miou={clicks: figure["most_confident"] for clicks, figure in found.get("miou", {}).items()},
        gain={
            clicks: figure["most_confident"]["difference"]
            for clicks, figure in difference.get("miou", {}).items()
            if "most_confident" in figure
        },
        noc90=found["noc"]["90"]["clicks"] if "noc" in found else None,
        calibration_error=found.get("calibration_error", {}),
        average_precision=found.get("ap"),
        average_recall=found.get("ar100"),
    )


def _entries(uow: UnitOfWork, models: list[Model]) -> list[Entry]:
    ids = [model.id for model in models]
    runs = {
        run.model_id: run
        for run in uow.session.scalars(
            select(RetrainRun).where(RetrainRun.model_id.in_(ids)).order_by(RetrainRun.number)
        )
    }
    # A model that no run made was measured as the base of others.
    bases: dict[UUID, RetrainRun] = {}
    for run in uow.session.scalars(
        select(RetrainRun).where(RetrainRun.base_model_id.in_(ids)).order_by(RetrainRun.number)
    ):
        if run.evaluation is not None and run.evaluation["kind"] == "promptable":
            bases[run.base_model_id] = run
    snapshots = {
        snapshot.id: snapshot
        for snapshot in uow.session.scalars(
            select(Snapshot).where(Snapshot.id.in_({run.snapshot_id for run in runs.values()}))
        )
    }
    live_from = {
        promotion.model_id: promotion.at
        for promotion in uow.session.scalars(
            select(Promotion).where(Promotion.model_id.in_(ids)).order_by(Promotion.at)
        )
    }
    entries: list[Entry] = []
    for model in models:
        run = runs.get(model.id)
        own = run is not None and run.evaluation is not None
        measured, side = (run, "candidate") if own else (bases.get(model.id), "base")
        entries.append(
            Entry(
                model=model,
                is_detector=model.arch in DETECTORS,
                run=run,
                snapshot=None if run is None else snapshots.get(run.snapshot_id),
                figures=_by_set(measured, side),
                live_from=live_from.get(model.id),
            )
        )
    return entries


def _by_set(run: RetrainRun | None, side: str) -> dict[str, Figures]:
    if run is None or run.evaluation is None:
        return {}
    found = {name: figures_of(measured, side) for name, measured in run.evaluation["sets"].items() if measured}
    return {name: figures for name, figures in found.items() if figures is not None}
