"""A registered model's own thresholds for the automatic stage: found, and kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.automatic.thresholds import METRIC, Thresholds, precision_in, thresholds_in
from engine.flow.model_figures import SUFFIX, bundled_metrics, read_metrics
from engine.flow.models import DETECTORS, find_model
from engine.settings import get_settings
from engine.store.tables import Model
from engine.store.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True)
class OwnThresholds:
    """Thresholds, and the name of the model they were calibrated for: the one that was asked, or an ancestor.

    `precision`: the part of the masks kept by them that was right there, 0 to 1; None where nobody noted it.
    """

    thresholds: Thresholds
    calibrated_for: str
    precision: float | None


def thresholds_of(uow: UnitOfWork, model: Model) -> OwnThresholds | None:
    """A model's own thresholds, else those of the model it was trained from, and so on.

    A model trained on more masks estimates its IoUs as the one it began with did, until it is calibrated itself. None
    when nobody calibrated any of them. Raises InvalidSetting for unusable metrics.
    """
    seen = set[UUID]()
    current: Model | None = model
    while current is not None and current.id not in seen and current.arch not in DETECTORS:
        found = thresholds_in(current.metrics)
        if found is not None:
            return OwnThresholds(found, current.name, precision_in(current.metrics))
        seen.add(current.id)
        current = None if current.parent_id is None else uow.session.get(Model, current.parent_id)
    return None


def record_thresholds(uow: UnitOfWork, name: str, metric: dict[str, Any]) -> None:
    """Keep what `Calibration.to_metric` says on a registered model's card; batches from now on use it.

    Raises NotFound, InvalidSetting.
    """
    thresholds_in({METRIC: metric})
    model = find_model(uow, name)
    model.metrics = {**model.metrics, METRIC: metric}


def named_thresholds(name_or_path: str) -> OwnThresholds | None:
    """The same for what `load_model` takes: a registered model's, a bundled one's as shipped, or a file's.

    A file's lie beside it: `X.metrics.json` for `X.safetensors`. Raises InvalidSetting for unusable ones.
    """
    if get_settings().has_database:
        with unit_of_work(read_only=True) as uow:
            model = uow.session.scalars(select(Model).where(Model.name == name_or_path)).one_or_none()
            if model is not None:
                return thresholds_of(uow, model)
    weights = Path(name_or_path).expanduser()
    metrics = read_metrics(weights.with_suffix(SUFFIX)) if weights.is_file() else bundled_metrics(name_or_path)
    found = thresholds_in(metrics)
    return None if found is None else OwnThresholds(found, weights.stem, precision_in(metrics))
