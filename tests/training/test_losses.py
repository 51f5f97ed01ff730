"""Every loss against numbers worked out by hand."""

import math

import pytest
import torch

from engine.training.losses import LossWeights, affinity_loss, dice_loss, focal_loss, mask_iou, mask_losses

LOG3 = math.log(3)  # the logit of probability 0.75
TARGET = torch.tensor([[1.0, 0.0], [0.0, 0.0]])


def test_focal_loss_by_hand() -> None:
    # Probability 0.75 everywhere: right by 0.75 at the one true position, wrong by 0.75 at the three others.
    right = 0.25 * 0.25**2 * -math.log(0.75)
    wrong = 0.75 * 0.75**2 * -math.log(0.25)
    assert float(focal_loss(torch.full((2, 2), LOG3), TARGET)) == pytest.approx((right + 3 * wrong) / 4)


def test_dice_loss_by_hand() -> None:
    # Overlap 0.75 of sums 3 and 1, with one added above and below.
    assert float(dice_loss(torch.full((2, 2), LOG3), TARGET)) == pytest.approx(1 - (2 * 0.75 + 1) / (3 + 1 + 1))


def test_iou_by_hand() -> None:
    logits = torch.tensor([[[1.0, 1.0], [-1.0, -1.0]], [[-1.0, -1.0], [-1.0, -1.0]]])
    assert mask_iou(logits, TARGET.expand(2, 2, 2)).tolist() == [0.5, 0.0]
    assert mask_iou(logits[1], torch.zeros(2, 2)).tolist() == 0.0


def test_lowest_mask_loss_and_all_iou_errors_count() -> None:
    """Focal to dice is 20 : 1, the IoU error is a mean square over the masks that answer."""
    logits = torch.stack([torch.full((2, 2), LOG3), torch.full((2, 2), -LOG3)])[None]
    predicted = torch.tensor([[0.5, 0.5]])
    each = 20 * focal_loss(logits[0], TARGET.expand(2, 2, 2)) + dice_loss(logits[0], TARGET.expand(2, 2, 2))
    loss, true_iou = mask_losses(logits, predicted, TARGET[None], LossWeights())
    assert true_iou.tolist() == [[0.25, 0.0]]
    assert float(loss) == pytest.approx(float(each.min()) + (0.25**2 + 0.5**2) / 2)


def test_only_the_best_of_several_masks_gets_a_gradient() -> None:
    target = torch.zeros(1, 8, 8)
    target[0, :4] = 1
    logits = torch.stack([target[0] * 4 - 2, 2 - target[0] * 4, torch.zeros(8, 8)])[None].requires_grad_()
    mask_losses(logits, torch.zeros(1, 3), target, LossWeights(iou=0))[0].sum().backward()
    assert logits.grad is not None
    assert [bool(gradient.any()) for gradient in logits.grad[0]] == [True, False, False]


def test_losing_masks_get_a_gradient_when_asked() -> None:
    target = torch.zeros(1, 8, 8)
    target[0, :4] = 1
    logits = torch.stack([target[0] * 4 - 2, 2 - target[0] * 4])[None].requires_grad_()
    mask_losses(logits, torch.zeros(1, 2), target, LossWeights(iou=0, others=0.1))[0].sum().backward()
    assert logits.grad is not None
    assert all(bool(gradient.any()) for gradient in logits.grad[0])


def test_affinity_is_low_where_a_mask_looks_alike_and_differs_from_the_rest() -> None:
    target = torch.zeros(1, 1, 32, 32)
    target[..., :16, :16] = 1
    uniform = torch.tensor([[[0.0, 0.5, 0.999]]])
    inside = torch.nn.functional.avg_pool2d(target, 4) > 0.5
    alike = torch.where(inside, torch.tensor([1.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 1.0]).view(1, 2, 1, 1))
    loss, agreement = affinity_loss(alike, target, torch.ones(1, 1), uniform)
    # Alike means a logit of 5, unlike one of −5: every position is wrong by log(1 + e⁻⁵).
    assert loss.tolist() == [[pytest.approx(math.log1p(math.exp(-5)), rel=1e-4)]]
    assert agreement.tolist() == [[1.0]]
    uniform_embedding, _ = affinity_loss(torch.ones(1, 2, 8, 8), target, torch.ones(1, 1), uniform)
    assert float(uniform_embedding) > 1
    absent, _ = affinity_loss(torch.ones(1, 2, 8, 8), target, torch.zeros(1, 1), uniform)
    assert float(absent) == 0


def test_affinity_asks_inside_the_mask() -> None:
    """Positions of a second kind lie outside; were one of them asked, the loss would not be low."""
    torch.manual_seed(0)
    target = torch.zeros(1, 1, 32, 32)
    target[..., 5:27, 9:30] = 1
    share = torch.nn.functional.avg_pool2d(target, 4)
    kinds = torch.where(share > 0, torch.tensor([1.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 1.0]).view(1, 2, 1, 1))
    loss, _ = affinity_loss(kinds, target, torch.ones(1, 1), torch.rand(1, 1, 1000))
    low, _ = affinity_loss(kinds, target, torch.ones(1, 1), torch.tensor([[[0.5]]]))
    assert float(loss) == pytest.approx(float(low), abs=1e-5)
