"""One run of pre-training from what a person asks for: checked whole, then read, then trained."""

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidInput, InvalidSetting
from engine.training.distributed import join
from engine.training.interrupt import stop_on_signals
from engine.training.mae.loop import pretrain
from engine.training.mae.pictures import Pictures, open_pictures
from engine.training.mae.recipe import MaeRecipe, mae
from engine.training.overrides import override
from engine.training.run_folder import alone_in


@dataclass(frozen=True)
class PretrainRequest:
    """What to pre-train, on what, where to. See `maskloop train --help` for each.

    `data` are folders of images, or what training reads; `overrides` are `name=value`.
    """

    data: tuple[str, ...]
    out: Path
    overrides: tuple[str, ...] = ()
    device: str | None = None
    workers: int | None = None
    seed: int = 0
    save_every: float = 600.0
    log_every: int = 50


def run(request: PretrainRequest) -> Path:
    """Pre-train as asked, or go on with what `out` holds; returns the file to start training from.

    Raises InvalidInput, InvalidSetting or InvalidCheckpoint before any picture is read where the parts do not fit
    together; `engine.training.mae.loop.pretrain` says what else.
    """
    recipe = check(request)
    with join(request.device) as (process, device), stop_on_signals() as should_stop:
        recipe.check(process.world)
        cores = (os.cpu_count() or 2) // int(os.environ.get("LOCAL_WORLD_SIZE", str(process.world)))
        pictures = Pictures(
            [open_pictures(path) for path in request.data],
            side=recipe.side,
            smallest_crop=recipe.smallest_crop,
            seed=request.seed,
            workers=max(1, cores - 1) if request.workers is None else request.workers,
        )
        with alone_in(request.out, process):
            return pretrain(
                recipe,
                pictures,
                request.out,
                device=device,
                process=process,
                seed=request.seed,
                save_every=request.save_every,
                log_every=request.log_every,
                should_stop=should_stop,
            )


def check(request: PretrainRequest) -> MaeRecipe:
    """The recipe of a request, after everything was checked that can be without reading any picture.

    Raises InvalidInput or InvalidSetting.
    """
    recipe = override(mae, request.overrides)
    if not request.data:
        raise InvalidInput("Say which pictures to pre-train on with --data: a folder of images.")
    if request.out.exists() and not request.out.is_dir():
        raise InvalidInput(f"{request.out} is a file; --out is a folder.")
    if request.log_every < 1 or request.save_every < 0:
        raise InvalidSetting("--log-every is at least 1 step, --save-every at least 0 seconds.")
    return recipe
