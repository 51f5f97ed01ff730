"""Forward and backward over a global batch's rows, as many images at a time as a device takes."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.sam import Sam
from engine.training.batch import Batch
from engine.training.losses import AFFINITY_QUERIES, affinity_loss
from engine.training.prompts import PromptDraws
from engine.training.randomness import step_generator, stream_seed
from engine.training.recipe import Phase, Precision, Recipe
from engine.training.simulation import Rounds, run_rounds


@dataclass(frozen=True)
class StepDraws:
    """All random numbers of one step, for the whole global batch.

    Attributes:
        plan: which rounds add a prompt; empty where the encoder trains alone.
        prompts: of the simulated annotator; None where the encoder trains alone.
        affinity: images × masks × queries, uniform.
    """

    plan: list[bool]
    prompts: PromptDraws | None
    affinity: Tensor

    @classmethod
    def draw(cls, phase: Phase, seed: int, step: int) -> "StepDraws":
        """The same for every process, device and division into passes."""
        generator = step_generator(seed, step, "affinity")
        affinity = torch.rand(phase.images, phase.masks, AFFINITY_QUERIES, generator=generator)
        if phase.simulation is None:
            return cls([], None, affinity)
        generator = step_generator(seed, step, "simulation")
        plan = phase.simulation.plan(generator)
        prompts = PromptDraws.draw(phase.images, phase.masks, phase.simulation.error_points, generator)
        return cls(plan, prompts, affinity)


def accumulate(
    model: Sam,
    encode: Callable[[Tensor], Tensor],
    batch: Batch,
    first_row: int,
    recipe: Recipe,
    phase: Phase,
    seed: int,
    step: int,
    device: torch.device,
    compiled: bool = False,
) -> Rounds:
    """Forward and backward of one process's part of a batch; gradients of the summed loss are left in the parameters.

    `first_row` is where the part begins in the global batch. Dropout and stochastic depth are drawn anew for every
    pass, from the step and the pass's first row, so that they depend on how a batch is divided into passes only.
    """
    draws = StepDraws.draw(phase, seed, step)
    parts: list[Rounds] = []
    for rows, part in passes(batch, recipe.pass_images(phase)):
        global_rows = range(first_row + rows.start, first_row + rows.stop)
        torch.manual_seed(stream_seed(seed, step, f"pass at row {global_rows.start}"))
        parts.append(_one_pass(model, encode, to_device(part, device), global_rows, draws, recipe, phase, compiled))
    return Rounds(
        losses=torch.stack([part.losses for part in parts]).sum(0),
        ious=torch.stack([part.ious for part in parts]).sum(0),
        count=torch.stack([part.count for part in parts]).sum(),
        by_image=torch.cat([part.by_image for part in parts]),
    )


def _one_pass(
    model: Sam,
    encode: Callable[[Tensor], Tensor],
    batch: Batch,
    rows: range,
    draws: StepDraws,
    recipe: Recipe,
    phase: Phase,
    compiled: bool,
) -> Rounds:
    device = batch.images.device
    with torch.autocast(device.type, torch.bfloat16, enabled=half_precision(recipe.precision, device)):
        pixels = (batch.images - model.pixel_mean) / model.pixel_std * batch.valid
        embeddings = encode(pixels.contiguous(memory_format=torch.channels_last))
        # Each round's graph is freed as it is played; only the sum of their gradients reaches the encoder.
        leaf = embeddings.detach().float().requires_grad_()
        rounds: Rounds | None = None
        if phase.simulation is not None and draws.prompts is not None:
            rounds = run_rounds(
                model,
                leaf,
                batch.targets,
                batch.present,
                batch.origin,
                phase.simulation,
                draws.plan,
                draws.prompts.rows(rows, device),
                texts=None if batch.texts is None or batch.text_present is None else (batch.texts, batch.text_present),
                backward=Tensor.backward,
                compiled=compiled,
            )
    if rounds is None or recipe.affinity_weight:
        chosen = draws.affinity[rows.start : rows.stop].to(device)
        losses, agreement = affinity_loss(leaf, batch.targets, batch.present, chosen)
        if rounds is None:
            losses.sum().backward()
            losses = losses.detach()
            rounds = Rounds(losses.sum()[None], agreement.sum()[None], batch.present.sum().float(), losses.sum(1))
        else:
            (recipe.affinity_weight * losses.sum()).backward()
    assert leaf.grad is not None
    embeddings.backward(leaf.grad.to(embeddings.dtype))
    return rounds


def passes(batch: Batch, images: int) -> Iterator[tuple[range, Batch]]:
    """The batch in parts of at most `images` images, each with its rows."""
    for start in range(0, len(batch.images), images):
        rows = range(start, min(start + images, len(batch.images)))
        values = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
        part: dict[str, Any] = {
            name: value[rows.start : rows.stop] for name, value in values.items() if value is not None
        }
        yield rows, dataclasses.replace(batch, **part)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch with its tensors on a device."""
    moved = {
        field.name: value.to(device, non_blocking=True)
        for field in dataclasses.fields(batch)
        if isinstance(value := getattr(batch, field.name), Tensor)
    }
    return dataclasses.replace(batch, **moved)


def half_precision(precision: Precision, device: torch.device) -> bool:
    """Whether to run in bfloat16; "auto" is where it is native: on any recent GPU, and on CPUs that say so."""
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
