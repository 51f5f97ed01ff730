"""The training loop: a batch, the rounds, one step, and now and then a log entry and a saved state."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from engine.errors import MaskloopError
from engine.sam import Sam, SamConfig, build_sam
from engine.sam.image_encoder import Block, ImageEncoderViT
from engine.training.batch import TrainingData
from engine.training.distributed import Process
from engine.training.initialise import tie_position_lookup
from engine.training.log import open_log
from engine.training.optimizer import set_rate
from engine.training.passes import accumulate
from engine.training.recipe import Recipe
from engine.training.simulation import Rounds
from engine.training.state import TrainingState

ALONE = Process()


class NonFiniteLoss(MaskloopError):
    """The loss stopped being a number; the run ended before the step that would have spoiled the weights."""


class TrainingStopped(MaskloopError):
    """The run was asked to stop and has saved its state."""


def train(
    recipe: Recipe,
    data: TrainingData,
    out: Path,
    *,
    model: Sam,
    device: torch.device,
    process: Process = ALONE,
    name: str = "train",
    seed: int = 0,
    compile_model: bool = False,
    save_every: float = 600.0,
    log_every: int = 50,
    on_start: Callable[[], None] | None = None,
    on_step: Callable[[int, Rounds], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sam:
    """Run a recipe and return the model to ship, in evaluation mode.

    Writes to `out`: `model.safetensors`/`.json` (what to ship), `state.pt` (exact resume; picked up when present),
    `log.jsonl` and `tensorboard/` (learning rate, loss and IoU per round, masks per second). The first two are written
    every `save_every` seconds and at the end, the others every `log_every` steps.

    Args:
        recipe: checked against the model and the number of processes here.
        data: gives batches by step.
        out: a folder; with several machines, one that all of them see.
        model: with its first weights; the same in every process.
        device: of this process.
        process: which of those that train together this is.
        name: what the progress bar says.
        seed: of every random choice but those of `data`.
        compile_model: compile the rounds, and a ViT's blocks.
        save_every: seconds between saved states.
        log_every: steps between log entries.
        on_start: called once it is certain that the run goes on from what `out` holds and has steps left to take.
        on_step: told each step's figures, as sums over the global batch, once the weights have moved.
        should_stop: asked after every step; True in any process saves and ends the run.

    Raises:
        NonFiniteLoss: a loss or gradient is no number; names the images. The last saved state is left as it is.
        TrainingStopped: `should_stop` said so.
        InvalidSetting: the recipe does not fit the model or the processes, or `out` holds another run.
    """
    recipe.check(model.config, process.world)
    out.mkdir(parents=True, exist_ok=True)
    model.to(device).train()
    _regularise(model, recipe)
    state = TrainingState.fresh(model, recipe, seed)
    state.resume(out)
    if compile_model:
        _compile_blocks(model)
    if on_start is not None and state.step < recipe.steps:
        on_start()
    parameters = list(model.parameters())
    log = open_log(process, out, name, state.step, recipe.steps, log_every)
    saved = time.monotonic()
    try:
        for step in range(state.step, recipe.steps):
            phase = recipe.phase_at(step)
            rate = recipe.schedule.rate(step, recipe.steps)
            set_rate(state.optimizer, rate)
            window = phase.window or model.config.image_size
            batch = data.batch(step, phase.images, phase.masks, window, process.shard)
            first_row = process.shard.rows(phase.images).start
            rounds = accumulate(
                model, model.image_encoder, batch, first_row, recipe, phase, seed, step, device, compile_model
            )
            process.sum_gradients(parameters)
            total = _summed(rounds, process)
            count = max(1.0, float(total.count))
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.div_(count)
            norm = float(nn.utils.clip_grad_norm_(parameters, recipe.optimizer.gradient_clip))
            loss = float(total.losses.mean()) / count
            if not math.isfinite(loss + norm):
                _refuse(step, loss, rounds, batch.ids, process, out)
            state.optimizer.step()
            state.optimizer.zero_grad()
            state.update_average(warming_up=step < recipe.schedule.warmup_steps)
            state.step = step + 1
            if on_step is not None:
                on_step(step, total)
            log.step(step, round(count), _figures(total, count, rate, norm))
            stop = bool(process.sum(torch.tensor(float(should_stop()), device=device)))
            due = time.monotonic() - saved > save_every
            if process.leads and (due or stop or state.step == recipe.steps):
                state.save(out)
                saved = time.monotonic()
            if stop and state.step < recipe.steps:
                raise TrainingStopped(f"Stopped after step {state.step} of {recipe.steps}; the state is in {out}.")
    finally:
        log.close()
    return state.shipped.eval()


def fresh_model(config: SamConfig, recipe: Recipe, seed: int) -> Sam:
    """A model to train from scratch; the same weights for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build_sam(recipe.model_config(config))
        if recipe.tie_position_lookup:
            tie_position_lookup(model)
    return model


def _regularise(model: Sam, recipe: Recipe) -> None:
    model.mask_decoder.transformer.set_dropout(recipe.decoder_dropout)
    if isinstance(model.image_encoder, ImageEncoderViT):
        model.image_encoder.set_drop_path(recipe.drop_path)
        model.image_encoder.checkpoint_blocks = recipe.checkpoint_blocks


def _compile_blocks(model: Sam) -> None:
    for module in model.image_encoder.modules():
        if isinstance(module, Block):
            module.compile()


def _summed(rounds: Rounds, process: Process) -> Rounds:
    """The figures of all processes together; `by_image` stays this process's."""
    length = len(rounds.losses)
    total = process.sum(torch.cat([rounds.losses, rounds.ious, rounds.count[None]]))
    return Rounds(total[:length], total[length : 2 * length], total[-1], rounds.by_image)


def _refuse(step: int, loss: float, rounds: Rounds, ids: tuple[str, ...], process: Process, out: Path) -> None:
    """Every process comes here together, since all know the same sum."""
    finite = rounds.by_image.isfinite().tolist()
    suspects = [name for name, fine in zip(ids, finite, strict=True) if not fine]
    named = [name for part in process.gather(suspects) for name in part]
    everything = [name for part in process.gather(list(ids)) for name in part]
    what = f"The loss of step {step} is {loss}" if not math.isfinite(loss) else f"Step {step} has gradients without end"
    where = f"from {', '.join(named)}" if named else f"in the batch of {', '.join(everything)}"
    raise NonFiniteLoss(f"{what}, {where}. The weights are not touched; the last saved state is in {out}.")


def _figures(total: Rounds, count: float, rate: float, norm: float) -> dict[str, float | list[float]]:
    return {
        "learning_rate": rate,
        "loss": [round(value / count, 6) for value in total.losses.tolist()],
        "iou": [round(value / count, 6) for value in total.ious.tolist()],
        "gradient_norm": round(norm, 6),
    }
