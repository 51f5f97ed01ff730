import numpy as np
import pytest

from engine.evaluation.calibration import Bin, calibration_error, calibration_table


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


def test_the_table_has_counts_and_means_of_ten_bins() -> None:
    table = calibration_table(np.array([0.25, 0.29, 1.2, -0.1]), np.array([0.2, 0.4, 0.9, 0.1]))
    assert [found.masks for found in table] == [1, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (table[2].low, table[2].high) == (0.2, 0.3)
    assert table[2].mean_predicted_iou == pytest.approx(0.27)
    assert table[2].mean_iou == pytest.approx(0.3)
    assert table[9] == Bin(0.9, 1.0, 1, 1.0, 0.9)
    assert (table[5].mean_predicted_iou, table[5].mean_iou) == (None, None)
