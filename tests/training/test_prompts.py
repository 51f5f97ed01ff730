"""Simulated prompts: uniform in their region, labelled by the kind of error, the same on any division of the work."""

import cv2
import numpy as np
import pytest
import torch

from engine.sam.prompt_encoder import BACKGROUND, BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.prompts import (
    PromptDraws,
    border_distance,
    error_point,
    first_prompt,
    middle,
    noisy_box,
    uniform_cell,
    uniform_point,
)
from engine.training.randomness import step_generator, stream_seed

SCALE = 4.0


def region(*cells: tuple[int, int], height: int = 3, width: int = 4) -> torch.Tensor:
    """One region with these (row, column) cells, 1×height×width."""
    mask = torch.zeros(1, height, width, dtype=torch.bool)
    for row, column in cells:
        mask[0, row, column] = True
    return mask


def test_every_cell_of_a_region_has_its_share_of_the_uniform_numbers() -> None:
    cells = [(0, 1), (0, 3), (2, 0), (2, 2)]
    uniform = torch.tensor([0.0, 0.24, 0.25, 0.49, 0.5, 0.74, 0.75, 0.9999])
    chosen = uniform_cell(region(*cells).expand(8, -1, -1), uniform)
    assert [(int(cell) // 4, int(cell) % 4) for cell in chosen] == [cell for cell in cells for _ in range(2)]


def test_uniform_cells_are_the_nth_true_ones_whatever_the_region() -> None:
    generator = torch.Generator().manual_seed(0)
    regions = torch.rand(200, 13, 17, generator=generator) < torch.rand(200, 1, 1, generator=generator)
    uniform = torch.rand(200, generator=generator)
    for chosen, mask, u in zip(uniform_cell(regions, uniform).tolist(), regions, uniform.tolist(), strict=True):
        true = mask.flatten().nonzero()[:, 0].tolist()
        assert chosen == (true[int(u * len(true))] if true else 0)


def test_a_point_lies_within_its_cell() -> None:
    # Cell (row 1, column 2) covers 8..12 × 4..8; the prompt encoder adds the half pixel of a pixel's centre.
    point = uniform_point(region((1, 2)), torch.tensor([[0.3, 0.25, 0.5]]), SCALE)
    assert point.tolist() == [[8 + 1 - 0.5, 4 + 2 - 0.5]]


def test_box_encloses_its_region_and_noise_is_relative_and_limited() -> None:
    mask = region((0, 1), (2, 2))
    assert noisy_box(mask, torch.zeros(1, 4), SCALE, 0.1, 20).tolist() == [[[4, 0], [12, 12]]]
    # 10 % of sides of 8 and 12 pixels, one deviation each; then a limit of half a pixel; then the window's border.
    moved = noisy_box(mask, torch.tensor([[1.0, 1.0, -1.0, -2.0]]), SCALE, 0.1, 20)
    assert moved.flatten().tolist() == pytest.approx([4.8, 1.2, 11.2, 9.6])
    limited = noisy_box(mask, torch.tensor([[1.0, 1.0, -1.0, -2.0]]), SCALE, 0.1, 0.5)
    assert limited.flatten().tolist() == pytest.approx([4.5, 0.5, 11.5, 11.5])
    outside = noisy_box(mask, torch.tensor([[-10.0, -10.0, 10.0, 10.0]]), SCALE, 0.1, 20)
    assert outside.flatten().tolist() == [0, 0, 16, 12]


def test_first_prompt_is_a_point_or_a_box_as_the_draw_says() -> None:
    mask = region((0, 1), (2, 2)).expand(2, -1, -1)
    draws = PromptDraws(
        kind=torch.tensor([[0.49, 0.5]]),
        first=torch.zeros(1, 2, 3),
        box=torch.zeros(1, 2, 4),
        errors=torch.zeros(1, 2, 0, 3),
        central=torch.zeros(1, 2, 1),
    )
    coords, labels = first_prompt(mask, SCALE, draws, 0.5, 0.1, 20)
    assert labels.tolist() == [[BOX_TOP_LEFT, BOX_BOTTOM_RIGHT], [FOREGROUND, PADDING]]
    assert coords[0].tolist() == [[4, 0], [12, 12]]
    assert coords[1, 0].tolist() == [3.5, -0.5]
    assert first_prompt(mask, SCALE, draws, 0.0, 0.1, 20)[1].tolist() == [[FOREGROUND, PADDING]] * 2


def test_points_and_boxes_are_equally_likely() -> None:
    draws = PromptDraws.draw(100, 50, 0, step_generator(0, 0, "test"))
    assert float((draws.kind < 0.5).float().mean()) == pytest.approx(0.5, abs=0.03)


def test_error_points_are_labelled_by_the_kind_of_error() -> None:
    target = region((0, 0), (1, 1))
    missed = torch.where(region((0, 0)), 1.0, -1.0)
    coords, labels = error_point(missed, target, torch.tensor([[0.9, 0.0, 0.0]]), SCALE)
    assert (coords.tolist(), labels.tolist()) == ([[3.5, 3.5]], [FOREGROUND])
    spilled = torch.where(region((0, 0), (1, 1), (2, 3)), 1.0, -1.0)
    coords, labels = error_point(spilled, target, torch.tensor([[0.9, 0.0, 0.0]]), SCALE)
    assert (coords.tolist(), labels.tolist()) == ([[11.5, 7.5]], [BACKGROUND])


def test_error_points_are_uniform_over_both_kinds_of_error() -> None:
    target = region((0, 0), (1, 1))
    answer = torch.where(region((1, 1), (2, 0), (2, 1), (2, 2)), 1.0, -1.0)  # one cell missed, three too many
    uniform = torch.zeros(400, 3)
    uniform[:, 0] = torch.arange(400) / 400
    _, labels = error_point(answer.expand(400, -1, -1), target.expand(400, -1, -1), uniform, SCALE)
    assert int((labels == FOREGROUND).sum()) == 100


def test_perfect_answer_gets_a_point_in_the_mask() -> None:
    target = region((2, 3))
    coords, labels = error_point(torch.where(target, 1.0, -1.0), target, torch.tensor([[0.5, 0.0, 0.0]]), SCALE)
    assert (coords.tolist(), labels.tolist()) == ([[11.5, 7.5]], [FOREGROUND])


def test_border_distance_is_the_euclidean_one_with_the_window_as_a_border() -> None:
    generator = torch.Generator().manual_seed(0)
    regions = torch.rand(40, 23, 31, generator=generator) < 0.995
    padded = torch.nn.functional.pad(regions, (1, 1, 1, 1)).numpy().astype("uint8")
    expected = [cv2.distanceTransform(each, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] for each in padded]
    assert border_distance(regions).numpy() == pytest.approx(np.stack(expected), abs=1e-4)


def test_the_middle_is_as_far_from_the_border_as_can_be_in_whichever_region_is_deepest() -> None:
    wide = torch.zeros(1, 9, 12, dtype=torch.bool)
    wide[0, 1:8, 1:8] = True  # 7×7 around (4, 4)
    small = torch.zeros_like(wide)
    small[0, 3:6, 8:11] = True  # 3×3, touching it
    assert middle(wide)[0].nonzero().tolist() == [[4, 4]]
    assert middle(wide, small)[0].nonzero().tolist() == [[4, 4]]
    assert not middle(torch.zeros_like(wide)).any()


def test_central_points_are_in_the_middle_of_the_mask_or_of_the_deepest_error() -> None:
    target = torch.zeros(1, 9, 12, dtype=torch.bool)
    target[0, 1:8, 1:8] = True
    draws = PromptDraws.draw(1, 1, 1, step_generator(0, 0, "test"))
    coords, _ = first_prompt(target, SCALE, draws, 0.0, 0.1, 20, central_share=1.0)
    assert ((coords[0, 0] + 0.5) // SCALE).tolist() == [4, 4]
    answer = torch.full(target.shape, -1.0)
    answer[0, 3:6, 8:11] = 1.0  # all of the mask is missed, and a smaller part beside it is too much
    anywhere = draws.errors[0, :, 0]
    point, label = error_point(answer, target, anywhere, SCALE, torch.tensor([True]))
    assert (((point[0] + 0.5) // SCALE).tolist(), label.tolist()) == ([4, 4], [FOREGROUND])
    uniform = error_point(answer, target, anywhere, SCALE, torch.tensor([False]))
    assert torch.equal(uniform[0], error_point(answer, target, anywhere, SCALE)[0])


def test_part_of_a_table_is_the_same_numbers() -> None:
    whole = PromptDraws.draw(6, 3, 2, step_generator(1, 7, "simulation"))
    again = PromptDraws.draw(6, 3, 2, step_generator(1, 7, "simulation")).rows(range(2, 5), torch.device("cpu"))
    assert torch.equal(again.errors, whole.errors[2:5])
    assert torch.equal(again.box, whole.box[2:5])


def test_seed_step_and_purpose_each_give_a_stream_of_their_own() -> None:
    seeds = {stream_seed(seed, step, use) for seed in range(10) for step in range(10) for use in ("a", "b")}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert stream_seed(3, 5, "a") == 9036123733154079291
