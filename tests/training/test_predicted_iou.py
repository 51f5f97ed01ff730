"""Fitting the predicted IoU by itself: honest on images it has not seen, and no mask changes."""

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.errors import InvalidInput
from engine.sam import load_bundled, load_checkpoint, save_checkpoint
from engine.training.batch import Shard
from engine.training.predicted_iou.__main__ import predicted_iou
from engine.training.predicted_iou.collect import Answers, collect_answers
from engine.training.predicted_iou.fit import FitSettings, fit_head
from engine.training.simulation import Simulation
from tests.training.shapes import SIDE, Shapes, tiny_sam

CLICKS = Simulation(error_points=2, rounds_without_point=0, box_probability=0.0, central_points=1.0)

LATER = torch.tensor(False)
"""Not the answer to a first prompt."""


def test_answers_are_the_tokens_the_head_saw_and_the_ious_its_masks_reached() -> None:
    sam = tiny_sam()
    batches = [Shapes().batch(step, 4, 3, SIDE, Shard()) for step in range(2)]
    answers = collect_answers(sam, batches, CLICKS, seed=0)
    present = sum(int(batch.present.sum()) for batch in batches)
    assert 0 < present < 24, "some masks are missing"
    assert answers.tokens.shape == (3 * present, 32)
    assert answers.ious.shape == (3 * present, 4)
    assert ((answers.ious >= 0) & (answers.ious <= 1)).all()
    assert int(answers.first.sum()) == present
    assert set(answers.images.tolist()) <= set(range(8))
    assert not sam.mask_decoder.iou_prediction_head._forward_pre_hooks, "nothing stays hooked to the model"
    # The tokens are what the head reads: the same head gives what the model predicts.
    assert torch.isfinite(sam.mask_decoder.iou_prediction_head(answers.tokens)).all()


def test_fit_makes_the_prediction_honest_on_images_that_were_held_out() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randn(2000, 8, generator=generator)
    ious = torch.sigmoid(tokens[:, :2])
    answers = Answers(tokens, ious, torch.arange(2000) // 10, LATER.expand(2000))
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    fitted = fit_head(head, answers, FitSettings(steps=300, batch=128))
    assert fitted.after < 0.3 * fitted.before
    assert abs(fitted.bias_after) < 0.02
    with torch.no_grad():
        held = (answers.images % 5 == 0).nonzero()[:, 0]
        assert float((head(tokens[held]) - ious[held]).square().mean().sqrt()) == pytest.approx(fitted.after)


def test_fit_that_only_makes_it_worse_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randn(200, 4, generator=generator)
    head = nn.Linear(4, 1)
    with torch.no_grad():
        ious = head(tokens)
    before = {name: value.clone() for name, value in head.state_dict().items()}
    fit_head(
        head,
        Answers(tokens, ious, torch.arange(200) // 10, LATER.expand(200)),
        FitSettings(steps=5, batch=16, learning_rate=10.0),
    )
    assert all(torch.equal(value, before[name]) for name, value in head.state_dict().items())


def test_what_is_said_of_first_answers_stays() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randn(2000, 8, generator=generator)
    first = torch.arange(2000) % 2 == 0
    tokens[:, 0] = torch.where(first, 2.0, -2.0)  # what tells them apart
    head = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    with torch.no_grad():
        before = head(tokens)
    fit_head(head, Answers(tokens, before + 1.0, torch.arange(2000) // 10, first), FitSettings(steps=300, batch=128))
    with torch.no_grad():
        moved = (head(tokens) - before)[:, 0]
    assert moved[first].abs().mean() < 0.1
    assert moved[~first].mean() == pytest.approx(1.0, abs=0.1)


def test_one_image_is_too_few() -> None:
    answers = Answers(torch.zeros(3, 4), torch.zeros(3, 1), torch.zeros(3), LATER.expand(3))
    with pytest.raises(InvalidInput, match="at least two images"):
        fit_head(nn.Linear(4, 1), answers, FitSettings(steps=1))


def test_command_fits_a_model_and_leaves_its_masks_as_they_are(tmp_path: Path) -> None:
    start, out = tmp_path / "start.safetensors", tmp_path / "fitted.safetensors"
    boastful = load_bundled("vit_t")
    with torch.no_grad():
        boastful.mask_decoder.iou_prediction_head.layers[-1].bias += 0.5  # pyright: ignore[reportOperatorIssue]
    save_checkpoint(boastful, start)
    predicted_iou(str(start), ["scenes"], out, steps=3, images=2, masks=2, clicks=2, fit_steps=30)
    before, after = load_checkpoint(start).state_dict(), load_checkpoint(out).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith("mask_decoder.iou_prediction_head.")}


def test_other_file_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="safetensors"):
        predicted_iou("vit_t", ["scenes"], tmp_path / "model.pth")


def test_what_cannot_be_read_or_written_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no nope\.safetensors"):
        predicted_iou("nope.safetensors", ["scenes"], tmp_path / "fitted.safetensors")
    with pytest.raises(InvalidInput, match="no folder"):
        predicted_iou("vit_t", ["scenes"], tmp_path / "absent" / "fitted.safetensors")
