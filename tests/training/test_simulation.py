"""The simulated annotator clicks where the answer is wrong, and training on it learns."""

import dataclasses

import pytest
import torch

from engine.errors import InvalidSetting
from engine.sam import SamConfig, TinyConfig, build_sam
from engine.sam.prompt_encoder import BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.losses import LossWeights, affinity_loss, dice_loss, focal_loss, mask_iou, round_loss
from engine.training.simulation import Simulation, error_point, first_prompt, noisy_box, run_rounds

SCALE = 4.0


def regions(count: int = 64) -> torch.Tensor:
    """One rectangle per row, P×32×32."""
    torch.manual_seed(0)
    target = torch.zeros(count, 32, 32)
    for mask in target:
        x, y = torch.randint(0, 24, (2,)).tolist()
        w, h = torch.randint(2, 8, (2,)).tolist()
        mask[y : y + h, x : x + w] = 1
    return target


def cell_of(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    cells = ((points + 0.5) / SCALE).long()
    return cells[:, 1], cells[:, 0]


def test_first_points_fall_inside_their_mask() -> None:
    target = regions()
    coords, labels = first_prompt(target, SCALE, Simulation(box_probability=0))
    row, column = cell_of(coords[:, 0])
    assert bool((target[torch.arange(len(target)), row, column] == 1).all())
    assert labels.tolist() == [[FOREGROUND, PADDING]] * len(target)


def test_boxes_enclose_their_mask_without_noise_and_stay_near_it_with_noise() -> None:
    target = regions()
    exact = noisy_box(target > 0.5, SCALE, noise=0.0, limit=20)
    rows, columns = torch.nonzero(target[0]).T
    assert exact[0].tolist() == [
        [columns.min() * SCALE, rows.min() * SCALE],
        [(columns.max() + 1) * SCALE, (rows.max() + 1) * SCALE],
    ]
    noisy = noisy_box(target > 0.5, SCALE, noise=10.0, limit=20)
    assert float((noisy - exact).abs().max()) <= 20
    assert float((noisy - exact).abs().max()) > 5
    _, labels = first_prompt(target, SCALE, Simulation(box_probability=1))
    assert labels.tolist() == [[BOX_TOP_LEFT, BOX_BOTTOM_RIGHT]] * len(target)


def test_error_points_are_labelled_by_the_kind_of_error() -> None:
    target = regions()
    nothing, everything = torch.full_like(target, -1.0), torch.ones_like(target)
    for answer, label in ((nothing, 1), (everything, 0)):
        points, labels = error_point(answer, target, SCALE)
        row, column = cell_of(points)
        assert bool((labels == label).all())
        assert bool((target[torch.arange(len(target)), row, column] == label).all())


def test_perfect_answer_gets_a_point_in_the_mask() -> None:
    target = regions()
    points, labels = error_point(target * 2 - 1, target, SCALE)
    row, column = cell_of(points)
    assert bool((labels == 1).all())
    assert bool((target[torch.arange(len(target)), row, column] == 1).all())


def test_paper_simulation_has_eleven_rounds_and_ends_without_a_point() -> None:
    generator = torch.Generator().manual_seed(0)
    plans = [Simulation().rounds(generator) for _ in range(50)]
    assert all(len(plan) == 10 and sum(plan) == 8 and not plan[-1] for plan in plans)
    assert len({tuple(plan) for plan in plans}) > 5  # the other one moves about


def test_impossible_simulation_is_refused() -> None:
    with pytest.raises(InvalidSetting):
        Simulation(box_probability=1.5)


def test_losses_are_zero_for_a_perfect_mask_and_grow_with_error() -> None:
    target = regions(4)
    perfect, half = (target * 2 - 1) * 30, (target * 2 - 1) * 30
    half[:, :, 16:] = 30
    for loss in (focal_loss, dice_loss):
        assert float(loss(perfect, target).max()) < 1e-3
        assert bool((loss(half, target) > loss(perfect, target)).all())
    assert mask_iou(perfect, target).tolist() == [1.0] * 4


def test_only_the_best_of_several_masks_gets_a_gradient() -> None:
    target = regions(1)
    logits = torch.stack([target[0] * 4 - 2, -(target[0] * 4 - 2), torch.zeros(32, 32)])[None].requires_grad_()
    loss, true_iou = round_loss(logits, torch.zeros(1, 3), target, torch.ones(1), LossWeights(iou=0))
    loss.backward()
    assert logits.grad is not None
    assert [bool(g.any()) for g in logits.grad[0]] == [True, False, False]
    assert true_iou[0].tolist()[0] == 1.0


def test_losing_masks_get_a_gradient_when_asked() -> None:
    target = regions(1)
    logits = torch.stack([target[0] * 4 - 2, -(target[0] * 4 - 2)])[None].requires_grad_()
    loss, _ = round_loss(logits, torch.zeros(1, 2), target, torch.ones(1), LossWeights(iou=0, others=0.1))
    loss.backward()
    assert logits.grad is not None
    assert all(bool(g.any()) for g in logits.grad[0])


def test_affinity_is_low_where_a_mask_looks_alike_and_differs_from_the_rest() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., :16, :16] = 1
    inside = torch.nn.functional.avg_pool2d(target, 4) > 0.5
    alike = torch.where(inside, torch.tensor([1.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 1.0]).view(1, 2, 1, 1))
    loss, agreement = affinity_loss(alike, target, torch.ones(1, 1))
    assert float(loss) < 0.01
    assert float(agreement) == 1.0
    uniform, _ = affinity_loss(torch.ones(1, 2, 8, 8), target, torch.ones(1, 1))
    assert float(uniform) > 1
    absent, _ = affinity_loss(torch.ones(1, 2, 8, 8), target, torch.zeros(1, 1))
    assert float(absent) == 0


def test_training_on_one_picture_learns_it() -> None:
    torch.manual_seed(0)
    config = SamConfig(
        "tiny", TinyConfig(widths=(16, 16, 32, 32), depths=(1, 1, 1, 1)), image_size=128, prompt_embed_dim=32
    )
    sam = build_sam(dataclasses.replace(config, decoder_mlp_dim=64)).train()
    target = regions(4)[None]
    image = (
        target[0].repeat_interleave(4, 1).repeat_interleave(4, 2) * torch.tensor([40, 80, 120, 160])[:, None, None]
    ).sum(0)
    pixels = sam.preprocess(image.expand(1, 3, -1, -1))
    optimizer = torch.optim.AdamW(sam.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(0)
    simulation = Simulation(error_points=1, rounds_without_point=0, box_probability=0)
    history = []
    for _ in range(250):
        embedding = sam.image_encoder(pixels)
        leaf = embedding.detach().requires_grad_()
        rounds = run_rounds(
            sam,
            leaf,
            target,
            torch.ones(1, 4),
            torch.zeros(1, 2),
            simulation,
            generator,
            backward=torch.Tensor.backward,
        )
        assert leaf.grad is not None
        embedding.backward(leaf.grad)
        optimizer.step()
        optimizer.zero_grad()
        history.append(float(rounds.ious[-1]))
    assert sum(history[-10:]) / 10 > 0.7 > 0.3 > history[0]
