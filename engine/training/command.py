"""The one door to training: `maskloop train` and, for torchrun, `python -m engine.training`."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

INTERRUPTED = 130


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="vit_h, vit_l, vit_b, stage_one_two, automatic, text, finetune, vit_t or vit_t_gpu; mae pre-trains "
            "an encoder",
        ),
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="What to train on, any number of times: an SA-1B folder, a .tar shard or a folder of them, a COCO "
            "instances.json (or instances.json:IMAGES), a snapshot folder, or the word scenes",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for model, state and log; a run in it goes on"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of the recipe, any number of times"),
    ] = None,
    start: Annotated[
        str | None,
        # torchrun takes --start for a short form of an option of its own.
        typer.Option(
            "--start", "--start-from", metavar="CHECKPOINT", help="Weights to start from, or a bundled model's name"
        ),
    ] = None,
    mae: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Masked autoencoder to start the image encoder from")
    ] = None,
    replay: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Earlier data to mix in, as --data; the recipe's `replay` is their share"),
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with a CLIP model, to train text prompts as well")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N [a GPU if there is one]")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Loading processes [one less than there are cores]", min=0)
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of every random choice", min=0)] = 0,
    compile_model: Annotated[
        bool, typer.Option("--compile", help="Compile the model: worth it for runs of more than minutes")
    ] = False,
    save_every: Annotated[float, typer.Option(metavar="S", help="Seconds between saved states")] = 600.0,
    log_every: Annotated[int, typer.Option(metavar="N", help="Steps between log entries")] = 50,
    print_recipe: Annotated[
        bool, typer.Option("--print-recipe", help="Print every value of the recipe, as --set takes it, and stop")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check that everything fits together, print the recipe, and stop")
    ] = False,
) -> None:
    """Train a model by a recipe of the paper, or retrain one on newly collected masks.

    The same command goes on with an interrupted run, exactly where its state was saved. On several GPUs or machines:
    torchrun --nproc-per-node 8 -m engine.training RECIPE … with the same arguments.

    Example: maskloop train finetune --start vit_t --data snapshot --out run --set steps=500
    """
    from engine.errors import InvalidInput, InvalidSetting
    from engine.training.mae.recipe import mae as pretraining_recipe
    from engine.training.overrides import build_recipe, describe, override, parameters
    from engine.training.recipes import PRETRAINING

    overrides = tuple(set_ or ())
    pretrains = recipe == PRETRAINING
    if print_recipe:
        shown = override(pretraining_recipe, overrides) if pretrains else build_recipe(recipe, overrides)
        typer.echo("\n".join(describe(shown)))
        if not pretrains and (several := parameters(recipe)):
            typer.echo(f"Also to be set, each for several of these values: {', '.join(several)}.", err=True)
        return
    if out is None:
        raise InvalidInput("Say where the model goes with --out.")

    from engine.training.loop import TrainingStopped
    from engine.training.mae import run as pretraining
    from engine.training.run import RunRequest, check, run

    if pretrains:
        not_used = {"--start": start, "--mae": mae, "--replay": replay, "--clip": clip, "--compile": compile_model}
        if given := [name for name, value in not_used.items() if value]:
            raise InvalidSetting(f"mae pre-trains an encoder from scratch and has no use for {', '.join(given)}.")
        pretrain_request = pretraining.PretrainRequest(
            data=tuple(data or ()),
            out=out,
            overrides=overrides,
            device=device,
            workers=workers,
            seed=seed,
            save_every=save_every,
            log_every=log_every,
        )
        checked, start_run = partial(pretraining.check, pretrain_request), partial(pretraining.run, pretrain_request)
    else:
        request = RunRequest(
            recipe=recipe,
            data=tuple(data or ()),
            out=out,
            overrides=overrides,
            start=start,
            mae=mae,
            replay=tuple(replay or ()),
            clip=clip,
            device=device,
            workers=workers,
            seed=seed,
            compile_model=compile_model,
            save_every=save_every,
            log_every=log_every,
        )
        checked, start_run = partial(check, request), partial(run, request)
    if dry_run:
        typer.echo("\n".join(describe(checked())))
        return
    try:
        start_run()
    except TrainingStopped as stopped:
        typer.echo(f"{stopped} The same command goes on from there.", err=True)
        raise typer.Exit(INTERRUPTED) from stopped
    if os.environ.get("RANK", "0") == "0":
        typer.echo(f"Done: the model is in {out}. A finished run goes on only with more steps.", err=True)
