"""Texts are learnt from pictures: a model that is prompted with nothing but an object's embedding finds the object."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.sam import Sam, build_sam, load_checkpoint, save_checkpoint
from engine.sam.predictor import Predictor
from engine.text.clip import Clip, load_clip
from engine.training.batch import Batch, Shard
from engine.training.loop import train
from engine.training.losses import mask_iou
from engine.training.recipe import Phase, Recipe
from engine.training.run import RunRequest, run
from engine.training.scenes.export import write_scenes
from engine.training.schedule import Schedule
from engine.training.simulation import Simulation
from engine.training.texts import TextSettings, WithTexts
from tests.text.tiny_clip import write_tiny_clip
from tests.training.shapes import Shapes, tiny_sam

pytest.importorskip("transformers", reason="needs the extra `text`")

CPU = torch.device("cpu")
TEXTS = TextSettings(smallest_side=8, enlarge=(1.0, 1.0), blank=1.0)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(clip_folder: Path) -> Clip:
    return load_clip(clip_folder)


def text_sam(clip: Clip) -> Sam:
    plain = tiny_sam()
    torch.manual_seed(0)
    sam = build_sam(replace(plain.config, text_dim=clip.dim))
    sam.load_state_dict(plain.state_dict(), strict=False)
    return sam


def recipe(steps: int, simulation: Simulation) -> Recipe:
    return Recipe(
        arch=None,
        phases=(Phase(steps, images=1, masks=3, simulation=simulation),),
        schedule=Schedule(3e-3, warmup_steps=min(5, steps // 2), decay_steps=steps // 2),
        precision="float32",
    )


def one_batch(data: WithTexts) -> tuple[Batch, torch.Tensor, torch.Tensor]:
    batch = data.batch(0, 1, 3, 64, Shard())
    assert batch.texts is not None
    assert batch.text_present is not None
    return batch, batch.texts, batch.text_present


@torch.no_grad()
def iou_by_text(sam: Sam, batch: Batch, texts: torch.Tensor, chosen: torch.Tensor) -> float:
    """Mean IoU of the best-predicted answer to the texts alone, over the chosen masks."""
    embeddings = sam.image_encoder((batch.images - sam.pixel_mean) / sam.pixel_std)
    sparse, dense = sam.prompt_encoder(None, None, None, texts.flatten(0, 1))
    logits, predicted = sam.mask_decoder(embeddings, sam.prompt_encoder.get_dense_pe(), sparse, dense, True)
    best = logits[torch.arange(len(logits)), predicted.argmax(1)]
    return float(mask_iou(best, batch.targets.flatten(0, 1).float())[chosen.flatten()].mean())


def test_objects_are_found_by_their_embedding_alone(clip: Clip, tmp_path: Path) -> None:
    data = WithTexts(Shapes(one=True), clip, TEXTS, seed=0)
    sam = text_sam(clip)
    batch, texts, chosen = one_batch(data)
    assert int(chosen.sum()) == 3
    before = iou_by_text(sam, batch, texts, chosen)
    only_text = Simulation(error_points=0, rounds_without_point=0)
    trained = train(recipe(100, only_text), data, tmp_path, model=sam, device=CPU)
    found = iou_by_text(trained, batch, texts, chosen)
    assert found > 0.8 > before
    # Another object's embedding finds another object.
    assert iou_by_text(trained, batch, texts.roll(1, dims=1), chosen) < found - 0.2


def test_clicks_follow_a_text(clip: Clip, tmp_path: Path) -> None:
    data = WithTexts(Shapes(), clip, TEXTS, seed=0)
    sam = text_sam(clip)
    projection = sam.prompt_encoder.text_projection
    assert projection is not None
    before = projection.weight.detach().clone()
    train(recipe(2, Simulation(error_points=2, rounds_without_point=1)), data, tmp_path, model=sam, device=CPU)
    assert not torch.equal(projection.weight, before)


def test_a_model_that_took_no_text_is_taught_to(clip_folder: Path, clip: Clip, tmp_path: Path) -> None:
    """The whole way: masks of a folder, a model without a projection, words afterwards."""
    assert len(list(write_scenes(tmp_path / "scenes", count=2, seed=5, size=(96, 128), difficulty=0.3))) == 2
    save_checkpoint(tiny_sam(), tmp_path / "start")
    taught = run(
        RunRequest(
            recipe="finetune",
            data=(str(tmp_path / "scenes"),),
            out=tmp_path / "out",
            overrides=(
                "steps=2",
                "phases.0.images=2",
                "phases.0.masks=2",
                "replay=0",
                "text.smallest_side=4",
                "phases.0.simulation.error_points=1",
            ),
            start=str(tmp_path / "start.safetensors"),
            clip=clip_folder,
            device="cpu",
            workers=0,
        )
    )
    assert taught.config.text_dim == clip.dim
    stored = load_checkpoint(tmp_path / "out" / "model.safetensors")
    image = np.zeros((48, 64, 3), np.uint8)
    logits, _ = Predictor(stored).embed(image).predict(texts=clip.embed_texts(["a wheel"]), multimask_output=True)
    assert logits.shape == (1, 3, 16, 16)
    assert bool(logits.isfinite().all())
