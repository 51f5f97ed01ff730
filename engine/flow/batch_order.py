"""What a batch can be told: which images, what to do with them, with which settings and model."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from engine.automatic.thresholds import Thresholds
from engine.errors import InvalidInput
from engine.flow.batch_settings import SETTINGS
from engine.store.tables import JobKind

URGENCIES = {"low": -10, "normal": 0, "high": 10}
"""Words for priorities; what somebody waits for at the screen comes before all of them."""

Urgency = Literal["low", "normal", "high"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Selection(BaseModel):
    """Which of a project's images a batch works on: those that pass everything that is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    annotated: bool | None = Field(default=None, description="Only images that have masks, or only those without")
    not_done: bool = Field(default=False, description="Leave out what this kind of batch did with this model before")
    name_contains: str | None = Field(default=None, max_length=200, description="Only images named so")
    tag: str | None = Field(default=None, max_length=200, description="Only images with this tag")
    images_of: UUID | None = Field(default=None, description="The images of this earlier batch")
    limit: int | None = Field(default=None, ge=1, le=10_000_000, description="The first so many, in order of import")


class BatchOrder(BaseModel):
    """A batch as somebody asked for it; a schedule keeps it until the time comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    kind: JobKind
    name: Name | None = None
    selection: Selection = Selection()
    settings: dict[str, Any] = Field(default={}, description="What the kind can set; the rest takes its default")
    model_id: UUID | None = Field(default=None, description="The live model when the batch starts, if none is named")
    priority: Urgency = "normal"
    concurrency: int | None = Field(default=None, ge=1, le=1000, description="Images worked on at the same time")
    review: bool | None = Field(default=None, description="Whether masks wait for review; as the project says if unset")

    def checked_settings(self, own: Thresholds | None = None) -> dict[str, Any]:
        """The settings with every default written out, the model's `own` thresholds among them.

        Raises InvalidInput, InvalidSetting.
        """
        if self.kind not in SETTINGS:
            raise InvalidInput(f"Batches of kind {self.kind} are not possible in this version.")
        return SETTINGS[self.kind](self.settings, own)


def read_order(values: dict[str, Any]) -> BatchOrder:
    """An order from plain values. Raises InvalidInput naming the first that cannot be."""
    try:
        return BatchOrder.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(f"This batch cannot be: {_first_problem(error)}.") from error


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {place}"
    return f"{place} cannot be {first['input']!r} ({first['msg'][:1].lower()}{first['msg'][1:]})"
