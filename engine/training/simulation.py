"""The interactive annotator that training plays, vectorised over masks. Source: Segment Anything, appendix A.

A mask is first prompted by a point inside it or by a noisy box; every further point falls where the last answer was
wrong; the logits of the answer with the best predicted IoU go back as the dense prompt. Two rounds add no point, so
that the model learns to improve on its own mask.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from engine.errors import InvalidSetting
from engine.sam import Sam
from engine.sam.prompt_encoder import BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.losses import LossWeights, mask_losses
from engine.training.prompts import PromptDraws, error_point, first_prompt


@dataclass(frozen=True)
class Simulation:
    """How many rounds, and how they start. The defaults are the paper's: 1 + 8 points + 2 without one, 11 rounds.

    Attributes:
        error_points: rounds that add a point where the last answer was wrong.
        rounds_without_point: rounds that add nothing: the last one, the others at random places.
        box_probability: how often the first prompt is a box; 0 trains on points and masks only.
        box_noise: standard deviation of each side of a box, relative to its length.
        box_noise_limit: the most that a side is moved, in model-input pixels.
        central_points: how often a point is in the middle of its mask or error, where people click, and not anywhere
            in it. The paper trains on points anywhere and measures with points in the middle.
        single_mask_for_points: also train the single-mask token on a first prompt that is a point.
        single_mask_for_boxes: the same for boxes. The paper does neither: one prompt is answered by three masks.
        weights: of the loss terms.
    """

    error_points: int = 8
    rounds_without_point: int = 2
    box_probability: float = 0.5
    box_noise: float = 0.1
    box_noise_limit: float = 20.0
    central_points: float = 0.0
    single_mask_for_points: bool = False
    single_mask_for_boxes: bool = False
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if self.error_points < 0 or self.rounds_without_point < 0:
            raise InvalidSetting("error_points and rounds_without_point must not be negative.")
        if not 0 <= self.box_probability <= 1:
            raise InvalidSetting(f"box_probability is between 0 and 1, not {self.box_probability}.")
        if not 0 <= self.central_points <= 1:
            raise InvalidSetting(f"central_points is between 0 and 1, not {self.central_points}.")
        if self.box_noise < 0 or self.box_noise_limit < 0:
            raise InvalidSetting("box_noise and box_noise_limit must not be negative.")

    @property
    def rounds(self) -> int:
        """Answers per mask."""
        return 1 + self.error_points + self.rounds_without_point

    def plan(self, generator: torch.Generator) -> list[bool]:
        """For each round, whether it adds a prompt. The same for all masks of a batch, so that none waits."""
        adds = [True] * self.error_points
        for _ in range(self.rounds_without_point - 1):
            adds.insert(int(torch.randint(len(adds) + 1, (1,), generator=generator)), False)
        last = [False] if self.rounds_without_point else []
        return [True, *adds, *last]


@dataclass(frozen=True)
class Rounds:
    """Sums over the present masks, so that parts of a batch can be added up; divide by `count` for means.

    Attributes:
        losses: R, one per round.
        ious: R, true IoU of the answer that was fed back.
        count: present masks, a scalar.
        by_image: B, the loss of each image over all rounds.
    """

    losses: Tensor
    ious: Tensor
    count: Tensor
    by_image: Tensor


def run_rounds(
    sam: Sam,
    embeddings: Tensor,
    targets: Tensor,
    present: Tensor,
    origin: Tensor,
    simulation: Simulation,
    plan: list[bool],
    draws: PromptDraws,
    *,
    texts: tuple[Tensor, Tensor] | None = None,
    backward: Callable[[Tensor], None] | None = None,
    observe: Callable[[Tensor, Tensor], None] | None = None,
    compiled: bool = False,
) -> Rounds:
    """Play all rounds on one batch; with `backward`, back-propagate each round on its own so that memory stays flat.

    Args:
        sam: the model; its prompt encoder and mask decoder are used.
        embeddings: B×C×S×S. Gradients of all rounds accumulate in it when it is a leaf. It may be of a window of the
            model input only, as `origin` says.
        targets: B×M×4S×4S, the true masks at the resolution of the low-res logits.
        present: B×M, whether there is a mask.
        origin: B×2 (x, y), where each window starts in the model-input frame.
        simulation: the rounds.
        plan: which rounds add a prompt, from `Simulation.plan`.
        draws: random numbers for these B×M masks.
        texts: text embeddings B×M×D and B×M, which masks start with theirs instead of a point or a box.
        backward: given each round's loss, summed over masks and divided by the number of rounds; None only evaluates.
        observe: given the logits of each round, (B·M)×K×4S×4S of all K mask tokens, and the targets (B·M)×4S×4S.
        compiled: compile what a round is made of; the first rounds of each size wait for that.
    """
    parts = _compiled_parts() if compiled else PARTS
    masks = targets.shape[1]
    truth = targets.flatten(0, 1) > 0.5
    target = truth.float()
    counts = present.flatten().float()
    scale = 16 * embeddings.shape[-1] / target.shape[-1]
    coords, labels = parts.first_prompt(
        truth,
        scale,
        draws,
        simulation.box_probability,
        simulation.box_noise,
        simulation.box_noise_limit,
        simulation.central_points,
    )
    starts_with_text: Tensor | None = None
    if texts is not None:
        # A text takes the place of the point; the padding token beside it stays.
        starts_with_text = texts[1].flatten()
        labels = torch.where(starts_with_text[:, None], torch.tensor([FOREGROUND, PADDING]).to(labels), labels)
    starts_with_box = labels[:, 0] == BOX_TOP_LEFT
    single_too = torch.where(starts_with_box, simulation.single_mask_for_boxes, simulation.single_mask_for_points)
    image_pe = _window_pe(sam.prompt_encoder.get_dense_pe(), origin, embeddings.shape[-1])
    shift = origin.repeat_interleave(masks, 0)[:, None]
    errors = iter(draws.errors.flatten(0, 1).unbind(1))
    in_the_middle = iter((draws.central.flatten(0, 1)[:, 1:] < simulation.central_points).unbind(1))
    logits_in: Tensor | None = None
    losses: list[Tensor] = []
    ious: list[Tensor] = []
    for adds in plan:
        if logits_in is not None and adds:
            central = next(in_the_middle) if simulation.central_points else None
            point, label = parts.error_point(logits_in[:, 0], truth, next(errors), scale, central)
            coords = torch.cat([coords, point[:, None]], dim=1)
            labels = torch.cat([labels, label[:, None]], dim=1)
        token = None
        if texts is not None and starts_with_text is not None:
            token = starts_with_text, sam.prompt_encoder.embed_texts(texts[0].flatten(0, 1))
        placed = coords + shift
        if compiled and logits_in is not None:
            # One program for any number of prompts; sizes of the image are worth one each.
            for prompts in (placed, labels):
                torch._dynamo.mark_dynamic(prompts, 1)
        played = parts.play(sam, embeddings, image_pe, placed, labels, logits_in, token, target, single_too, simulation)
        loss = played.loss * counts
        if observe is not None:
            observe(played.logits, target)
        if backward is not None:
            backward(loss.sum() / len(plan))
        losses.append(loss.detach())
        ious.append((played.iou * counts).sum())
        logits_in = played.chosen.detach()
    # Left on the device: reading them here would make every round wait for it.
    by_mask = torch.stack(losses)
    return Rounds(
        losses=by_mask.sum(1),
        ious=torch.stack(ious),
        count=counts.sum(),
        by_image=by_mask.sum(0).unflatten(0, (-1, masks)).sum(1),
    )


class Played(NamedTuple):
    """One round of P prompts: losses P, true IoU P and logits P×1×4S×4S of the answer shown, all logits P×K×4S×4S."""

    loss: Tensor
    iou: Tensor
    chosen: Tensor
    logits: Tensor


def play_round(
    sam: Sam,
    embeddings: Tensor,
    image_pe: Tensor,
    coords: Tensor,
    labels: Tensor,
    logits_in: Tensor | None,
    token: tuple[Tensor, Tensor] | None,
    target: Tensor,
    single_too: Tensor,
    simulation: Simulation,
) -> Played:
    """Answer P prompts and judge the answers.

    Without `logits_in` (P×1×4S×4S) it is the first round, answered by three masks and, with `single_too` (P), by the
    single one as well. `token` is P and P×1×C: whose first token to replace by which.
    """
    first = logits_in is None
    if logits_in is None:
        dense = sam.prompt_encoder.no_mask(len(target))[..., :1, :1]  # the same everywhere, whatever the window
    else:
        dense = sam.prompt_encoder.embed_masks(logits_in)
    sparse = sam.prompt_encoder.embed_points(coords, labels)
    if token is not None:
        changed = torch.where(token[0][:, None, None], token[1].to(sparse), sparse[:, :1])
        sparse = torch.cat([changed, sparse[:, 1:]], dim=1)
    logits, predicted = sam.mask_decoder.predict_masks(embeddings, image_pe, sparse, dense)
    logits, predicted = logits.float(), predicted.float()
    answers = slice(1, None) if first else slice(0, 1)
    loss, true_iou = mask_losses(logits[:, answers], predicted[:, answers], target, simulation.weights)
    if first and (simulation.single_mask_for_boxes or simulation.single_mask_for_points):
        loss = loss + single_too * mask_losses(logits[:, :1], predicted[:, :1], target, simulation.weights)[0]
    best = predicted[:, answers].argmax(1, keepdim=True)
    chosen = logits[:, answers].gather(1, best[:, :, None, None].expand(-1, 1, *logits.shape[-2:]))
    return Played(loss, true_iou.gather(1, best)[:, 0], chosen, logits)


class Parts(NamedTuple):
    """What a round is made of."""

    first_prompt: Callable[..., tuple[Tensor, Tensor]]
    error_point: Callable[..., tuple[Tensor, Tensor]]
    play: Callable[..., Played]


PARTS = Parts(first_prompt, error_point, play_round)


@cache
def _compiled_parts() -> Parts:
    return Parts(
        torch.compile(first_prompt, dynamic=False),
        torch.compile(error_point, dynamic=False),
        torch.compile(play_round, dynamic=False),
    )


def _window_pe(image_pe: Tensor, origin: Tensor, side: int) -> Tensor:
    """The parts of the 1×C×S×S position code that B windows of `side` cells see: B×C×side×side (1×… if whole)."""
    if side == image_pe.shape[-1]:
        return image_pe
    cells = (origin / 16).long()[:, :, None] + torch.arange(side, device=origin.device)
    x, y = cells.unbind(1)
    return image_pe[0][:, y[:, :, None], x[:, None, :]].transpose(0, 1)
