"""Whether a recipe can be what an order says, found out before anything starts.

The web process never loads torch, and recipes do: so they are asked in a process of their own, which takes seconds.
Call it outside of a unit of work.
"""

import subprocess
import sys

from engine.detector.recipe import read_recipe
from engine.errors import Conflict, InvalidSetting
from engine.flow.retrain import base_model
from engine.flow.retrain_order import DETECTOR, FINETUNE, RetrainOrder, as_settings, default_recipe, with_defaults
from engine.store.tables import RetrainKind
from engine.store.unit_of_work import unit_of_work

_PATIENCE = 240
"""Seconds: a busy machine may need a while to load torch."""


def check_recipe(order: RetrainOrder) -> None:
    """Raises InvalidSetting, with the recipe's own sentence, for a name or value that it does not take.

    Also NotFound for an unknown base model, InvalidInput without one. Whether the recipe fits the data is seen when the
    run starts. Raises Conflict when the machine is too busy to tell.
    """
    recipe = order.recipe or default_recipe(order.kind)
    if order.kind is RetrainKind.DETECTOR:
        if recipe != DETECTOR:
            raise InvalidSetting(f"Detectors have one recipe, {DETECTOR}, not {recipe}.")
        read_recipe(order.overrides)
        return
    with unit_of_work(read_only=True) as uow:
        arch = base_model(uow, order).arch
    if recipe == FINETUNE and not order.overrides:
        return
    settings = as_settings(with_defaults(recipe, arch, order.overrides))
    command = [sys.executable, "-m", "engine.training", recipe, "--print-recipe"]
    command += [part for setting in settings for part in ("--set", setting)]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise Conflict("The recipe could not be checked: this machine is too busy. Try again later.") from error
    if asked.returncode:
        said = asked.stderr.strip().splitlines()
        raise InvalidSetting(said[-1].removeprefix("maskloop: ") if said else f"{recipe} cannot be set so.")
