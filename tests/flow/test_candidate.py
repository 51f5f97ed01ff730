"""Candidates measured beside their base, judged, and promoted or not: on real, small models."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import torch
from sqlalchemy import select

from engine.errors import Conflict, NotFound
from engine.flow.benchmark import benchmark_images
from engine.flow.candidate import evaluate_candidate
from engine.flow.comparison import Sort, get_compared, list_comparison
from engine.flow.loop_settings import (
    BenchmarkSettings,
    GateSettings,
    ProjectLoop,
    set_loop_settings,
)
from engine.flow.models import live_model
from engine.flow.promotion import apply_verdict
from engine.flow.snapshot_order import SnapshotOrder
from engine.flow.snapshots import create_snapshot
from engine.masks import rle
from engine.sam import Sam, build_sam
from engine.settings import Settings
from engine.store.tables import (
    Mask,
    Model,
    ModelState,
    Project,
    Promotion,
    PromotionReason,
    RetrainKind,
    RetrainRun,
    RetrainState,
    User,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, register
from tests.flow.retraining import annotate, quick_benchmark, stored

CHANGED = GateSettings(better_at=0, largest_loss=100, certain=False)
"""Rules that anything passes, to see what follows from passing."""


@pytest.fixture
def other_sam(tiny_sam: Sam) -> Sam:
    """Another model of the same shape that answers differently."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        other = build_sam(tiny_sam.config)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.3)
    return other.eval()


@pytest.fixture
def run(owner: User, project: Project, model: Model, other_sam: Sam, tmp_path: Path) -> RetrainRun:
    """A run whose candidate was trained and waits to be evaluated."""
    for seed in range(6):
        annotate(owner, add_image(project, owner, seed))
    with unit_of_work() as uow:
        set_loop_settings(uow, owner, project.id, ProjectLoop(benchmark=quick_benchmark()))
        snapshot = create_snapshot(uow, owner, SnapshotOrder(project_ids=[project.id], validation_share=0.5))
    candidate = register(other_sam, tmp_path, "Birds v1")
    with unit_of_work() as uow:
        row = uow.session.get_one(Model, candidate.id)
        row.state, row.parent_id = ModelState.CANDIDATE, model.id
        run = RetrainRun(
            number=1,
            project_id=project.id,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=snapshot.id,
            replay_snapshot_ids=[],
            base_model_id=model.id,
            model_id=candidate.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.EVALUATING,
            created_by=owner.id,
        )
        uow.session.add(run)
    return run


def settle(owner: User, project: Project, **changes: Any) -> None:
    with unit_of_work() as uow:
        set_loop_settings(uow, owner, project.id, ProjectLoop(**{"benchmark": quick_benchmark(), **changes}))


def live() -> Model | None:
    with unit_of_work(read_only=True) as uow:
        return live_model(uow)


def test_a_candidate_is_measured_beside_its_base_once(run: RetrainRun, model: Model) -> None:
    evaluation = evaluate_candidate(run.id)
    assert (evaluation["kind"], evaluation["base"]["id"]) == ("promptable", str(model.id))
    for name, images in (("validation", None), ("benchmark", 3)):
        found = evaluation["sets"][name]
        assert images is None or found["images"] == images
        for clicks in ("1", "3", "5"):
            base, candidate = (found[each]["miou"][clicks]["most_confident"] for each in ("base", "candidate"))
            difference = found["difference"]["miou"][clicks]["most_confident"]
            assert difference["difference"] == pytest.approx(candidate - base)
            assert difference["interval"] is not None
    with unit_of_work(read_only=True) as uow:
        card = uow.session.get_one(Model, run.model_id).metrics
    assert card["miou"] == evaluation["sets"]["benchmark"]["candidate"]["miou"]
    assert stored(run).evaluation == evaluation

    def never() -> None:
        raise AssertionError("nothing is measured twice")

    assert evaluate_candidate(run.id, never) == evaluation


def test_the_comparison_shows_both_models_masks_by_difference(run: RetrainRun) -> None:
    evaluate_candidate(run.id)
    with unit_of_work(read_only=True) as uow:
        by_loss, by_gain = (list_comparison(uow, run.id, sort).items for sort in (Sort.LOSS, Sort.GAIN))
        truth = {mask.id: mask.counts for mask in uow.session.scalars(select(Mask))}
        assert len(by_loss) > 1
        assert [each.difference for each in by_loss] == sorted(each.difference for each in by_loss)
        assert {each.mask_id for each in by_gain} == {each.mask_id for each in by_loss}
        for clicks in (1, 3):
            shown = get_compared(uow, run.id, by_loss[0].mask_id, clicks)
            assert shown.segmentation["counts"] == truth[shown.mask.mask_id]
            assert shown.base.clicks[0] == shown.candidate.clicks[0]
            true = rle.decode(shown.segmentation)
            for answer in (shown.base, shown.candidate):
                assert 1 <= len(answer.clicks) <= clicks
                mask = rle.decode(answer.segmentation)
                assert answer.iou == pytest.approx((mask & true).sum() / (mask | true).sum())
        with pytest.raises(NotFound):
            get_compared(uow, run.id, uuid.uuid4())


