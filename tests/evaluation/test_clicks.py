import numpy as np
import pytest

from engine.evaluation.clicks import Click, first_click, next_click
from engine.masks.geometry import BoolMask

BACKGROUND, FOREGROUND, NO_POINT = 0, 1, -1


def rectangle(top: int, left: int, bottom: int, right: int, shape: tuple[int, int] = (40, 60)) -> BoolMask:
    mask = np.zeros(shape, np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def test_first_click_is_the_centre_of_a_square() -> None:
    assert first_click(rectangle(10, 20, 21, 31)) == Click(25, 15, FOREGROUND)


def test_first_click_is_in_the_thickest_part() -> None:
    dumbbell = rectangle(15, 5, 20, 55) | rectangle(10, 40, 25, 55)
    assert first_click(dumbbell) == Click(47, 17, FOREGROUND)


def test_the_images_border_counts_as_the_masks_border() -> None:
    assert first_click(rectangle(0, 0, 11, 11)) == Click(5, 5, FOREGROUND)
    assert first_click(np.ones((5, 9), np.bool_)).y == 2


def test_an_empty_mask_has_no_first_click() -> None:
    with pytest.raises(ValueError, match="empty"):
        first_click(rectangle(0, 0, 0, 0))


def test_a_missing_part_gets_a_foreground_click_in_its_middle() -> None:
    truth = rectangle(5, 5, 20, 50)
    predicted = rectangle(5, 5, 20, 35)
    assert next_click(truth, predicted, (Click(12, 12, FOREGROUND),)) == Click(42, 12, FOREGROUND)


def test_a_surplus_part_gets_a_background_click_in_its_middle() -> None:
    truth = rectangle(5, 5, 20, 20)
    predicted = truth | rectangle(25, 30, 36, 41)
    assert next_click(truth, predicted, (Click(12, 12, FOREGROUND),)) == Click(35, 30, BACKGROUND)


def test_the_thicker_kind_of_error_is_clicked_even_if_it_is_smaller_in_area() -> None:
    truth = rectangle(2, 2, 5, 58)
    predicted = rectangle(20, 20, 31, 31)
    assert next_click(truth, predicted, ()) == Click(25, 25, BACKGROUND)


def test_no_pixel_is_clicked_twice() -> None:
    truth, nothing = rectangle(10, 10, 13, 13), rectangle(0, 0, 0, 0)
    first = first_click(truth)
    second = next_click(truth, nothing, (first,))
    assert second.label == FOREGROUND
    assert (second.x, second.y) != (first.x, first.y)
    assert truth[second.y, second.x]


def test_a_perfect_mask_gets_no_point() -> None:
    truth = rectangle(5, 5, 20, 20)
    assert next_click(truth, truth, (Click(12, 12, FOREGROUND),)).label == NO_POINT
