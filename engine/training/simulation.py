"""The interactive annotator that training plays, vectorised over masks. Source: Segment Anything, appendix A.

A mask is first prompted by a point inside it or by a noisy box; every further point falls where the last answer was
wrong; the logits of the answer with the best predicted IoU go back as the dense prompt. Some rounds add no point, so
that the model learns to improve on its own mask. Coordinates are
those of the window being trained on until they are encoded; then they are of the model-input frame.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.errors import InvalidSetting
from engine.sam import Sam
from engine.sam.prompt_encoder import BACKGROUND, BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.losses import LossWeights, round_loss


@dataclass(frozen=True)
class Simulation:
    """How many rounds, and how they start. The paper: 8 error points and 2 rounds without, 11 in all."""

    error_points: int = 8
    rounds_without_point: int = 2
    box_probability: float = 0.5
    box_noise: float = 0.1
    box_noise_limit: float = 20.0
    single_mask_for_points: bool = False
    """Also train the single mask on a first prompt that is a point (a box always trains it)."""
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if self.error_points < 0 or self.rounds_without_point < 0 or not 0 <= self.box_probability <= 1:
            raise InvalidSetting("A simulation needs no negative number of rounds and a box probability in [0, 1].")

    def rounds(self, generator: torch.Generator) -> list[bool]:
        """For each round after the first: does it add a point? The last round without one is always at the end."""
        adds = [True] * self.error_points
        for _ in range(max(0, self.rounds_without_point - 1)):
            adds.insert(int(torch.randint(len(adds) + 1, (1,), generator=generator)), False)
        return [*adds, False] if self.rounds_without_point else adds


@dataclass(frozen=True)
class Rounds:
    """What one batch gave, per round (R): loss, and true IoU of the fed-back answer, averaged over present masks."""

    losses: Tensor
    ious: Tensor


def run_rounds(
    sam: Sam,
    embeddings: Tensor,
    targets: Tensor,
    present: Tensor,
    origin: Tensor,
    simulation: Simulation,
    generator: torch.Generator,
    *,
    backward: Callable[[Tensor], None] | None = None,
) -> Rounds:
    """Play all rounds on one batch; with `backward`, back-propagate each round on its own so that memory stays flat.

    Args:
        sam: the model; its prompt encoder and mask decoder are used.
        embeddings: B×C×S×S. Gradients of all rounds accumulate in it when it is a leaf. It may be of a window of the
            model input only, as `origin` says.
        targets: B×M×4S×4S, 0/1 masks at the resolution of the low-res logits.
        present: B×M, 1 where there is a mask.
        origin: B×2 (x, y), where each window starts in the model-input frame.
        simulation: the rounds.
        generator: of the random choices, on the CPU (choices per batch).
        backward: given the loss of each round divided by the number of rounds; None only evaluates.
    """
    batch, masks = targets.shape[:2]
    target = targets.flatten(0, 1).float()
    counts = present.flatten().float()
    scale = 16 * embeddings.shape[-1] / target.shape[-1]
    coords, labels = first_prompt(target, scale, simulation)
    starts_with_box = labels[:, 0] == BOX_TOP_LEFT
    image_pe = _window_pe(sam.prompt_encoder.get_dense_pe(), origin, embeddings.shape[-1])
    shift = origin.repeat_interleave(masks, 0)[:, None]
    adds_point = [True, *simulation.rounds(generator)]
    logits_in: Tensor | None = None
    losses: list[Tensor] = []
    ious: list[Tensor] = []
    for number, adds in enumerate(adds_point):
        if number and adds:
            assert logits_in is not None
            point, label = error_point(logits_in[:, 0], target, scale)
            coords = torch.cat([coords, point[:, None]], dim=1)
            labels = torch.cat([labels, label[:, None]], dim=1)
        sparse = sam.prompt_encoder.embed_points(coords + shift, labels)
        prompts = batch * masks
        if logits_in is None:
            dense = sam.prompt_encoder.no_mask(prompts)[..., :1, :1]  # the same everywhere, whatever the window
        else:
            dense = sam.prompt_encoder.embed_masks(logits_in)
        logits, predicted = sam.mask_decoder.predict_masks(embeddings, image_pe, sparse, dense)
        logits, predicted = logits.float(), predicted.float()
        several = slice(1, None) if number == 0 else slice(0, 1)
        loss, true_iou = round_loss(logits[:, several], predicted[:, several], target, counts, simulation.weights)
        if number == 0:
            # A box is unambiguous enough to be asked for a single mask as well.
            asked = counts if simulation.single_mask_for_points else counts * starts_with_box
            single, _ = round_loss(logits[:, :1], predicted[:, :1], target, asked, simulation.weights)
            loss = loss + single * asked.sum() / counts.sum().clamp(min=1)
        if backward is not None:
            backward(loss / len(adds_point))
        losses.append(loss.detach())
        best = predicted[:, several].argmax(1, keepdim=True)
        answered = true_iou.gather(1, best)[:, 0]
        ious.append((answered * counts).sum() / counts.sum().clamp(min=1))
        chosen = logits[:, several].gather(1, best[:, :, None, None].expand(-1, 1, *logits.shape[-2:]))
        logits_in = chosen.detach()
    # Left on the device: reading them here would make every round wait for it.
    return Rounds(torch.stack(losses), torch.stack(ious))


def _window_pe(image_pe: Tensor, origin: Tensor, side: int) -> Tensor:
    """The parts of the 1×C×S×S position code that B windows of `side` cells see: B×C×side×side."""
    if side == image_pe.shape[-1]:
        return image_pe
    cells = (origin / 16).long().tolist()
    return torch.stack([image_pe[0, :, y : y + side, x : x + side] for x, y in cells])


def first_prompt(target: Tensor, scale: float, simulation: Simulation) -> tuple[Tensor, Tensor]:
    """A foreground point and a padding token, or the two corners of a noisy box: coordinates P×2×2, labels P×2.

    `target` is P×h×w; one of its cells is `scale` model-input pixels wide.
    """
    point = random_cell(target > 0.5, scale)
    corners = noisy_box(target > 0.5, scale, simulation.box_noise, simulation.box_noise_limit)
    uses_box = torch.rand(len(target), device=target.device) < simulation.box_probability
    as_point = torch.stack([point, torch.zeros_like(point)], dim=1)
    coords = torch.where(uses_box[:, None, None], corners, as_point)
    box_labels = torch.tensor([BOX_TOP_LEFT, BOX_BOTTOM_RIGHT], device=target.device)
    point_labels = torch.tensor([FOREGROUND, PADDING], device=target.device)
    return coords, torch.where(uses_box[:, None], box_labels, point_labels)


def error_point(logits: Tensor, target: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """A point uniform in the error region of `logits > 0` (P×h×w): coordinates P×2, labels P.

    Foreground where the mask misses the target, background where it spills over. Without any error, a point in the
    target.
    """
    truth = target > 0.5
    wrong = (logits > 0) != truth
    region = torch.where(wrong.flatten(1).any(1)[:, None, None], wrong, truth)
    point, inside = _choose(region, truth, scale)
    return point, torch.where(inside, FOREGROUND, BACKGROUND)


def random_cell(region: Tensor, scale: float) -> Tensor:
    """A point uniform in each region of P×h×w booleans, in model-input pixels: P×2 (x, y)."""
    return _choose(region, region, scale)[0]


def noisy_box(region: Tensor, scale: float, noise: float, limit: float) -> Tensor:
    """Corners P×2×2 of each region's box, each side moved by N(0, `noise`·side), at most `limit` pixels."""
    height, width = region.shape[-2:]
    columns, rows = region.any(1), region.any(2)
    x = torch.arange(width, device=region.device)
    y = torch.arange(height, device=region.device)
    x0, x1 = _extent(columns, x, width)
    y0, y1 = _extent(rows, y, height)
    box = torch.stack([x0, y0, x1, y1], dim=1).float() * scale
    sides = (box[:, 2:] - box[:, :2]).repeat(1, 2)
    shift = (torch.randn_like(box) * noise * sides).clamp(-limit, limit)
    moved = (box + shift).clamp(min=0)
    moved[:, 0::2].clamp_(max=width * scale)
    moved[:, 1::2].clamp_(max=height * scale)
    return moved.reshape(-1, 2, 2)


def _extent(present: Tensor, positions: Tensor, size: int) -> tuple[Tensor, Tensor]:
    first = torch.where(present, positions, size).amin(1).clamp(max=size - 1)
    return first, torch.where(present, positions + 1, 0).amax(1).maximum(first + 1)


def _choose(region: Tensor, truth: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """A uniform cell of each region as a point anywhere inside that cell, and whether `truth` holds there."""
    draw = torch.rand(region.shape, device=region.device).masked_fill_(~region, -1.0)
    cell = draw.flatten(1).argmax(1)
    width = region.shape[-1]
    corner = torch.stack([cell % width, cell // width], dim=1).float()
    # Prompt coordinates name a pixel by its corner and are moved to its centre by the prompt encoder.
    point = (corner + torch.rand_like(corner)) * scale - 0.5
    return point, truth.flatten(1).gather(1, cell[:, None])[:, 0]
