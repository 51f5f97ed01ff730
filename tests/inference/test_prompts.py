import math

import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.inference.model_frame import resized_shape
from engine.inference.prompts import Box, Point, Prompt, to_model_input
from engine.sam import transforms

PHOTOGRAPH = (600, 800)  # height, width


def test_points_without_a_box_get_the_padding_point() -> None:
    coords, labels = to_model_input(Prompt([Point(400, 300, 1), Point(0, 0, 0)]), PHOTOGRAPH, 1024)
    assert labels.tolist() == [[1, 0, -1]]
    assert coords.tolist() == [[[512, 384], [0, 0], [0, 0]]]
    assert (coords.dtype, labels.dtype) == (np.float32, np.float32)


def test_a_box_becomes_its_corners_and_needs_no_padding() -> None:
    coords, labels = to_model_input(Prompt([Point(100, 50, 1)], Box(0, 0, 800, 600)), PHOTOGRAPH, 1024)
    assert labels.tolist() == [[1, 2, 3]]
    assert coords.tolist() == [[[128, 64], [0, 0], [1024, 768]]]


def test_only_one_point_without_a_box_is_ambiguous() -> None:
    point, box = Point(1, 1, 1), Box(0, 0, 5, 5)
    assert Prompt([point]).ambiguous
    assert not Prompt([point, point]).ambiguous
    assert not Prompt([point], box).ambiguous
    assert not Prompt([], box).ambiguous


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt([]),
        Prompt([Point(800.5, 10, 1)]),
        Prompt([Point(10, -0.1, 1)]),
        Prompt([Point(math.nan, 10, 1)]),
        Prompt([Point(math.inf, 10, 1)]),
        Prompt([Point(10, 10, 2)]),
        Prompt([], Box(10, 10, 10, 20)),
        Prompt([], Box(30, 10, 20, 20)),
        Prompt([], Box(0, 0, 801, 20)),
        Prompt([], Box(0, 0, math.nan, 20)),
    ],
)
def test_a_prompt_that_cannot_be_meant_is_refused(prompt: Prompt) -> None:
    with pytest.raises(InvalidInput):
        to_model_input(prompt, PHOTOGRAPH, 1024)


@pytest.mark.parametrize("image_size", [(97, 143), (143, 97), (1024, 1024), (3000, 2001), (1, 5000), (720, 1279)])
def test_the_frame_without_torch_is_the_frame_of_the_model(image_size: tuple[int, int]) -> None:
    assert resized_shape(image_size, 1024) == transforms.resized_shape(*image_size, 1024)
    height, width = image_size
    coords, _ = to_model_input(Prompt([Point(width * 0.7, height * 0.3, 1)]), image_size, 1024)
    expected = transforms.apply_coords(np.array([[width * 0.7, height * 0.3]]), image_size, 1024)
    np.testing.assert_array_equal(coords[0, :1], expected)
