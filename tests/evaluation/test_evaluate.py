"""Evaluation end to end on a folder of drawn images and a small real model with random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidInput
from engine.evaluation.clicks import first_click, next_click
from engine.evaluation.evaluate import evaluate
from engine.evaluation.measures import Kind
from engine.evaluation.read_folder import read_folder
from engine.evaluation.report import Group
from engine.masks import rle
from engine.masks.geometry import intersection_over_union
from engine.sam import Sam
from engine.sam.predictor import Predictor
from tests.evaluation.drawn import write_image


def miou(group: Group, clicks: int, kind: Kind = Kind.MOST_CONFIDENT) -> float:
    return group.figure(kind, clicks).value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    for index in range(4):
        write_image(folder, f"cells_{index}", masks=3, seed=index)
    write_image(folder, "street_0", masks=20, seed=90)
    write_image(folder, "street_1", masks=0, seed=91)
    return folder


def test_batches_reach_what_one_mask_at_a_time_reaches(tiny_sam: Sam, folder: Path) -> None:
    """The published protocol, written out for one mask after the other."""
    result = evaluate(tiny_sam, folder, clicks=(1, 3), progress=False)
    predictor = Predictor(tiny_sam)
    reached: dict[str, dict[str, list[float]]] = {}
    for annotated in read_folder(folder):
        pixels, truths, _ = annotated.load()
        image = predictor.embed(pixels)
        for truth in truths:
            clicks = [first_click(truth)]
            logits = None
            for count in range(1, 4):
                low, predicted_iou = image.predict(
                    np.array([[(click.x, click.y) for click in clicks]]),
                    np.array([[click.label for click in clicks]]),
                    mask_input=logits,
                    multimask_output=count == 1,
                )
                masks = image.masks(low)[0].numpy()
                best = int(predicted_iou[0].argmax())
                ious = [intersection_over_union(mask, truth) for mask in masks]
                source = reached.setdefault(annotated.source, {})
                source.setdefault(f"{count}", []).append(ious[best])
                if count == 1:
                    source.setdefault("oracle", []).append(max(ious))
                logits = low[:, best : best + 1]
                clicks.append(next_click(truth, masks[best], tuple(clicks)))
    for name, source in result.sources.items():
        assert miou(source, 1) == pytest.approx(np.mean(reached[name]["1"]), abs=5e-3)
        assert miou(source, 1, Kind.ORACLE) == pytest.approx(np.mean(reached[name]["oracle"]), abs=5e-3)
        assert miou(source, 3) == pytest.approx(np.mean(reached[name]["3"]), abs=5e-3)


def test_sources_count_the_same_and_images_without_masks_do_not_count(tiny_sam: Sam, folder: Path) -> None:
    result = evaluate(tiny_sam, folder, clicks=(1,), progress=False)
    assert (result.images, result.masks) == (5, 32)
    assert {name: (source.images, source.masks) for name, source in result.sources.items()} == {
        "cells": (4, 12),
        "street": (1, 20),
    }
    assert miou(result.overall, 1) == pytest.approx(np.mean([miou(source, 1) for source in result.sources.values()]))
    assert miou(result.overall, 1, Kind.ORACLE) >= miou(result.overall, 1)


def test_counting_clicks_changes_no_other_figure_and_stops_at_twenty(tiny_sam: Sam, folder: Path) -> None:
    plain = evaluate(tiny_sam, folder, (1, 2), limit=2, progress=False)
    counted = evaluate(tiny_sam, folder, (1, 2), limit=2, progress=False, noc=True)
    for measure, figure in plain.overall.figures.items():
        assert counted.overall.figures[measure].value == pytest.approx(figure.value, abs=1e-6)
    assert counted.measurements.iou.shape[1] == 20
    # Random weights outline nothing.
    assert counted.overall.figure(Kind.CLICKS, 90) == (20.0, None)
    assert counted.overall.figure(Kind.UNREACHED, 90).value == 1
    assert not np.isnan(counted.measurements.iou).any()


def test_a_mask_that_is_good_enough_is_clicked_no_further(
    tiny_sam: Sam, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a threshold that random weights reach, masks leave their batch and the rest go on as before."""
    full = evaluate(tiny_sam, folder, (1, 20), progress=False).measurements.iou
    reachable = float(np.quantile(full.max(axis=1), 0.5))
    monkeypatch.setattr("engine.evaluation.protocol.NOC_THRESHOLDS", (100 * reachable,))
    stopped = evaluate(tiny_sam, folder, (1, 2), progress=False, noc=True).measurements.iou
    made = ~np.isnan(stopped)
    assert made[:, :2].all()
    for row, clicks in enumerate(made.sum(axis=1)):
        if clicks < 20:
            assert stopped[row, :clicks].max() >= reachable
    assert 0 < (made.sum(axis=1) < 20).sum() < len(made)
    # Smaller batches round differently, and a click may fall elsewhere; most masks go exactly the same way.
    same = np.isclose(stopped, full, atol=1e-3) | ~made
    assert same.all(axis=1).mean() > 0.8


