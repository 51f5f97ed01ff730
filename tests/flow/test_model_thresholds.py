"""A model's own thresholds: which batches use them, and where they come from."""

from pathlib import Path
from typing import Any

import pytest

from engine.automatic.thresholds import METRIC
from engine.errors import InvalidSetting
from engine.flow.batch_estimate import estimate_batch
from engine.flow.batch_order import read_order
from engine.flow.model_thresholds import named_thresholds, record_thresholds, thresholds_of
from engine.flow.models import record_metrics
from engine.sam import Sam
from engine.store.tables import Model, ModelState, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.batching import masks_of, start, work_off
from tests.flow.conftest import Outbox

OWN = {"pred_iou_thresh": 0.55, "stability_score_thresh": 0.2, "box_nms_thresh": 0.9}


@pytest.fixture
def calibrated(model: Model) -> Model:
    with unit_of_work() as uow:
        record_thresholds(uow, model.name, {**OWN, "precision": 0.25})
    return model


def thresholds(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in OWN}


def test_a_batch_uses_its_models_thresholds_but_for_what_is_set(
    calibrated: Model, project: Project, owner: User, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    points = {"points_per_side": 3, "max_cover": 1.0}
    job = start(owner, project, settings={"preset": "paper", "crop_n_layers": 0, **points})
    assert thresholds(job.settings) == OWN
    assert job.settings["calibrated"] == list(OWN)
    work_off(job)
    made = masks_of(image)
    assert made
    assert all((mask.predicted_iou or 0) > 0.55 for mask in made)
    some = start(owner, project, settings={**points, "pred_iou_thresh": 0.9})
    assert thresholds(some.settings) == OWN | {"pred_iou_thresh": 0.9}
    assert some.settings["calibrated"] == ["stability_score_thresh", "box_nms_thresh"]
    again = start(owner, project, settings=some.settings)
    assert again.settings == {name: value for name, value in some.settings.items() if name != "calibrated"}
    with unit_of_work(read_only=True) as uow:
        estimate = estimate_batch(uow, project.id, read_order({"kind": "automatic"}))
        other = estimate_batch(uow, project.id, read_order({"kind": "automatic", "settings": {"pred_iou_thresh": 0.9}}))
        embed = estimate_batch(uow, project.id, read_order({"kind": "embed"}))
    assert thresholds(estimate.settings) == OWN
    assert (estimate.precision, other.precision, embed.precision) == (0.25, None, None)


def test_a_model_that_nobody_calibrated_has_its_parents_or_the_presets(
    model: Model, project: Project, owner: User, outbox: Outbox
) -> None:
    add_image(project, owner)
    assert thresholds(start(owner, project, settings={}).settings) == {
        "pred_iou_thresh": 0.88, "stability_score_thresh": 0.95, "box_nms_thresh": 0.7
    }  # fmt: skip
    with unit_of_work() as uow:
        record_thresholds(uow, model.name, OWN)
        columns = ("arch", "config", "weights_key", "weights_sha256")
        child = Model(
            name="child", parent_id=model.id, state=ModelState.CANDIDATE, **{c: getattr(model, c) for c in columns}
        )
        uow.session.add(child)
    with unit_of_work(read_only=True) as uow:
        own = thresholds_of(uow, child)
    assert own is not None
    assert (own.thresholds.to_settings(), own.calibrated_for) == (OWN, model.name)


def test_new_figures_leave_the_thresholds(calibrated: Model) -> None:
    with unit_of_work() as uow:
        record_metrics(uow, calibrated.name, {"miou": {}})
    with unit_of_work(read_only=True) as uow:
        assert uow.session.get_one(Model, calibrated.id).metrics == {"miou": {}, METRIC: {**OWN, "precision": 0.25}}


def test_a_name_is_looked_up_and_a_file_read(calibrated: Model, tiny_sam: Sam, tmp_path: Path) -> None:
    found = named_thresholds(calibrated.name)
    assert found is not None
    assert found.thresholds.to_settings() == OWN
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"not looked into")
    assert named_thresholds(str(weights)) is None
    (tmp_path / "mine.metrics.json").write_text('{"automatic": {"pred_iou_thresh": 2}}')
    with pytest.raises(InvalidSetting, match="stability_score_thresh"):
        named_thresholds(str(weights))
