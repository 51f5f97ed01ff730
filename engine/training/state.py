"""What a run keeps on disk: a state to resume from exactly, and the model that it would ship now."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engine.errors import InvalidCheckpoint, InvalidSetting
from engine.sam import Sam, save_checkpoint
from engine.training.optimizer import Optimizers, make_optimizer
from engine.training.recipe import Recipe

STATE, MODEL = "state.pt", "model.safetensors"


def steps_taken(folder: Path) -> int:
    """How many steps the run in a folder has saved; 0 where there is none."""
    path = folder / STATE
    if not path.is_file():
        return 0
    return int(torch.load(path, map_location="cpu", weights_only=True, mmap=True)["step"])


@dataclass
class TrainingState:
    """Everything that one step changes. The random numbers of a step follow from the seed and the step alone.

    Attributes:
        model: being trained.
        average: of its weights, where the recipe wants one.
        optimizer: with its moments.
        seed: of the run.
        step: the next one.
    """

    model: Sam
    average: AveragedModel | None
    optimizer: Optimizers
    seed: int
    step: int = 0

    @classmethod
    def fresh(cls, model: Sam, recipe: Recipe, seed: int) -> "TrainingState":
        """Before the first step."""
        average = None
        if recipe.average_decay:
            average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.average_decay), use_buffers=True)
        return cls(model, average, make_optimizer(model, recipe.optimizer), seed)

    @property
    def shipped(self) -> Sam:
        """The model to use: the average where there is one."""
        if self.average is None:
            return self.model
        module = self.average.module
        assert isinstance(module, Sam)
        return module

    def update_average(self, *, warming_up: bool) -> None:
        """Take the latest weights into the average."""
        if self.average is None:
            return
        if warming_up:
            # A long average of random weights only delays: start it short.
            self.average.module.load_state_dict(self.model.state_dict())
        else:
            self.average.update_parameters(self.model)

    def save(self, folder: Path) -> None:
        """Write `state.pt` and `model.safetensors` with its JSON; whole files only, whenever the process is killed."""
        content = {
            "step": self.step,
            "seed": self.seed,
            "model": self.model.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        partial = folder / "state.partial"
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / STATE)
        save_checkpoint(self.shipped, folder / MODEL)

    def resume(self, folder: Path) -> bool:
        """Take up what `save` wrote there, if anything; says whether.

        Raises InvalidSetting for a run with another seed, InvalidCheckpoint for one of another model or optimizer.
        """
        path = folder / STATE
        if not path.is_file():
            return False
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["seed"] != self.seed:
            raise InvalidSetting(
                f"{folder} holds a run with seed {content['seed']}, not {self.seed}: take that or another folder."
            )
        if (content["average"] is None) != (self.average is None):
            raise InvalidSetting(f"{folder} holds a run with{'' if self.average is None else 'out'} an average.")
        try:
            self.model.load_state_dict(content["model"])
            if self.average is not None:
                self.average.load_state_dict(content["average"])
            self.optimizer.load_state_dict(content["optimizer"])
        except (RuntimeError, ValueError) as error:
            raise InvalidCheckpoint(
                f"{folder} holds a run of another model or with other groups of parameters; choose another folder."
            ) from error
        self.step = int(content["step"])
        return True