def test_a_worse_candidate_is_refused_and_the_live_model_untouched(
    run: RetrainRun, model: Model, owner: User, project: Project
) -> None:
    """The roles are given by the measurement: whichever of the two is better is made the base."""
    gain = evaluate_candidate(run.id)["sets"]["validation"]["difference"]["miou"]["1"]["most_confident"]["difference"]
    if gain > 0:
        with unit_of_work() as uow:
            row, before = uow.session.get_one(RetrainRun, run.id), uow.session.get_one(Model, run.base_model_id)
            after = uow.session.get_one(Model, run.model_id)
            row.base_model_id, row.model_id, row.evaluation = after.id, before.id, None
            before.state, after.state = ModelState.CANDIDATE, ModelState.LIVE
            model = after
        evaluate_candidate(run.id)
    settle(owner, project, auto_promote=True, gate=GateSettings(better_at=0))
    judged = apply_verdict(run.id)
    assert not judged.promoted
    assert not judged.verdict["passed"]
    assert any("Worse: mIoU after 1 click on the held-out images" in reason for reason in judged.verdict["reasons"])
    now = live()
    assert now is not None
    assert now.id == model.id
    with unit_of_work(read_only=True) as uow:
        assert uow.session.scalars(select(Promotion)).all() == []


def test_a_candidate_that_passes_waits_for_a_person_unless_the_project_says_so(
    run: RetrainRun, model: Model, owner: User, project: Project
) -> None:
    evaluate_candidate(run.id)
    settle(owner, project, gate=CHANGED)
    judged = apply_verdict(run.id)
    assert judged.verdict["passed"]
    assert not judged.promoted
    assert judged.verdict["not_promoted_because"] == "The project leaves promotions to people."
    settle(owner, project, gate=CHANGED, auto_promote=True)
    assert apply_verdict(run.id) == judged, "a verdict stands"
    now = live()
    assert now is not None
    assert now.id == model.id


def test_a_candidate_that_passes_goes_live_once(run: RetrainRun, owner: User, project: Project, model: Model) -> None:
    evaluate_candidate(run.id)
    settle(owner, project, gate=CHANGED, auto_promote=True)
    for _ in range(2):
        assert apply_verdict(run.id).promoted
    now = live()
    assert now is not None
    assert now.id == run.model_id
    with unit_of_work(read_only=True) as uow:
        (promotion,) = uow.session.scalars(select(Promotion)).all()
    assert (promotion.reason, promotion.run_id, promotion.by) == (PromotionReason.GATE, run.id, None)
    assert (promotion.model_id, promotion.previous_model_id) == (run.model_id, model.id)


def test_a_candidate_is_not_promoted_over_a_model_it_was_not_compared_with(
    run: RetrainRun, owner: User, project: Project, small_sam: Sam, tmp_path: Path, model: Model
) -> None:
    evaluate_candidate(run.id)
    settle(owner, project, gate=CHANGED, auto_promote=True)
    newer = register(small_sam, tmp_path, "newer")
    with unit_of_work() as uow:
        uow.session.get_one(Model, model.id).state = ModelState.RETIRED
    judged = apply_verdict(run.id)
    assert not judged.promoted
    assert judged.verdict["not_promoted_because"] == "It was compared with tiny, and newer is live now."
    now = live()
    assert now is not None
    assert now.id == newer.id


def test_what_is_not_evaluated_is_not_judged(run: RetrainRun) -> None:
    with pytest.raises(Conflict, match="no evaluation yet"):
        apply_verdict(run.id)
    with pytest.raises(NotFound):
        apply_verdict(uuid.uuid4())


def test_the_benchmark_is_made_once_and_may_hold_a_folder(settings: Settings) -> None:
    wanted = BenchmarkSettings(scenes=1, folder=quick_benchmark().folder, folder_images=2)
    first = benchmark_images(wanted)
    assert [image.source for image in first] == ["scene", "drawn", "drawn"]
    assert len(first[0].load().masks) > 1
    before = first[0].image_path.stat()
    assert benchmark_images(wanted) == first
    assert first[0].image_path.stat() == before
    assert [path.name for path in (settings.data / "benchmark").iterdir()] == ["scenes-900000000-1"]


KILLED = """
import os, signal, sys
from uuid import UUID
from engine.flow.candidate import evaluate_candidate

left = int(sys.argv[2])

def check():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

evaluate_candidate(UUID(sys.argv[1]), check)
"""


def test_an_evaluation_that_is_killed_goes_on_where_it_was(run: RetrainRun, settings: Settings, tmp_path: Path) -> None:
    """kill -9 after writing the data set's six images and measuring two."""
    script = tmp_path / "evaluate.py"
    script.write_text(KILLED)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, str(script), str(run.id), "8"], env=environment, check=False)
    assert done.returncode == -9
    assert stored(run).evaluation is None
    kept = {file: file.stat().st_mtime_ns for file in (settings.data / "evaluations").rglob("*.json")}
    assert 2 <= len(kept) <= 3
    resumed = evaluate_candidate(run.id)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept, "what was measured is not measured again"
    shutil.rmtree(settings.data / "evaluations")
    with unit_of_work() as uow:
        uow.session.get_one(RetrainRun, run.id).evaluation = None
    assert without_seconds(evaluate_candidate(run.id)) == without_seconds(resumed)


def without_seconds(evaluation: dict[str, Any]) -> dict[str, Any]:
    return json.loads(
        json.dumps(evaluation), object_hook=lambda each: {k: v for k, v in each.items() if k != "seconds"}
    )
