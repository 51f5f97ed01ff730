"""Intervals against what can be worked out by hand."""

import numpy as np
import pytest

from engine.evaluation.bootstrap import Figure, Interval, figures, resampled_means


def test_two_images_have_the_three_means_that_two_draws_can_give() -> None:
    """Drawing two of two images gives the first twice, both, or the second twice, with chances 1/4, 1/2, 1/4."""
    values, image = np.array([[0.0], [1.0]]), np.array([7, 9])
    means = resampled_means(values, image, "a", 4000)[:, 0]
    shares = {mean: float(np.mean(means == mean)) for mean in (0.0, 0.5, 1.0)}
    assert sum(shares.values()) == 1
    assert shares[0.5] == pytest.approx(0.5, abs=0.03)
    assert shares[0.0] == pytest.approx(0.25, abs=0.03)


def test_masks_count_the_same_so_a_resampled_mean_is_weighted_by_their_number() -> None:
    """One image with three masks of 0 and one with one mask of 1: both drawn once gives 1/4."""
    values, image = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 0, 1])
    assert set(resampled_means(values, image, "a", 200)[:, 0]) == {0.0, 0.25, 1.0}


def test_masks_of_one_image_are_drawn_together() -> None:
    """A hundred masks on two images are as uncertain as two images, not as a hundred masks."""
    values = np.repeat([[0.0], [1.0]], 50, axis=0)
    means = resampled_means(values, np.repeat([0, 1], 50), "a")
    assert figures(values.mean(axis=0), means, True) == [Figure(0.5, Interval(0.0, 1.0))]


def test_the_spread_is_the_standard_error_of_the_mean() -> None:
    values = np.random.default_rng(0).normal(0.6, 0.1, (400, 1))
    means = resampled_means(values, np.arange(400), "a")
    (figure,) = figures(values.mean(axis=0), means, True)
    standard_error = values.std() / 20
    assert figure.interval is not None
    assert figure.interval.low == pytest.approx(figure.value - 1.96 * standard_error, abs=1e-3)
    assert figure.interval.high == pytest.approx(figure.value + 1.96 * standard_error, abs=1e-3)


def test_draws_are_the_same_for_every_measure_and_in_every_run() -> None:
    values, image = np.random.default_rng(1).random((30, 1)), np.arange(30) // 3
    means = resampled_means(np.hstack([values, 2 * values]), image, "a", 100)
    assert np.allclose(means[:, 1], 2 * means[:, 0])
    assert np.array_equal(means, resampled_means(np.hstack([values, 2 * values]), image, "a", 100))
    assert not np.array_equal(means[:, :1], resampled_means(values, image, "b", 100))


def test_many_images_are_drawn_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    values, image = np.random.default_rng(1).random((30, 2)), np.arange(30)
    whole = resampled_means(values, image, "a", 50)
    monkeypatch.setattr("engine.evaluation.bootstrap._COUNTS", 100)
    assert np.allclose(resampled_means(values, image, "a", 50), whole, rtol=1e-12)


def test_one_image_has_no_interval() -> None:
    assert figures(np.array([0.5]), np.full((10, 1), 0.5), False) == [Figure(0.5, None)]
