"""A head learns objects that are plain to see, comes back from its file as it was, and refuses what it cannot read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.detector.config import BoxHeadConfig
from engine.detector.embedding_detector import EmbeddingDetector, load_detector, save_detector
from engine.detector.evaluate import evaluate_boxes
from engine.detector.head import BoxHead
from engine.detector.interface import Detections, DetectorInput
from engine.detector.train import DetectorExample, DetectorRecipe, train_detector
from engine.errors import InvalidCheckpoint, InvalidInput, InvalidSetting
from engine.sam import Sam
from tests.detector.painted import CHANNELS, IMAGE_SIZE, SIDE, painted_examples

CONFIG = BoxHeadConfig(CHANNELS, SIDE, IMAGE_SIZE, width=16, tower_depth=1, levels=2)


@pytest.fixture(scope="module")
def head() -> BoxHead:
    return train_detector(painted_examples(48, 1), CONFIG, DetectorRecipe(epochs=30, learning_rate=5e-3))


def found_in(head: BoxHead, examples: list[DetectorExample]) -> list[Detections]:
    detector = EmbeddingDetector(head)
    return [detector.detect(DetectorInput(each.size, each.embedding, each.pixels)) for each in examples]


def test_it_finds_objects_it_has_not_seen(head: BoxHead) -> None:
    examples = painted_examples(16, 2)
    figures = evaluate_boxes([each.boxes for each in examples], found_in(head, examples))
    assert figures.images == 16
    assert figures.ap50 > 0.5
    assert figures.ar100 > 0.5


def test_boxes_lie_on_the_image_best_first(head: BoxHead) -> None:
    for detections in found_in(head, painted_examples(4, 3)):
        assert (np.diff(detections.scores) <= 0).all()
        assert (detections.boxes >= 0).all()
        assert (detections.boxes[:, [0, 2]] <= 256).all()
        assert (detections.boxes[:, [1, 3]] <= 192).all()


def test_boxes_are_in_the_frame_of_the_image(head: BoxHead) -> None:
    example = painted_examples(1, 4)[0]
    small, large = (found_in(head, [replace(example, size=size)])[0] for size in ((192, 256), (384, 512)))
    np.testing.assert_allclose(large.boxes, 2 * small.boxes, rtol=1e-4)


def test_training_twice_gives_the_same_head() -> None:
    recipe = DetectorRecipe(epochs=1)
    a, b = (train_detector(painted_examples(6, 5), CONFIG, recipe).state_dict() for _ in range(2))
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_it_comes_back_from_its_file(head: BoxHead, tmp_path: Path) -> None:
    save_detector(head, tmp_path / "boxes.safetensors")
    example = painted_examples(1, 6)[0]
    again = load_detector(tmp_path / "boxes.safetensors").detect_in_embedding(example.embedding(), example.size)
    np.testing.assert_array_equal(again.boxes, found_in(head, [example])[0].boxes)


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "boxes.safetensors").write_bytes(b"no weights")
    (tmp_path / "boxes.json").write_text(CONFIG.to_json())
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        load_detector(tmp_path / "boxes.safetensors")
    (tmp_path / "boxes.json").write_text('{"side": 4}')
    with pytest.raises(InvalidCheckpoint, match="not the configuration"):
        load_detector(tmp_path / "boxes.safetensors")


def test_an_embedding_of_another_model_is_refused(head: BoxHead) -> None:
    with pytest.raises(InvalidInput, match="reads embeddings of 8×16×16"):
        EmbeddingDetector(head).detect_in_embedding(np.zeros((8, 4, 4), np.float16), (10, 10))


def test_nothing_to_learn_from_is_said() -> None:
    empty = replace(painted_examples(1, 7)[0], boxes=np.empty((0, 4), np.float32))
    with pytest.raises(InvalidInput, match="nothing to train"):
        train_detector([empty], CONFIG)
    with pytest.raises(InvalidSetting, match="at least one epoch"):
        DetectorRecipe(epochs=0)


def test_a_head_for_a_model_reads_its_embeddings(tiny_sam: Sam) -> None:
    config = BoxHeadConfig.for_model(tiny_sam.config)
    assert (config.in_channels, config.side, config.image_size) == (32, 8, 128)
    assert config.strides == [16, 32]


def test_figures_are_those_of_coco() -> None:
    true = [np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)]
    half = Detections(np.array([[0, 0, 10, 10], [80, 80, 90, 90]], np.float32), np.array([0.9, 0.8], np.float32))
    figures = evaluate_boxes(true, [half])
    assert (figures.images, figures.objects) == (1, 2)
    assert figures.ar10 == figures.ar100 == 0.5
    # Precision is 1 up to a recall of one half: 51 of COCO's 101 points.
    assert figures.ap50 == pytest.approx(51 / 101)
    nothing = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
    assert evaluate_boxes(true, [nothing]).ap == 0
    with pytest.raises(InvalidInput, match="nothing to measure"):
        evaluate_boxes([np.empty((0, 4), np.float32)], [nothing])
