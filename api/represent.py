"""Between what the engine holds and what travels: one function per schema that is not a plain copy."""

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api import schemas
from engine.errors import InvalidInput
from engine.flow.annotate import MaskContent, segmentation_of
from engine.flow.images import ImageSummary
from engine.flow.queue import is_with_somebody
from engine.inference.prompts import Box, Point, Prompt
from engine.masks.rle import Rle
from engine.store import tables


def image_fields(summary: ImageSummary) -> dict[str, Any]:
    """The fields of `schemas.Image`, for it and the schemas that add to it."""
    image = summary.image
    url = f"/api/v1/images/{image.id}"
    has_masks = summary.mask_count + summary.waiting_count > 0
    return {
        "id": image.id,
        "project_id": image.project_id,
        "file_name": image.file_name,
        "width": image.width,
        "height": image.height,
        "created_at": image.created_at,
        "mask_count": summary.mask_count,
        "waiting_count": summary.waiting_count,
        "masks_revision": summary.masks_revision,
        "embedding": schemas.EmbeddingState.model_validate(summary.embedding),
        "display_url": f"{url}/file",
        "thumbnail_url": f"{url}/thumbnail",
        "overlay_url": f"{url}/overlay?rev={summary.masks_revision}" if has_masks else None,
        "index": summary.index,
        "assignment": assignment_schema(summary.assignment),
        "tags": summary.tags,
    }


def assignment_schema(assignment: tables.Assignment | None) -> schemas.Assignment:
    """A lease that has run out, or a reservation, is a wait like any other."""
    if assignment is not None:
        shown: schemas.AssignmentState | None = None
        if assignment.state is tables.AssignmentState.FINISHED:
            shown = "finished"
        elif assignment.state is tables.AssignmentState.SKIPPED:
            shown = "skipped"
        elif is_with_somebody(assignment):
            shown = "working"
        if shown is not None:
            user, reason = assignment.user, assignment.reason
            return schemas.Assignment(state=shown, user_id=user.id, user_name=user.name, reason=reason)
    return schemas.Assignment(state="waiting", user_id=None, user_name=None, reason=None)


def mask_content(body: schemas.MaskBody) -> MaskContent:
    return MaskContent(
        segmentation=Rle(size=list(body.segmentation.size), counts=body.segmentation.counts),
        stage=tables.Stage(body.stage),
        label=body.label,
        predicted_iou=body.predicted_iou,
        stability_score=body.stability_score,
        crop_box=None if body.crop_box is None else list(body.crop_box),
        prompts=body.prompts.model_dump(mode="json", exclude_none=True),
        candidate_index=body.candidate_index,
        candidates_iou=body.candidates_iou,
        model_id=body.model_id,
        active_ms=body.active_ms,
        idle_ms=body.idle_ms,
    )


def mask_schema(mask: tables.Mask, image: tables.Image) -> schemas.Mask:
    return schemas.Mask(
        id=mask.id,
        image_id=mask.image_id,
        version=mask.version,
        segmentation=schemas.Segmentation.model_validate(segmentation_of(mask, image)),
        bbox=(mask.bbox_x, mask.bbox_y, mask.bbox_w, mask.bbox_h),
        area=mask.area,
        stage=mask.stage.value,
        label=mask.label,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        crop_box=None if mask.crop_box is None else box(mask.crop_box),
        prompts=schemas.Prompts.model_validate(mask.prompts),
        candidate_index=mask.candidate_index,
        candidates_iou=mask.candidates_iou,
        model_id=mask.model_id,
        author_id=mask.author_id,
        author_name=mask.author.name,
        active_ms=mask.active_ms,
        idle_ms=mask.idle_ms,
        review=None if mask.review is None else mask.review.value,
        created_at=mask.created_at,
        updated_at=mask.updated_at,
        deleted_at=mask.deleted_at,
    )


def box(sides: list[float]) -> tuple[float, float, float, float]:
    first, second, third, fourth = sides
    return first, second, third, fourth


def model_schema(model: tables.Model) -> schemas.Model:
    url = f"/api/v1/models/{model.id}"
    return schemas.Model(
        id=model.id,
        name=model.name,
        arch=model.arch,
        state=model.state.value,
        image_size=model.config.get("image_size", 0),
        metrics=model.metrics,
        created_at=model.created_at,
        weights_sha256=model.weights_sha256,
        prepare_url=f"{url}/prepare.onnx" if model.prepare_key else None,
        decode_url=f"{url}/decode.onnx" if model.decode_key else None,
    )


def prompt(body: schemas.DecodeRequest) -> Prompt:
    points = [Point(point.x, point.y, point.label) for point in body.points]
    return Prompt(points, None if body.box is None else Box(*body.box))


def float16_logits(encoded: str) -> NDArray[np.float32]:
    """The logits of a `mask_input`, square. Raises InvalidInput unless they are that, and finite."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise InvalidInput("`mask_input` must be base64.") from error
    side = math.isqrt(len(data) // 2)
    if side == 0 or len(data) != 2 * side**2:
        raise InvalidInput(f"`mask_input` must hold a square of float16 numbers; it holds {len(data):,} bytes.")
    logits = np.frombuffer(data, "<f2").astype(np.float32).reshape(side, side)
    if not np.isfinite(logits).all():
        raise InvalidInput("`mask_input` holds numbers that are not finite.")
    return logits


def base64_float16(logits: NDArray[np.float32]) -> str:
    largest = float(np.finfo(np.float16).max)
    return base64.b64encode(np.clip(logits, -largest, largest).astype("<f2").tobytes()).decode("ascii")
