"""What travels about the queue, the labels and a person's own figures."""

import uuid
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas import Assignment, Schema, Text

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class NextRequest(Schema):
    after: uuid.UUID | None = Field(default=None, description="The image that is left; the next one lies behind it")
    keep: list[uuid.UUID] = Field(
        default_factory=list,
        max_length=50,
        description="Images that the same person has open on other pages: they stay theirs and do not come up",
    )


class Turn(Schema):
    image_id: uuid.UUID | None = Field(description="The image to work on; null when no other is to be had")
    ahead: list[uuid.UUID] = Field(max_length=2, description="Reserved for the same person, to be fetched ahead")
    left: int = Field(description="Images of the project that are neither finished nor skipped")
    elsewhere: int = Field(description="Those of them that somebody else has open")


class Holding(Schema):
    assignment: Assignment
    ahead: list[uuid.UUID] = Field(max_length=2, description="Reserved for the same person, to be fetched ahead")


class Skip(Schema):
    reason: Text = Field(description="Why the image is not annotated")


class Label(Schema):
    name: Text
    colour: Colour = Field(description="#rrggbb, in lower case")


class OwnFigures(Schema):
    masks: int
    images: int = Field(description="Images these masks are on")
    seconds: float | None = Field(description="Median active seconds per mask; null without masks")
    clicks: float | None = Field(description="Mean points and boxes per mask; null without masks")
