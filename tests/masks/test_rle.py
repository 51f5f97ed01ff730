"""COCO RLE: our parser against pycocotools, and against everything that is not RLE."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pycocotools import mask as coco_mask

from engine.errors import InvalidMask
from engine.masks import rle

MASKS = npst.arrays(np.bool_, npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(MASKS)
def test_encoding_and_decoding_give_the_mask_back(mask: np.ndarray) -> None:
    assert np.array_equal(rle.decode(rle.encode(mask)), mask)


@given(MASKS)
def test_area_and_box_are_those_of_pycocotools(mask: np.ndarray) -> None:
    encoded = rle.encode(mask)
    theirs = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert rle.area(encoded) == coco_mask.area(theirs)
    assert list(rle.bbox(encoded)) == coco_mask.toBbox(theirs).tolist()


@given(MASKS)
def test_every_mask_with_a_pixel_is_valid(mask: np.ndarray) -> None:
    mask[0, 0] = True
    assert rle.validate(rle.encode(mask), *mask.shape) == rle.encode(mask)


@given(MASKS)
def test_sampling_at_full_size_is_decoding(mask: np.ndarray) -> None:
    height, width = mask.shape
    assert np.array_equal(rle.sample(rle.encode(mask), width, height), mask)


def test_sampling_takes_the_nearest_pixel() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:50] = True
    expected = np.zeros((4, 6), bool)
    expected[1:3, 2:5] = True
    assert np.array_equal(rle.sample(rle.encode(mask), 6, 4), expected)


@settings(max_examples=500)
@given(st.text(max_size=60) | st.text(alphabet=[chr(code) for code in range(48, 112)], max_size=200))
def test_any_text_is_either_runs_that_add_up_or_refused(counts: str) -> None:
    try:
        valid = rle.validate({"size": [20, 30], "counts": counts}, 20, 30)
    except InvalidMask:
        return
    assert rle.decode(valid).sum() == rle.area(valid)


def counts_of(*lengths: int) -> str:
    """cocoapi's rleToString, written out."""
    text = ""
    for place, length in enumerate(lengths):
        value = length - lengths[place - 2] if place > 2 else length
        while True:
            code, value = value & 0x1F, value >> 5
            done = value == -1 if code & 0x10 else value == 0
            text += chr(48 + (code if done else code | 0x20))
            if done:
                break
    return text


@pytest.mark.parametrize(
    ("size", "counts", "sentence"),
    [
        ([4, 6], counts_of(0, 24), "size is \\[4, 6\\], the image's is \\[6, 4\\]"),
        ([6, 4], "", "empty"),
        ([6, 4], "hello world", "characters"),
        ([6, 4], "ünlü", "characters"),
        ([6, 4], counts_of(0, 24) + "Q", "cut off"),
        ([6, 4], "P" * 9 + "0", "longer than any image"),
        ([6, 4], counts_of(10, 13), "cover 23 pixels, the image has 24"),
        ([6, 4], counts_of(10, 15), "cover 25 pixels"),
        ([6, 4], counts_of(10, -5, 19), "negative"),
        ([6, 4], counts_of(10, 0, 14), "empty"),
        ([6, 4], counts_of(24), "no pixel"),
        ([6, 4], [10, 14], "a string"),
        ([6, 4], None, "a string"),
        ("6x4", counts_of(0, 24), "size is 6x4"),
    ],
)
def test_malformed_masks_are_refused_with_a_reason(size: object, counts: object, sentence: str) -> None:
    with pytest.raises(InvalidMask, match=sentence):
        rle.validate({"size": size, "counts": counts}, 6, 4)


def test_runs_too_large_to_add_up_are_refused() -> None:
    with pytest.raises(InvalidMask, match="cover"):
        rle.validate({"size": [6, 4], "counts": counts_of(*[2**33] * 1000)}, 6, 4)


@pytest.mark.parametrize("size", [None, [3], [3, -1], [2.0, 3.0], "33", [True, 3]])
def test_a_segmentation_needs_a_size_of_its_own(size: object) -> None:
    with pytest.raises(InvalidMask, match="whole numbers"):
        rle.from_sa1b({"size": size, "counts": counts_of(0, 6)})
