"""The training loop: draw a batch, play the annotator, step, average, save."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.errors import MaskloopError
from engine.sam import Sam, SamConfig, architecture, build_sam, save_checkpoint
from engine.training.augment import make_batch
from engine.training.batch import Batch, concatenate
from engine.training.feed import SceneFeed
from engine.training.initialise import tie_position_lookup
from engine.training.losses import affinity_loss
from engine.training.packed import PackedDataset
from engine.training.recipes import Phase, Recipe
from engine.training.simulation import Rounds, Simulation, run_rounds


class NonFiniteLoss(MaskloopError):
    """The loss stopped being a number; the run ended before the step that would have spoiled the weights."""


@dataclass(frozen=True)
class TrainingData:
    """What batches are drawn from; either part may be missing where the recipe's shares allow it."""

    real: PackedDataset | None
    scenes: SceneFeed | None

    def draw(self, recipe: Recipe, phase: Phase, side: int, generator: torch.Generator, device: torch.device) -> Batch:
        """One batch for a model input of `side` pixels: the recipe's share of scenes, the rest real images."""
        share = recipe.scene_fraction if self.real is not None else 1.0
        # Rounded at random, so that small batches see scenes too.
        from_scenes = int(phase.images * share + float(torch.rand((), generator=generator)))
        if self.scenes is None:
            from_scenes = 0
        parts = []
        if from_scenes and self.scenes is not None:
            self.scenes.use(from_scenes)
            parts.append(
                (self.scenes.data, torch.randint(self.scenes.data.filled, (from_scenes,), generator=generator))
            )
        if from_scenes < phase.images and self.real is not None:
            weights = _image_weights(self.real, recipe.source_weights)
            drawn = torch.multinomial(weights, phase.images - from_scenes, replacement=True, generator=generator)
            parts.append((self.real, drawn))
        batches = [
            make_batch(
                data,
                index.to(device),
                phase.masks,
                side,
                min(phase.window, side),
                recipe.augmentation,
                smallest_area=recipe.smallest_area,
            )
            for data, index in parts
        ]
        return concatenate(batches)