def test_tags_come_from_annotations_and_from_a_table_by_name(tiny_sam: Sam, tmp_path: Path) -> None:
    write_image(tmp_path, "a_1", 1, 1, tags=["night", "rain"])
    write_image(tmp_path, "a_2", 1, 2, tag="night")
    write_image(tmp_path, "a_3", 1, 3)
    result = evaluate(tiny_sam, tmp_path, (1,), progress=False, tags={"a_3.png": ("snow",), "a_1": ("night",)})
    assert {tag: group.images for tag, group in result.tags.items()} == {"night": 2, "rain": 1, "snow": 1}
    with pytest.raises(InvalidInput, match="None of the tags"):
        evaluate(tiny_sam, tmp_path, (1,), progress=False, tags={"b_1": ("night",)})


def test_tags_that_are_no_words_are_refused(tmp_path: Path) -> None:
    write_image(tmp_path, "a_1", 1, 1, tags=[3])
    with pytest.raises(InvalidInput, match=r"a_1\.json.*tags, which are words"):
        read_folder(tmp_path)[0].load()


def test_json_has_a_figure_per_click_count_overall_and_per_source(tiny_sam: Sam, folder: Path) -> None:
    document = json.loads(json.dumps(evaluate(tiny_sam, folder, (2, 1, 1), limit=2, progress=False).to_json()))
    assert list(document["miou"]) == ["1", "2"]
    assert set(document["miou"]["1"]) == {"most_confident", "oracle"}
    assert set(document["miou"]["2"]) == {"most_confident"}
    assert set(document["calibration_error"]) == {"1", "2"}
    assert set(document["sources"]) == {"cells", "street"}
    assert {"images", "masks", "miou", "miou_interval", "calibration_error"} <= set(document["sources"]["cells"])
    assert document["images"] == 2
    assert document["seconds"] > 0


def test_evaluating_leaves_a_model_in_training_in_training(tiny_sam: Sam, folder: Path) -> None:
    tiny_sam.train()
    try:
        in_training = evaluate(tiny_sam, folder, (1,), limit=1, progress=False)
        assert tiny_sam.training
    finally:
        tiny_sam.eval()
    assert in_training.overall == evaluate(tiny_sam, folder, (1,), limit=1, progress=False).overall


def test_a_limit_is_spread_evenly_over_the_sources_and_always_the_same(folder: Path) -> None:
    chosen = read_folder(folder, limit=4)
    assert [image.image_path.stem for image in chosen] == ["cells_0", "cells_2", "street_0", "street_1"]
    assert read_folder(folder, limit=4) == chosen
    assert len(read_folder(folder, limit=100)) == 6


@pytest.mark.parametrize("clicks", [(), (0, 1), (1, 101)])
def test_impossible_click_counts_are_refused(tiny_sam: Sam, folder: Path, clicks: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="Clicks must be"):
        evaluate(tiny_sam, folder, clicks, progress=False)


def test_a_folder_without_images_and_annotations_is_refused(tiny_sam: Sam, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="images/ and annotations/"):
        evaluate(tiny_sam, tmp_path, progress=False)


def test_an_annotation_without_its_image_is_named(tmp_path: Path) -> None:
    write_image(tmp_path, "a_1", 1, 1)
    (tmp_path / "images" / "a_1.png").unlink()
    with pytest.raises(InvalidInput, match=r"a_1\.json has no image"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"image":\n not', "is no JSON: Expecting value at line 2, column 2"),
        ("[]", "must hold annotations"),
        ('{"annotations": [{"segmentation": {"size": [50, 70], "counts": "zz"}}]}', ""),
        ('{"annotations": 3}', "must hold annotations"),
    ],
)
def test_a_malformed_annotation_is_named(tmp_path: Path, content: str, reason: str) -> None:
    write_image(tmp_path, "a_1", 1, 1)
    (tmp_path / "annotations" / "a_1.json").write_text(content)
    with pytest.raises(InvalidInput, match=rf"a_1\.json.*{reason}"):
        read_folder(tmp_path)[0].load()


def test_a_mask_of_another_size_than_its_image_is_named(tmp_path: Path) -> None:
    write_image(tmp_path, "a_1", 1, 1)
    Image.new("RGB", (71, 50)).save(tmp_path / "images" / "a_1.png")
    with pytest.raises(InvalidInput, match=r"70×50 pixels, but a_1\.png has 71×50"):
        read_folder(tmp_path)[0].load()


def test_an_empty_annotation_is_left_out(tmp_path: Path) -> None:
    write_image(tmp_path, "a_1", 1, 1)
    path = tmp_path / "annotations" / "a_1.json"
    document = json.loads(path.read_text())
    document["annotations"].append({"segmentation": rle.encode(np.zeros((50, 70), np.bool_))})
    path.write_text(json.dumps(document))
    assert len(read_folder(tmp_path)[0].load()[1]) == 1
