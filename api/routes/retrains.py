import uuid
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import ReadWork, SignedIn, Work
from api.represent_retrain import one_retrain, retrain_detail, retrain_schema
from api.retrain_schemas import Retrain, RetrainDetail
from engine.flow import retrain as flow
from engine.flow.check_recipe import check_recipe
from engine.flow.retrain_listing import summarize_retrains
from engine.flow.retrain_order import RetrainOrder
from engine.flow.snapshots import require_manager
from engine.store.unit_of_work import unit_of_work

router = APIRouter(prefix="/retrains", tags=["retraining"])


@router.get("")
def list_retrains(
    uow: ReadWork,
    project_id: uuid.UUID | None = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[Retrain]:
    """Retraining runs on a project's masks, or all, the newest first."""
    found = flow.list_retrains(uow, project_id, offset, limit)
    return [retrain_schema(summary) for summary in summarize_retrains(uow, found)]


@router.post("", status_code=HTTPStatus.CREATED)
def start_retrain(body: RetrainOrder, user: SignedIn) -> Retrain:
    """Freeze the masks of the projects and train on them. 409 while another run for one of the projects is under way.

    With values of the recipe replaced, the answer takes seconds: they are checked first.
    """
    require_manager(user)
    with unit_of_work(read_only=True) as uow:
        flow.require_alone(uow, body)
    check_recipe(body)
    with unit_of_work() as uow:
        return one_retrain(uow, flow.start_retrain(uow, user, body))


@router.get("/{run_id}")
def get_retrain(run_id: uuid.UUID, uow: ReadWork) -> RetrainDetail:
    """A run, its curve so far, and its evaluation."""
    return retrain_detail(uow, run_id)


@router.post("/{run_id}/stop")
def stop_retrain(run_id: uuid.UUID, user: SignedIn, uow: Work) -> Retrain:
    """Stop after the step in hand; what was learnt is kept."""
    return one_retrain(uow, flow.stop_retrain(uow, user, run_id))


@router.post("/{run_id}/resume")
def resume_retrain(run_id: uuid.UUID, user: SignedIn, uow: Work) -> Retrain:
    """Go on with a stopped or failed run from its last state."""
    return one_retrain(uow, flow.resume_retrain(uow, user, run_id))
