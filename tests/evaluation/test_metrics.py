from dataclasses import astuple

import numpy as np
import pytest

from engine.evaluation.metrics import Round, Score, calibration_error, concatenate, mean_score, score


def test_calibration_error_of_a_model_that_knows_itself_is_zero() -> None:
    iou = np.array([0.1, 0.5, 0.93])
    assert calibration_error(iou, iou) == 0


def test_calibration_error_weights_bins_by_their_size() -> None:
    predicted = np.array([0.95, 0.95, 0.95, 0.25])
    measured = np.array([0.85, 0.65, 0.75, 0.25])
    assert calibration_error(predicted, measured) == pytest.approx(0.75 * 0.2)


def test_errors_that_cancel_within_a_bin_are_not_miscalibration() -> None:
    assert calibration_error(np.array([0.55, 0.55]), np.array([0.45, 0.65])) == pytest.approx(0)


def test_predictions_outside_the_unit_range_are_cut() -> None:
    assert calibration_error(np.array([1.4, -0.3]), np.array([1.0, 0.0])) == 0


def test_masks_count_the_same_within_a_source_and_sources_the_same_overall() -> None:
    large = score(
        concatenate(
            [
                Round(np.array([0.2, 0.4]), np.array([0.2, 0.4]), np.array([0.4, 0.6])),
                Round(np.array([0.6]), np.array([0.6]), np.array([0.8])),
            ]
        )
    )
    small = Score(0.8, 1.0, 0.1)
    assert astuple(large) == pytest.approx((0.4, 0.6, 0))
    assert astuple(mean_score([large, small])) == pytest.approx((0.6, 0.8, 0.05))


def test_scores_of_several_clicks_have_no_oracle() -> None:
    single = score(Round(np.array([0.5]), np.array([0.5]), None))
    assert mean_score([single, single]).oracle is None
    assert "oracle" not in single.to_json()
