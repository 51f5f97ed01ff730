import json

import pytest

from engine.evaluation.measures import Kind
from engine.evaluation.report import summarize
from tests.evaluation.tables import image, table


def test_masks_count_the_same_within_a_source_and_sources_the_same_overall() -> None:
    measured = table(image("a_1", [[0.2], [0.4]]), image("a_2", [[0.6]]), image("b_1", [[0.8]]))
    result = summarize(measured, (1,), noc=False, seconds=1)
    assert result.sources["a"].figure(Kind.MOST_CONFIDENT, 1).value == pytest.approx(0.4)
    assert result.overall.figure(Kind.MOST_CONFIDENT, 1).value == pytest.approx(0.6)
    assert result.overall.figure(Kind.ORACLE, 1).value == pytest.approx(0.7)
    assert (result.images, result.masks) == (3, 4)


def test_a_source_of_one_image_has_no_interval_and_so_the_mean_over_sources_has_none() -> None:
    measured = table(image("a_1", [[0.2]]), image("a_2", [[0.6]]), image("b_1", [[0.8]]))
    result = summarize(measured, (1,), noc=False, seconds=1)
    assert result.sources["a"].figure(Kind.MOST_CONFIDENT, 1).interval == (pytest.approx(0.2), pytest.approx(0.6))
    assert result.sources["b"].figure(Kind.MOST_CONFIDENT, 1).interval is None
    assert result.overall.figure(Kind.MOST_CONFIDENT, 1).interval is None


def test_the_interval_of_a_mean_over_sources_is_narrower_than_its_sources() -> None:
    measured = table(*(image(f"{source}_{i}", [[0.1 * i]]) for source in "abcd" for i in range(9)))
    result = summarize(measured, (1,), noc=False, seconds=1)
    overall = result.overall.figure(Kind.MOST_CONFIDENT, 1).interval
    source = result.sources["a"].figure(Kind.MOST_CONFIDENT, 1).interval
    assert overall is not None and source is not None
    # Four independent sources of the same spread: half the width.
    assert (overall.high - overall.low) / (source.high - source.low) == pytest.approx(0.5, abs=0.08)


def test_tags_group_images_across_sources_and_an_image_may_have_several() -> None:
    measured = table(
        image("a_1", [[0.2]], tags=("night", "rain")), image("b_1", [[0.4]], tags=("night",)), image("b_2", [[0.9]])
    )
    result = summarize(measured, (1,), noc=False, seconds=1)
    assert {tag: (group.images, group.masks) for tag, group in result.tags.items()} == {"night": (2, 2), "rain": (1, 1)}
    assert result.tags["night"].figure(Kind.MOST_CONFIDENT, 1).value == pytest.approx(0.3)


def test_sizes_are_grouped_with_the_upper_edge_included_and_empty_groups_said() -> None:
    measured = table(image("a_1", [[0.2]], relative_size=0.1), image("a_2", [[0.6]], relative_size=0.11))
    sizes = summarize(measured, (1,), noc=False, seconds=1).sizes
    assert [(size.low, size.high, size.group and size.group.masks) for size in sizes] == [
        (0.0, 0.05, None),
        (0.05, 0.1, 1),
        (0.1, 0.2, 1),
        (0.2, 0.4, None),
        (0.4, 1.0, None),
    ]


def test_json_holds_every_figure_and_nothing_that_is_not_a_number() -> None:
    never = float("nan")
    measured = table(image("a_1", [[0.95, never]], tags=("x",)), image("a_2", [[0.4, 0.9]]))
    result = summarize(measured, (1,), noc=True, seconds=1.23456)
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert document["miou"] == {"1": {"most_confident": pytest.approx(0.675), "oracle": pytest.approx(0.775)}}
    assert document["miou_interval"]["1"]["most_confident"] == [pytest.approx(0.4), pytest.approx(0.95)]
    assert document["noc"]["90"]["clicks"] == 1.5
    assert document["noc"]["90"]["unreached"] == 0
    assert document["predicted_iou_error"]["1"]["mean_absolute_error"] == pytest.approx(0.275)
    assert document["predicted_iou_error"]["1"]["bias"] == pytest.approx(-0.175)
    assert document["calibration"]["1"][5]["masks"] == 2
    assert document["bootstrap"] == {"level": 0.95, "resamples": 2000, "seed": 0, "unit": "image"}
    assert set(document["sources"]["a"]) == set(document["tags"]["x"])
    assert document["sizes"][0] == {"from": 0.0, "to": 0.05, "images": 0, "masks": 0}
    assert (document["schema"], document["seconds"]) == (1, 1.235)
