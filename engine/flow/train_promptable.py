"""snapshot → candidate: a promptable model trained on from its base."""

from collections.abc import Callable
from dataclasses import replace

import torch

from engine.flow.register_candidate import how_it_was_trained
from engine.flow.register_model import prepare_model
from engine.flow.retrain_heart import RunHeart
from engine.flow.retrain_order import as_settings
from engine.flow.retrain_task import RetrainTask
from engine.flow.train_processes import run_in_processes
from engine.settings import get_settings
from engine.store.tables import Model, ModelState
from engine.training.data.scene_dataset import SCENES
from engine.training.run import RunRequest, check, run
from engine.training.state import MODEL

POINTS = 200
"""Of the curve, about."""


def train_promptable(task: RetrainTask, heart: RunHeart) -> Callable[[], Model]:
    """Train as the run says, going on from the last state of an earlier attempt, and store the weights.

    Returns what builds the candidate's row. Raises TrainingStopped when the heart or a signal ended it, and what
    `engine.training.run.run` raises.
    """
    request = training_request(task, heart)
    recipe = check(request)
    heart.announce(recipe.steps)
    if get_settings().torch_threads:
        torch.set_num_threads(get_settings().torch_threads)
    processes = get_settings().train_processes
    if processes > 1:
        run_in_processes(request, processes, heart.wants_end)
    else:
        run(request, should_stop=heart.wants_end)
    prepared = prepare_model(task.training / MODEL, task.base.arch)
    metrics = {"training": how_it_was_trained(task, recipe.steps)}
    return lambda: Model(state=ModelState.CANDIDATE, **{**vars(prepared), "metrics": metrics})


def training_request(task: RetrainTask, heart: RunHeart) -> RunRequest:
    """The run as `maskloop train` would be asked for it; its data sets are written first."""
    scenes = [SCENES] if task.run.replay_scenes else []
    request = RunRequest(
        recipe=task.run.recipe,
        data=(str(task.data(heart)),),
        out=task.training,
        overrides=as_settings(task.run.overrides),
        start=str(task.base_weights()),
        replay=(*map(str, task.replayed(heart)), *scenes),
        # On a CPU the model takes so long that loading beside it gains nothing.
        workers=None if torch.cuda.is_available() else 0,
        seed=task.run.number,
        save_every=get_settings().train_save_every,
    )
    return replace(request, log_every=max(1, check(request).steps // POINTS))
