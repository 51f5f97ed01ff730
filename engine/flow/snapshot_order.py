"""What a snapshot can be asked for: whose masks, and which of them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from engine.errors import InvalidInput
from engine.store.tables import Stage

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Score = Annotated[float, Field(ge=0, le=1)]


class SnapshotFilters(BaseModel):
    """Which masks are frozen: those that pass everything that is asked. Masks that wait for review never are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: list[Stage] | None = Field(default=None, min_length=1, description="Only masks of these stages")
    labels: list[LabelName] | None = Field(
        default=None, min_length=1, max_length=1000, description="Only masks labelled so"
    )
    minimum_predicted_iou: Score | None = Field(
        default=None, description="Lowest estimate of the model; masks a person drew without it pass"
    )
    minimum_stability_score: Score | None = Field(
        default=None, description="Lowest stability; masks a person drew without it pass"
    )
    minimum_area: int = Field(default=0, ge=0, le=10**9, description="Smallest mask, in pixels")
    reviewed_only: bool = Field(default=False, description="Leave out what a batch made and nobody has accepted")


class SnapshotOrder(BaseModel):
    """A snapshot as somebody asked for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_ids: list[UUID] = Field(min_length=1, max_length=1000)
    name: Name | None = Field(default=None, description="After its projects, if none is given")
    filters: SnapshotFilters = SnapshotFilters()
    validation_share: float = Field(
        default=0.2, ge=0, le=0.9, description="Share of images kept for measuring, of those not yet on a side"
    )


def read_snapshot_order(values: dict[str, Any]) -> SnapshotOrder:
    """An order from plain values. Raises InvalidInput naming the first that cannot be."""
    try:
        return SnapshotOrder.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(f"This snapshot cannot be: {first_problem(error)}.") from error


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong with what was asked, as the end of a sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {place}"
    return f"{place} cannot be {first['input']!r} ({first['msg'][:1].lower()}{first['msg'][1:]})"