def train(
    recipe: Recipe,
    data: TrainingData,
    out: Path,
    *,
    device: torch.device,
    seed: int = 0,
    start: Sam | None = None,
    compile_model: bool = False,
    save_every: float = 120.0,
    log_every: int = 50,
    on_step: Callable[[int, Rounds], None] | None = None,
) -> Sam:
    """Run a recipe and return the averaged model.

    Writes to `out`: `average.safetensors`/`.json` (what to ship), `state.pt` (exact resume; picked up when present)
    and `log.jsonl` (step, learning rate, loss, IoU per round, images per second), every `save_every` seconds (the log
    every `log_every` steps) and at the end. `start` gives the first weights instead of random
    ones. Raises NonFiniteLoss.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    config = start.config if start is not None else architecture(recipe.arch)
    model = start if start is not None else fresh_model(config)
    model.to(device).train()
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average_decay), use_buffers=True
    )
    optimizer = make_optimizer(model, recipe)
    first = load_state(out / "state.pt", model, average, optimizer, generator)
    # Compiled, the small encoder gains nothing and the decoder a quarter of its time.
    encode = model.image_encoder
    if compile_model:
        model.mask_decoder.predict_masks = torch.compile(model.mask_decoder.predict_masks)

    saved = time.monotonic()
    progress = tqdm(total=recipe.steps, initial=first, desc=recipe.arch, unit="step", mininterval=5)
    for step in range(first, recipe.steps):
        phase = phase_at(recipe, step)
        began = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        batch = data.draw(recipe, phase, config.image_size, generator, device)
        rounds = train_step(model, encode, batch, phase.simulation, generator, recipe.affinity_weight)
        total = float(rounds.losses.mean())
        if not math.isfinite(total):
            raise NonFiniteLoss(f"The loss of step {step} is {total}; the last saved state is in {out}.")
        nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        # A long average of random weights only delays: start it short.
        if step < recipe.warmup_steps:
            average.module.load_state_dict(model.state_dict())
        else:
            average.update_parameters(model)
        if on_step is not None:
            on_step(step, rounds)
        progress.update()
        if step % log_every == 0:
            _log(out, step, recipe, rounds, phase.images / (time.monotonic() - began))
            progress.set_postfix(loss=f"{total:.3f}", first=f"{rounds.ious[0]:.3f}", last=f"{rounds.ious[-1]:.3f}")
        if time.monotonic() - saved > save_every or step + 1 == recipe.steps:
            save_state(out, step + 1, model, average, optimizer, generator)
            saved = time.monotonic()
    progress.close()
    return averaged(average).eval()


def averaged(average: torch.optim.swa_utils.AveragedModel) -> Sam:
    """The averaged weights as a model."""
    model = average.module
    assert isinstance(model, Sam)
    return model


def train_step(
    model: Sam,
    encode: Callable[[Tensor], Tensor],
    batch: Batch,
    simulation: Simulation | None,
    generator: torch.Generator,
    affinity_weight: float = 0.0,
) -> Rounds:
    """Forward and backward of one batch; gradients are left in the parameters. No `simulation`: the encoder alone."""
    device = batch.images.device
    with torch.autocast(device.type, torch.bfloat16, enabled=half_precision(device)):
        pixels = (batch.images - model.pixel_mean) / model.pixel_std * batch.valid
        embeddings = encode(pixels.contiguous(memory_format=torch.channels_last))
        # Each round's graph is freed as it is played; only the sum of their gradients reaches the encoder.
        leaf = embeddings.detach().float().requires_grad_()
        if simulation is None:
            loss, agreement = affinity_loss(leaf, batch.targets, batch.present)
            loss.backward()
            rounds = Rounds(loss.detach()[None], agreement[None])
        else:
            rounds = run_rounds(
                model,
                leaf,
                batch.targets,
                batch.present,
                batch.origin,
                simulation,
                generator,
                backward=Tensor.backward,
            )
    if simulation is not None and affinity_weight:
        (affinity_weight * affinity_loss(leaf, batch.targets, batch.present)[0]).backward()
    assert leaf.grad is not None
    embeddings.backward(leaf.grad.to(embeddings.dtype))
    return rounds


def half_precision(device: torch.device) -> bool:
    """Whether bfloat16 is native here: on any recent GPU, and on CPUs that say so."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def phase_at(recipe: Recipe, step: int) -> Phase:
    """The phase that a step belongs to."""
    for phase in recipe.phases:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return recipe.phases[-1]


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, a constant, and a linear fall to zero over the last `decay_steps`."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    return recipe.learning_rate * min(1.0, (recipe.steps - step) / max(1, recipe.decay_steps))


def fresh_model(config: SamConfig) -> Sam:
    """A model to train from scratch."""
    model = build_sam(config)
    tie_position_lookup(model)
    return model


def make_optimizer(model: Sam, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices and kernels only."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=recipe.betas, fused=True)


def save_state(
    out: Path,
    step: int,
    model: Sam,
    average: torch.optim.swa_utils.AveragedModel,
    optimizer: torch.optim.AdamW,
    generator: torch.Generator,
) -> None:
    """Write the averaged weights and everything an exact resume needs; whole files only."""
    state = {
        "step": step,
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    partial = out / "state.partial"
    torch.save(state, partial)
    partial.replace(out / "state.pt")
    save_checkpoint(averaged(average), out / "average.safetensors")


def load_state(
    path: Path,
    model: Sam,
    average: torch.optim.swa_utils.AveragedModel,
    optimizer: torch.optim.AdamW,
    generator: torch.Generator,
) -> int:
    """Take up a saved state if there is one; returns the step to go on from."""
    if not path.is_file():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    return int(state["step"])


def _image_weights(data: PackedDataset, by_source: dict[str, float]) -> Tensor:
    """Probability of each image: sources share as `by_source` says (equal shares per image without it)."""
    sources = data.sources[: data.filled]
    counts = {source: sources.count(source) for source in set(sources)}
    return torch.tensor([by_source.get(s, 1.0) / counts[s] if by_source else 1.0 for s in sources])


def _log(out: Path, step: int, recipe: Recipe, rounds: Rounds, rate: float) -> None:
    entry = {
        "step": step,
        "learning_rate": learning_rate(recipe, step),
        "loss": [round(v, 4) for v in rounds.losses.tolist()],
        "iou": [round(v, 4) for v in rounds.ious.tolist()],
        "images_per_second": round(rate, 1),
    }
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(entry) + "\n")
