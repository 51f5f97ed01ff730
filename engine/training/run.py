"""One training run from what a person asks for: checked whole, then read, then trained."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from engine.errors import InvalidInput, InvalidSetting
from engine.sam import Sam, architecture, build_sam, load_bundled, load_checkpoint
from engine.text.clip import Clip, load_clip
from engine.training.allocator import freed_memory_kept
from engine.training.batch import TrainingData
from engine.training.data.sources import open_training_data
from engine.training.distributed import Process, join
from engine.training.initialise_mae import initialise_from_mae
from engine.training.interrupt import stop_on_signals
from engine.training.loop import fresh_model, train
from engine.training.overrides import build_recipe
from engine.training.recipe import Recipe
from engine.training.run_folder import alone_in
from engine.training.state import STATE
from engine.training.texts import WithTexts

RUN_FILE = "run.json"


@dataclass(frozen=True)
class RunRequest:
    """What to train, on what, where to. See `maskloop train --help` for each.

    `data` and `replay` are paths or the word `scenes`; `overrides` are `name=value`; `start` is a checkpoint or a
    bundled model's name, `mae` a masked autoencoder for the encoder alone, `clip` a folder with a CLIP model.
    """

    recipe: str
    data: tuple[str, ...]
    out: Path
    overrides: tuple[str, ...] = ()
    start: str | None = None
    mae: Path | None = None
    replay: tuple[str, ...] = ()
    clip: Path | None = None
    device: str | None = None
    workers: int | None = None
    seed: int = 0
    compile_model: bool = False
    save_every: float = 600.0
    log_every: int = 50


def run(request: RunRequest, should_stop: Callable[[], bool] = lambda: False) -> Sam:
    """Train as asked, or go on with what `out` holds; torchrun's processes each call this.

    A first SIGINT or SIGTERM, or `should_stop` after a step, saves the state and ends the run (TrainingStopped).
    Raises InvalidInput, InvalidSetting or InvalidCheckpoint before any data are read where the parts do not fit
    together; `engine.training.loop.train` says what else.
    """
    recipe = check(request)
    with join(request.device) as (process, device), stop_on_signals() as signalled:
        torch.set_float32_matmul_precision("high")
        start = None if request.start is None else _start(request.start, recipe)
        config = recipe.model_config(architecture(recipe.arch or "")) if start is None else start.config
        recipe.check(config, process.world)
        clip = None if request.clip is None else load_clip(request.clip, device)
        data = _open_data(request, recipe, config.image_size, clip, process, device)
        model = first_model(request, recipe, start, clip)
        try:
            with alone_in(request.out, process), freed_memory_kept():
                return train(
                    recipe,
                    data,
                    request.out,
                    model=model,
                    device=device,
                    process=process,
                    name=request.recipe,
                    seed=request.seed,
                    compile_model=request.compile_model,
                    save_every=request.save_every,
                    log_every=request.log_every,
                    on_start=partial(_describe, request, recipe) if process.leads else None,
                    should_stop=lambda: signalled() or should_stop(),
                )
        finally:
            data.close()


def check(request: RunRequest) -> Recipe:
    """The recipe of a request, after everything was checked that can be without opening any data or weights.

    Raises InvalidInput or InvalidSetting.
    """
    recipe = build_recipe(request.recipe, request.overrides)
    if not request.data:
        raise InvalidInput("Say what to train on with --data: a path, or the word scenes.")
    if request.start is None and recipe.needs_start:
        raise InvalidSetting(f"{request.recipe} goes on from a model: name its checkpoint with --start.")
    if request.start is None and recipe.arch is None:
        raise InvalidSetting(f"{request.recipe} has no arch: set one (--set arch=vit_b), or give --start.")
    if request.clip is None and recipe.needs_clip:
        raise InvalidSetting(f"{request.recipe} makes texts of masks: name a folder with a CLIP model with --clip.")
    if request.start is not None and request.mae is not None:
        raise InvalidSetting("--start brings a whole model and --mae the encoder of a new one: give one of them.")
    for option, path in (("--start", request.start), ("--mae", request.mae), ("--clip", request.clip)):
        if path is not None and not Path(path).exists() and not (option == "--start" and not Path(path).suffix):
            raise InvalidInput(f"There is no {path} to read for {option}.")
    if request.replay and not recipe.replay:
        raise InvalidSetting(f"{request.recipe} replays nothing: give --replay a share with --set replay=0.25.")
    if request.out.exists() and not request.out.is_dir():
        raise InvalidInput(f"{request.out} is a file; --out is a folder.")
    if request.log_every < 1 or request.save_every < 0:
        raise InvalidSetting("--log-every is at least 1 step, --save-every at least 0 seconds.")
    if request.start is None and recipe.arch is not None:
        recipe.check(recipe.model_config(architecture(recipe.arch)), world=int(os.environ.get("WORLD_SIZE", "1")))
    return recipe


def first_model(request: RunRequest, recipe: Recipe, start: Sam | None, clip: Clip | None) -> Sam:
    """The model before the first step: `start`, or one from scratch whose encoder may come from an autoencoder."""
    model = fresh_model(architecture(recipe.arch or ""), recipe, request.seed) if start is None else start
    if request.mae is not None:
        initialise_from_mae(model, request.mae)
    return model if clip is None or model.config.text_dim == clip.dim else _taking_text(model, clip.dim, request.seed)


def _start(start: str, recipe: Recipe) -> Sam:
    if not Path(start).suffix and not Path(start).exists():
        return load_bundled(start)
    return load_checkpoint(start, recipe.arch)


def _taking_text(model: Sam, dim: int, seed: int) -> Sam:
    """The same model with a projection for text embeddings, freshly initialised."""
    if model.config.text_dim is not None:
        raise InvalidSetting(f"The model takes texts of {model.config.text_dim} values, this CLIP has {dim}.")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        extended = build_sam(replace(model.config, text_dim=dim))
    extended.load_state_dict(model.state_dict(), strict=False)
    return extended


def _open_data(
    request: RunRequest, recipe: Recipe, side: int, clip: Clip | None, process: Process, device: torch.device
) -> TrainingData:
    cores = (os.cpu_count() or 2) // int(os.environ.get("LOCAL_WORLD_SIZE", str(process.world)))
    data = open_training_data(
        request.data,
        recipe.data,
        side=side,
        device=device,
        seed=request.seed,
        workers=max(1, cores - 1) if request.workers is None else request.workers,
        replay=request.replay,
        replay_share=recipe.replay if request.replay else 0.0,
    )
    return data if clip is None else WithTexts(data, clip, recipe.text, request.seed)


def _describe(request: RunRequest, recipe: Recipe) -> None:
    """Write down what this run is; a run that goes on keeps the earlier descriptions."""
    request.out.mkdir(parents=True, exist_ok=True)
    path = request.out / RUN_FILE
    earlier = json.loads(path.read_text()) if path.is_file() and (request.out / STATE).is_file() else []
    asked = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(request).items()}
    entry = {"request": asked, "recipe": asdict(recipe), "torch": torch.__version__}
    if not earlier or earlier[-1] != json.loads(json.dumps(entry)):
        earlier.append(entry)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(earlier, indent=1) + "\n")
    partial.replace(path)
