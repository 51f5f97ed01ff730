"""What travels over `/api/v1`: shapes, units and bounds. Business rules live in `engine.flow`.

Boxes and points are in the image frame (pixels of the image after EXIF rotation, x right, y down). A mask's `size` is
[height, width], as in COCO. Times are UTC. Unknown fields are refused, so that a misspelt one is never lost silently.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_INT = 2**31 - 1
MAX_POINTS = 1024

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Score = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]
Milliseconds = Annotated[int, Field(ge=0, le=MAX_INT)]
Side = Annotated[int, Field(ge=1, le=MAX_INT)]

Stage = Literal["manual", "semi_automatic", "automatic"]
Role = Literal["owner", "manager", "annotator"]
EmbeddingStatus = Literal["none", "queued", "running", "done", "failed"]
ImageOrder = Literal["imported", "name", "shuffled"]
AssignmentState = Literal["waiting", "working", "finished", "skipped"]
ModelState = Literal["candidate", "live", "retired"]


class Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, protected_namespaces=())


class Health(Schema):
    status: Literal["ok"]
    version: str


class SignIn(Schema):
    token: str = Field(min_length=1, max_length=512, description="The one-time token of a sign-in link")


class Me(Schema):
    id: uuid.UUID
    name: str
    role: Role


class ProjectName(Schema):
    name: Text


class ProjectChange(Schema):
    """What is left out stays as it is."""

    name: Text | None = None
    image_order: ImageOrder | None = Field(default=None, description="The order in which images come up")


class ProjectSummary(Schema):
    id: uuid.UUID
    name: str
    created_at: datetime
    image_order: ImageOrder
    image_count: int
    annotated_image_count: int = Field(description="Images with at least one mask")
    mask_count: int = Field(description="Without those that wait for review")
    waiting_count: int = Field(description="Masks that wait for review")
    embedded_count: int = Field(description="Images whose embedding by the live model is stored")
    finished_image_count: int = Field(description="Images with nothing left worth labelling")
    skipped_image_count: int
    cover_image_ids: list[uuid.UUID] = Field(max_length=4, description="Images to show for the project")


class EmbeddingState(Schema):
    state: EmbeddingStatus
    position: int | None = Field(description="Images in front of this one, when queued")
    error: str | None = Field(description="Why it failed, in a sentence")


class Assignment(Schema):
    """Who has an image, or how it ended."""

    state: AssignmentState
    user_id: uuid.UUID | None = Field(description="Who works on it, or finished or skipped it; null while it waits")
    user_name: str | None
    reason: str | None = Field(description="Why it was skipped")


class Image(Schema):
    id: uuid.UUID
    project_id: uuid.UUID
    file_name: str
    width: int = Field(description="Pixels, after EXIF rotation")
    height: int = Field(description="Pixels, after EXIF rotation")
    created_at: datetime
    mask_count: int = Field(description="Without those that wait for review")
    waiting_count: int = Field(description="Masks that wait for review")
    masks_revision: str = Field(description="Changes whenever a mask of the image changes")
    embedding: EmbeddingState = Field(description="The embedding by the live model")
    display_url: str
    thumbnail_url: str
    overlay_url: str | None = Field(description="Masks drawn over a transparent thumbnail; null without masks")
    index: int = Field(description="Place in the project, from 0")
    assignment: Assignment
    tags: list[str] = Field(description="In alphabetical order")


class ImportedImage(Image):
    duplicate: bool = Field(description="True when the project already had this file; then it is the stored image")


class ImageDetail(Image):
    previous_id: uuid.UUID | None
    next_id: uuid.UUID | None


class ImagePage(Schema):
    items: list[Image]
    total: int


class Segmentation(Schema):
    """COCO compressed run-length encoding."""

    size: tuple[Side, Side] = Field(description="[height, width] of the image")
    counts: str


class Point(Schema):
    x: Coordinate
    y: Coordinate
    label: Literal[0, 1] = Field(description="1 foreground, 0 background")


class Prompts(Schema):
    """The points and the box a mask was made from, in the image frame."""

    points: list[Point] = Field(max_length=MAX_POINTS)
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = Field(
        default=None, description="[x0, y0, x1, y1]"
    )
    strokes: int = Field(default=0, ge=0, le=MAX_INT, description="Strokes of the brush and the eraser, and polygons")


class MaskBody(Schema):
    segmentation: Segmentation
    stage: Stage
    label: Text | None = None
    predicted_iou: Score | None = None
    stability_score: Score | None = None
    crop_box: tuple[Length, Length, Length, Length] | None = Field(default=None, description="[x, y, width, height]")
    prompts: Prompts
    candidate_index: int | None = Field(default=None, ge=0, le=3, description="Which candidate was taken, from 0")
    candidates_iou: list[Score] | None = Field(default=None, max_length=4)
    model_id: uuid.UUID | None = None
    active_ms: Milliseconds = Field(description="Milliseconds spent making the mask")
    idle_ms: Milliseconds = Field(description="Milliseconds of pause within that time")
    review: Literal["waiting", "accepted"] | None = Field(
        default=None,
        description=(
            "For a mask that a batch put up for review: whether it waits, or is annotation now. If unset, a changed "
            "mask is accepted. Has no effect on any other mask"
        ),
    )


class Mask(Schema):
    id: uuid.UUID
    image_id: uuid.UUID
    version: int
    segmentation: Segmentation
    bbox: tuple[float, float, float, float] = Field(description="[x, y, width, height]")
    area: int = Field(description="Pixels")
    stage: Stage
    label: str | None
    predicted_iou: float | None
    stability_score: float | None
    crop_box: tuple[float, float, float, float] | None
    prompts: Prompts
    candidate_index: int | None
    candidates_iou: list[float] | None
    model_id: uuid.UUID | None
    author_id: uuid.UUID
    author_name: str
    active_ms: int
    idle_ms: int
    review: Literal["waiting", "accepted", "rejected"] | None = Field(
        description="Null: it was never up for review. A mask that waits is in no export"
    )
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class MaskVersion(Schema):
    """One earlier or present state of a mask."""

    version: int
    author_id: uuid.UUID
    created_at: datetime
    content: dict[str, Any] = Field(description="The fields of a mask body, as they were")


class Model(Schema):
    id: uuid.UUID
    name: str
    arch: str
    state: ModelState
    image_size: int = Field(description="Side of the square model input, in pixels; 0 for a detector that takes any")
    metrics: dict[str, Any] | None
    created_at: datetime
    weights_sha256: str
    prepare_url: str | None = Field(description="ONNX graph run once per image; null until exported")
    decode_url: str | None = Field(description="ONNX graph run once per prompt; null until exported")


class DecodeRequest(Schema):
    model_id: uuid.UUID
    points: list[Point] = Field(default=[], max_length=MAX_POINTS)
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = Field(
        default=None, description="[x0, y0, x1, y1]"
    )
    mask_input: str | None = Field(
        default=None,
        max_length=200_000,
        description="Logits of an earlier mask: base64 of float16 little-endian [S, S], S = image_size / 4",
    )


class Decoded(Schema):
    low_res_logits: str = Field(
        description="base64 of float16 little-endian [4, S, S], S = image_size / 4; 0 is the single mask"
    )
    predicted_iou: list[float] = Field(min_length=4, max_length=4)
    model_id: uuid.UUID


class EmbeddingCounts(Schema):
    queued: int
    running: int
    done: int
    failed: int


class Failure(Schema):
    image_id: uuid.UUID
    file_name: str
    error: str


class Progress(Schema):
    embedding: EmbeddingCounts
    failures: list[Failure]


class FieldProblem(Schema):
    field: str = Field(description="Where in the request, e.g. body.segmentation.counts")
    message: str


class Problem(Schema):
    """RFC 9457 problem details. `detail` is a sentence for the person who made the request."""

    type: str
    title: str
    status: int
    detail: str
    stored: Mask | None = Field(default=None, description="On a 409 of a mask: the version that is stored")
    limit: int | None = Field(default=None, description="On a 413: the most that is accepted")
    got: int | None = Field(default=None, description="On a 413: what was sent, as far as known")
    unit: Literal["bytes", "pixels"] | None = Field(default=None, description="On a 413: of limit and got")
    errors: list[FieldProblem] | None = Field(default=None, description="On a 422: every field that is wrong")
