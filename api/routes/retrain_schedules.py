import uuid
from http import HTTPStatus

from fastapi import APIRouter

from api.deps import ReadWork, SignedIn, Work
from api.represent_retrain import retrain_schedule_schema
from api.retrain_schemas import RetrainSchedule, RetrainScheduleRequest
from engine.flow import retrain_schedules as flow
from engine.flow.check_recipe import check_recipe
from engine.flow.snapshots import require_manager
from engine.store.unit_of_work import unit_of_work

router = APIRouter(tags=["retraining"])


@router.get("/projects/{project_id}/retrain-schedules")
def list_retrain_schedules(project_id: uuid.UUID, uow: ReadWork) -> list[RetrainSchedule]:
    """The retraining on a project's masks that starts by itself, the next first."""
    return [retrain_schedule_schema(uow, each) for each in flow.list_retrain_schedules(uow, project_id)]


@router.post("/projects/{project_id}/retrain-schedules", status_code=HTTPStatus.CREATED)
def create_retrain_schedule(project_id: uuid.UUID, body: RetrainScheduleRequest, user: SignedIn) -> RetrainSchedule:
    """Plan retraining: by a cron expression, or after so many new masks; never with fewer than the minimum."""
    require_manager(user)
    check_recipe(body.order)
    when = flow.RetrainWhen(body.cron, body.zone, body.new_masks, body.minimum_new_masks)
    with unit_of_work() as uow:
        return retrain_schedule_schema(uow, flow.create_retrain_schedule(uow, user, project_id, body.order, when))


@router.delete("/retrain-schedules/{schedule_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_retrain_schedule(schedule_id: uuid.UUID, user: SignedIn, uow: Work) -> None:
    """Start no further run by it; those it started stay."""
    flow.delete_retrain_schedule(uow, user, schedule_id)
