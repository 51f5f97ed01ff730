"""`python -m engine.training.average FIRST SECOND --out FILE`: the mean of the weights of two checkpoints.

For a checkpoint and what a short run made of it: the mean is often better than both. Source: Wortsman et al., "Robust
fine-tuning of zero-shot models" (2022).
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InvalidInput
from engine.sam import Sam, save_checkpoint
from engine.training.entry import run_as_module
from engine.training.model_files import check_output, read_model


def average(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A bundled model's name, or a .safetensors checkpoint")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The same; the input size of the result is its own")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The mean, .safetensors")],
    share: Annotated[float, typer.Option(metavar="X", min=0, max=1, help="How much of it is SECOND")] = 0.5,
) -> None:
    """Write the mean of the weights of two checkpoints of one architecture, such as a start and what came of it.

    Example: python -m engine.training.average vit_t runs/t/model.safetensors --out mean.safetensors
    """
    check_output(out)
    save_checkpoint(mean_of(read_model(first), read_model(second), share), out)
    typer.echo(f"{out}: {1 - share:.0%} of {first} and {share:.0%} of {second}.")


def mean_of(first: Sam, second: Sam, share: float) -> Sam:
    """`second` with weights (1 − share)·first + share·second, changed in place.

    Raises InvalidInput for models of different architectures; the input sizes may differ.
    """
    if replace(first.config, image_size=second.config.image_size) != second.config:
        raise InvalidInput("These two have different architectures; only weights of the same one have a mean.")
    weights = second.state_dict()
    for name, value in first.state_dict().items():
        weights[name].lerp_(value, 1 - share)
    return second


if __name__ == "__main__":
    run_as_module(average, "engine.training.average")
