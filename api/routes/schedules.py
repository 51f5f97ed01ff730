import uuid
from http import HTTPStatus

from fastapi import APIRouter

from api.batch_schemas import Schedule, ScheduleRequest
from api.deps import ReadWork, SignedIn, Work
from api.represent_batch import schedule_schema
from engine.flow import schedules as flow

router = APIRouter(tags=["batches"])


@router.get("/projects/{project_id}/schedules")
def list_schedules(project_id: uuid.UUID, uow: ReadWork) -> list[Schedule]:
    """The batches of a project that start by themselves, the next one first."""
    return [schedule_schema(schedule) for schedule in flow.list_schedules(uow, project_id)]


@router.post("/projects/{project_id}/schedules", status_code=HTTPStatus.CREATED)
def create_schedule(project_id: uuid.UUID, body: ScheduleRequest, user: SignedIn, uow: Work) -> Schedule:
    """Plan a batch: once, by a cron expression, or whenever there are so many new images."""
    when = flow.When(at=body.at, cron=body.cron, zone=body.zone, new_images=body.new_images)
    return schedule_schema(flow.create_schedule(uow, user, project_id, body.order, when))


@router.delete("/schedules/{schedule_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_schedule(schedule_id: uuid.UUID, user: SignedIn, uow: Work) -> None:
    """Start no further batch by it; those it started stay."""
    flow.delete_schedule(uow, user, schedule_id)
