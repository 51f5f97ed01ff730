import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.deps import ReadWork
from api.registry_schemas import ComparisonPage, OldAndNew
from api.represent_registry import compared_mask, old_and_new
from engine.flow import comparison as flow

router = APIRouter(prefix="/retrains", tags=["retraining"])

Clicks = Annotated[Literal["1", "3", "5"], Query(description="After so many simulated clicks")]


@router.get("/{run_id}/comparison")
def list_comparison(
    run_id: uuid.UUID,
    uow: ReadWork,
    sort: flow.Sort = flow.Sort.LOSS,
    clicks: Clicks = "1",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> ComparisonPage:
    """The held-out masks of an evaluated run: what base and candidate reach on each, the largest difference first."""
    page = flow.list_comparison(uow, run_id, sort, int(clicks), offset, limit)
    return ComparisonPage(items=[compared_mask(each) for each in page.items], total=page.total)


@router.get("/{run_id}/comparison/{mask_id}")
def get_compared(run_id: uuid.UUID, mask_id: uuid.UUID, uow: ReadWork, clicks: Clicks = "1") -> OldAndNew:
    """One mask as it was annotated, and the masks of both models beside each other."""
    return old_and_new(flow.get_compared(uow, run_id, mask_id, int(clicks)))
