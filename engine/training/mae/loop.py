"""The loop of pre-training: hide, restore, step, save."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import InvalidCheckpoint, InvalidSetting
from engine.sam import SamConfig
from engine.sam.model import PIXEL_MEAN, PIXEL_STD
from engine.training.distributed import Process
from engine.training.log import open_log
from engine.training.loop import NonFiniteLoss, TrainingStopped
from engine.training.mae.patches import hide
from engine.training.mae.pictures import Pictures
from engine.training.mae.recipe import Autoencoder, MaeRecipe, build_autoencoder
from engine.training.randomness import step_generator, stream_seed

STATE, ENCODER = "state.pt", "encoder.safetensors"


def pretrain(
    recipe: MaeRecipe,
    pictures: Pictures,
    out: Path,
    *,
    device: torch.device,
    process: Process | None = None,
    seed: int = 0,
    config: SamConfig | None = None,
    save_every: float = 600.0,
    log_every: int = 50,
    on_step: Callable[[int, float], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Run a recipe and return the file to start training from (`initialise_from_mae`).

    Writes to `out`, every `save_every` seconds and at the end: `encoder.safetensors`, and `state.pt`, from which the
    same call goes on exactly; `log.jsonl` and `tensorboard/` every `log_every` steps. `config` replaces that of the
    recipe's `arch`. `on_step` is told the loss of each step. `should_stop` is asked after every step.

    Raises NonFiniteLoss, TrainingStopped, and InvalidSetting or InvalidCheckpoint where `out` holds another run.
    """
    process = process or Process()
    recipe.check(process.world)
    out.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(stream_seed(seed, 0, "weights"))
        model = build_autoencoder(recipe, config).to(device).train()
    optimizer = _make_optimizer(model, recipe)
    steps = recipe.steps(len(pictures))
    first = _resume(out / STATE, model, optimizer, seed)
    log = open_log(process, out, f"mae {recipe.arch}", first, steps, log_every, unit="images")
    saved = time.monotonic()
    try:
        for step in range(first, steps):
            rate = recipe.rate(step, steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = _forward_backward(model, recipe, pictures, step, seed, process, device)
            if not math.isfinite(loss):
                raise NonFiniteLoss(f"The loss of step {step} is {loss}; the last saved state is in {out}.")
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            log.step(step, recipe.images, {"loss": [loss], "learning_rate": rate})
            last = step + 1 == steps
            stop = bool(process.sum(torch.tensor(float(should_stop()), device=device)))
            if process.leads and (last or stop or time.monotonic() - saved > save_every):
                _save(out, step + 1, model, optimizer, seed)
                saved = time.monotonic()
            if on_step is not None:
                on_step(step, loss)
            if stop and not last:
                raise TrainingStopped(f"Stopped after step {step + 1} of {steps}; the state is in {out}.")
    finally:
        log.close()
    return out / ENCODER


def _forward_backward(
    model: Autoencoder,
    recipe: MaeRecipe,
    pictures: Pictures,
    step: int,
    seed: int,
    process: Process,
    device: torch.device,
) -> float:
    """Gradients of one step, summed over passes and processes, and its loss."""
    rows = process.shard.rows(recipe.images)
    patches = (recipe.side // model.patch_side) ** 2
    # Drawn for the whole global batch: the number of processes changes nothing.
    hidden = hide(recipe.images, patches, recipe.hidden, step_generator(seed, step, "hidden patches"))
    images = pictures.batch(step, recipe.images, process.shard).to(device, non_blocking=True)
    total = torch.zeros((), device=device)
    parts = zip(
        images.split(recipe.images_per_pass),
        hidden[rows.start : rows.stop].to(device).split(recipe.images_per_pass),
        strict=True,
    )
    for part, covered in parts:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = model(_normalise(part), covered) * (len(part) / recipe.images)
        loss.backward()
        total += loss.detach()
    process.sum_gradients([p for p in model.parameters() if p.requires_grad])
    return float(process.sum(total))


def _normalise(images: Tensor) -> Tensor:
    mean = torch.tensor(PIXEL_MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(PIXEL_STD, device=images.device).view(3, 1, 1)
    return (images.float() - mean) / std


def _make_optimizer(model: Autoencoder, recipe: MaeRecipe) -> torch.optim.AdamW:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=recipe.betas, fused=True)


def _save(out: Path, step: int, model: Autoencoder, optimizer: torch.optim.AdamW, seed: int) -> None:
    """Whole files only, whenever the process is killed."""
    state = {"step": step, "seed": seed, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    partial = out / "state.partial"
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(out / STATE)
    weights = out / "encoder.partial"
    save_file({key: value.detach().cpu().contiguous() for key, value in model.encoder_state().items()}, weights)
    weights.replace(out / ENCODER)


def _resume(path: Path, model: Autoencoder, optimizer: torch.optim.AdamW, seed: int) -> int:
    """Take up a saved state, if there is one; the step to go on from."""
    if not path.is_file():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["seed"] != seed:
        raise InvalidSetting(f"{path.parent} holds a run with seed {state['seed']}, not {seed}.")
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise InvalidCheckpoint(f"{path.parent} holds a run of another model; choose another folder.") from error
    return int(state["step"])
