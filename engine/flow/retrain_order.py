"""What a retraining run can be asked for: on which masks, from which model, by which recipe."""

import json
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from engine.errors import InvalidInput
from engine.flow.snapshot_order import Name, SnapshotFilters, first_problem
from engine.store.tables import RetrainKind

DETECTOR = "detector"
"""What the one recipe of detectors is called."""

FINETUNE = "finetune"
"""The recipe of promptable models, unless another one is named."""

MODEST: dict[str, Any] = {
    "steps": 400,
    "phases.0.images": 4,
    "phases.0.masks": 8,
    "phases.0.window": 512,
    "phases.0.simulation.error_points": 1,
    "phases.0.simulation.rounds_without_point": 0,
    "phases.0.simulation.box_probability": 0.25,
    "phases.0.simulation.central_points": 0.6,
    "phases.0.simulation.single_mask_for_points": True,
    "phases.0.simulation.single_mask_for_boxes": True,
    # The losses that the bundled model was trained by (`engine.training.recipes.vit_t`): under the paper's, a short run
    # first of all shrinks every mask that the model is not sure of.
    "phases.0.simulation.weights.focal": 2.0,
    "phases.0.simulation.weights.iou": 3.0,
    "phases.0.simulation.weights.others": 0.05,
    "schedule.learning_rate": 1e-4,
    "data.in_memory": True,
    "data.scenes_held": 48,
    "data.augmentation.smallest_crop": 0.6,
    "data.augmentation.flip": 0.5,
    "data.augmentation.colour": 0.3,
}
"""What `finetune` is set to for a small model, so that it ends within the hour on a laptop's CPU."""

MODEST_ARCHS = ("vit_t",)

Key = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.]+$")]
Text = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Override = bool | int | Number | Text | list[Text | int | Number] | None


class RetrainOrder(BaseModel):
    """A retraining run as somebody asked for it; a schedule keeps it until the time comes.

    Either an existing snapshot, or projects whose masks are frozen when the run starts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    kind: RetrainKind = RetrainKind.PROMPTABLE
    project_ids: list[UUID] = Field(default=[], max_length=1000)
    snapshot_id: UUID | None = Field(default=None, description="Train on this snapshot instead of freezing one now")
    filters: SnapshotFilters = Field(default=SnapshotFilters(), description="Which masks are frozen")
    validation_share: float = Field(default=0.2, gt=0, le=0.9, description="Of images that are not on a side yet")
    name: Name | None = Field(default=None, description="The candidate is called NAME v1, v2 …; after its projects")
    base_model_id: UUID | None = Field(default=None, description="The live model when the run starts, if none is named")
    recipe: Key | None = Field(default=None, description="finetune, or detector for detectors, if none is named")
    overrides: dict[Key, Override] = Field(
        default={}, max_length=100, description="Values of the recipe to replace, such as schedule.learning_rate"
    )
    replay_snapshot_ids: list[UUID] = Field(
        default=[], max_length=50, description="Earlier snapshots to train on as well, so that old skills stay"
    )
    replay_scenes: bool | None = Field(
        default=None, description="Train on generated scenes as well; if unset, unless earlier snapshots are replayed"
    )
    new_masks_only: bool = Field(
        default=False, description="Train on masks that the run before did not have, as the paper's first stage does"
    )
    minimum_new_masks: int = Field(
        default=0, ge=0, le=10**9, description="Do not start with fewer masks that the run before did not have"
    )
    allow_parallel: bool = Field(default=False, description="Start although another run for the project is under way")


def read_retrain_order(values: dict[str, Any]) -> RetrainOrder:
    """An order from plain values. Raises InvalidInput naming the first that cannot be."""
    try:
        return RetrainOrder.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(f"This retraining cannot be: {first_problem(error)}.") from error


def default_recipe(kind: RetrainKind) -> str:
    """The recipe of a run whose order names none."""
    return DETECTOR if kind is RetrainKind.DETECTOR else FINETUNE


def with_defaults(recipe: str, arch: str, overrides: dict[str, Any]) -> dict[str, Any]:
    """The overrides of a run: those asked for, and for a small model those that make the recipe modest."""
    modest = MODEST if recipe == FINETUNE and arch in MODEST_ARCHS else {}
    return {**modest, **overrides}


def as_settings(overrides: dict[str, Any]) -> tuple[str, ...]:
    """`name=value`, as `--set` takes it."""
    return tuple(f"{name}={_written(value)}" for name, value in overrides.items())


def parse_settings(settings: list[str]) -> dict[str, Override]:
    """Overrides from `name=value`. Raises InvalidInput for what has another form."""
    found: dict[str, Override] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"--set takes name=value, such as schedule.learning_rate=1e-4, not {setting!r}.")
        try:
            found[name.strip()] = json.loads(text)
        except json.JSONDecodeError:
            found[name.strip()] = text.strip()
    return found


def _written(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
