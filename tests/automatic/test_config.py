import pytest

from engine.automatic.config import AutomaticConfig, config_of, fast, paper
from engine.errors import InvalidSetting


def test_the_paper_asks_1024_points_and_as_many_in_each_layer_of_crops() -> None:
    config = paper()
    assert (config.points_per_side, config.crop_n_layers, config.crop_n_points_downscale_factor) == (32, 2, 2)
    assert config.points == 3 * 1024
    assert (config.pred_iou_thresh, config.stability_score_thresh, config.max_cover) == (0.88, 0.95, 0.95)
    assert (config.box_nms_thresh, config.crop_nms_thresh, config.min_mask_region_area) == (0.7, 0.7, 100)


def test_fast_is_a_twelfth_of_the_paper() -> None:
    assert fast().points * 12 == paper().points


def test_what_is_stored_makes_the_same_settings_again() -> None:
    config = config_of("paper", {"points_per_side": 16, "pred_iou_thresh": 1})
    assert config.pred_iou_thresh == 1.0
    assert AutomaticConfig(**config.to_settings()) == config
    assert config_of("fast", config.to_settings()) == config


@pytest.mark.parametrize(
    ("preset", "changes", "reason"),
    [
        ("best", {}, "no preset 'best'; choose one of paper, fast, custom"),
        ("paper", {"crops": 2}, "no setting 'crops'"),
        ("paper", {"points_per_side": 8.5}, "whole number"),
        ("paper", {"points_per_side": True}, "must be a number"),
        ("paper", {"max_cover": "most"}, "must be a number"),
        ("paper", {"points_per_side": 3}, "too small for so many crop layers"),
        ("paper", {"crop_n_layers": 9}, "between 0 and 4"),
        ("paper", {"pred_iou_thresh": float("nan")}, "between 0 and 1"),
        ("paper", {"min_mask_region_area": -1}, "0 or more"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(preset: str, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidSetting, match=reason):
        config_of(preset, changes)
