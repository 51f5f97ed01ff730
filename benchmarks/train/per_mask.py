"""The simulation as one would first write it: a loop over masks, each played to its end by itself.

The same arithmetic as `engine.training.simulation`, from the same random numbers; written apart from it, so that the
two check each other. Losses alone are shared.
"""

import torch
from torch import Tensor

from engine.sam import Sam
from engine.sam.prompt_encoder import BACKGROUND, BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.losses import mask_losses
from engine.training.prompts import PromptDraws
from engine.training.simulation import Simulation


def run_per_mask(
    sam: Sam, embeddings: Tensor, targets: Tensor, simulation: Simulation, plan: list[bool], draws: PromptDraws
) -> Tensor:
    """Losses of each round, summed over masks; gradients are left as `run_rounds` leaves them.

    `embeddings` is B×C×S×S of whole inputs, `targets` B×M×4S×4S.
    """
    losses = torch.zeros(len(plan), device=embeddings.device)
    position = sam.prompt_encoder.get_dense_pe()
    for image in range(targets.shape[0]):
        for mask in range(targets.shape[1]):
            target = targets[image, mask]
            points, labels = _first_prompt(target, draws, image, mask, simulation)
            answer: Tensor | None = None
            error = 0
            for number, adds in enumerate(plan):
                if answer is not None and adds:
                    point, label = _error_point(answer > 0, target, draws.errors[image, mask, error])
                    points, labels = [*points, point], [*labels, label]
                    error += 1
                sparse = sam.prompt_encoder.embed_points(
                    torch.tensor([points], device=target.device), torch.tensor([labels], device=target.device)
                )
                dense = sam.prompt_encoder.no_mask(1)
                if answer is not None:
                    dense = sam.prompt_encoder.embed_masks(answer[None, None])
                logits, predicted = sam.mask_decoder(
                    embeddings[image : image + 1], position, sparse, dense, multimask_output=number == 0
                )
                loss, _ = mask_losses(logits.float(), predicted.float(), target[None].float(), simulation.weights)
                (loss.sum() / len(plan)).backward()
                losses[number] += loss.detach().sum()
                answer = logits[0, predicted[0].argmax()].detach().float()
    return losses


def _first_prompt(
    target: Tensor, draws: PromptDraws, image: int, mask: int, simulation: Simulation
) -> tuple[list[tuple[float, float]], list[int]]:
    if float(draws.kind[image, mask]) >= simulation.box_probability:
        return [_point(target, draws.first[image, mask]), (0.0, 0.0)], [FOREGROUND, PADDING]
    rows, columns = target.nonzero().unbind(1)
    x0, y0 = 4.0 * int(columns.min()), 4.0 * int(rows.min())
    x1, y1 = 4.0 * (int(columns.max()) + 1), 4.0 * (int(rows.max()) + 1)
    sides = [x1 - x0, y1 - y0] * 2
    moved = []
    for value, side, noise in zip((x0, y0, x1, y1), sides, draws.box[image, mask].tolist(), strict=True):
        limit = simulation.box_noise_limit
        shift = min(limit, max(-limit, simulation.box_noise * side * noise))
        moved.append(min(4.0 * target.shape[-1], max(0.0, value + shift)))
    return [(moved[0], moved[1]), (moved[2], moved[3])], [BOX_TOP_LEFT, BOX_BOTTOM_RIGHT]


def _error_point(answer: Tensor, target: Tensor, draws: Tensor) -> tuple[tuple[float, float], int]:
    wrong = answer != target
    region = wrong if bool(wrong.any()) else target
    x, y = _point(region, draws)
    inside = bool(target[int((y + 0.5) / 4), int((x + 0.5) / 4)])
    return (x, y), FOREGROUND if inside else BACKGROUND


def _point(region: Tensor, draws: Tensor) -> tuple[float, float]:
    cells = region.nonzero()
    uniform, dx, dy = draws.tolist()
    row, column = cells[min(int(uniform * len(cells)), len(cells) - 1)].tolist()
    return (column + dx) * 4 - 0.5, (row + dy) * 4 - 0.5
