import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api import batch_schemas as schemas
from api.deps import ReadWork, SignedIn, Work
from engine.flow import review as flow
from engine.flow.annotate import segmentation_of
from engine.flow.projects import get_project

router = APIRouter(prefix="/projects/{project_id}/review", tags=["review"])

Bound = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]


def filters(
    batch_id: uuid.UUID | None = None,
    min_predicted_iou: Bound = None,
    max_predicted_iou: Bound = None,
    min_stability: Bound = None,
    max_stability: Bound = None,
    min_size: Bound = None,
    max_size: Bound = None,
) -> flow.Filters:
    """`size` is the square root of the part of the image that a mask covers."""
    return flow.Filters(
        batch_id, min_predicted_iou, max_predicted_iou, min_stability, max_stability, min_size, max_size
    )


Filters = Annotated[flow.Filters, Depends(filters)]


@router.get("")
def get_review(
    project_id: uuid.UUID,
    uow: ReadWork,
    wanted: Filters,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=60)] = 24,
) -> schemas.ReviewPage:
    """Images with masks that wait for review and pass the filters, in order of import."""
    page = flow.review_page(uow, project_id, wanted, offset, limit)
    return schemas.ReviewPage(
        items=[_image(item) for item in page.items],
        images=page.images,
        masks=page.masks,
        review_batches=get_project(uow, project_id).review_batches,
    )


@router.put("/setting")
def set_review(project_id: uuid.UUID, body: schemas.ReviewSetting, user: SignedIn, uow: Work) -> schemas.ReviewSetting:
    """Say whether masks of later batches wait for review in this project."""
    return schemas.ReviewSetting.model_validate(flow.set_review(uow, user, project_id, body.review_batches))


@router.post("")
def decide(project_id: uuid.UUID, body: schemas.Decision, user: SignedIn, uow: Work) -> schemas.Decided:
    """Accept or reject masks, or take either back. Repeating it is harmless."""
    decision = flow.Decision(body.decision)
    return schemas.Decided.model_validate(flow.decide(uow, user, project_id, body.mask_ids, decision))


@router.post("/all")
def decide_all(
    project_id: uuid.UUID, body: schemas.DecisionOnAll, user: SignedIn, uow: Work, wanted: Filters
) -> schemas.Decided:
    """Accept or reject up to 500 of the masks that pass the filters; ask again while some are left."""
    decided = flow.decide_all(uow, user, project_id, wanted, flow.Decision(body.decision))
    return schemas.Decided.model_validate(decided)


def _image(item: flow.ReviewedImage) -> schemas.ReviewedImage:
    image = item.image
    return schemas.ReviewedImage(
        image_id=image.id,
        file_name=image.file_name,
        width=image.width,
        height=image.height,
        thumbnail_url=f"/api/v1/images/{image.id}/thumbnail",
        masks=[
            schemas.ReviewMask(
                id=mask.id,
                segmentation=schemas.Segmentation.model_validate(segmentation_of(mask, image)),
                bbox=(mask.bbox_x, mask.bbox_y, mask.bbox_w, mask.bbox_h),
                area=mask.area,
                stage=mask.stage.value,
                predicted_iou=mask.predicted_iou,
                stability_score=mask.stability_score,
            )
            for mask in item.masks
        ],
    )
