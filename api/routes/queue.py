import uuid
from http import HTTPStatus

from fastapi import APIRouter

from api import queue_schemas
from api.deps import Browser, SignedIn, Work
from api.represent import assignment_schema
from api.schemas import Assignment
from engine.flow import queue as flow

router = APIRouter(tags=["queue"])


@router.post("/projects/{project_id}/queue/next")
def take_next_image(
    project_id: uuid.UUID, body: queue_schemas.NextRequest, user: SignedIn, browser: Browser, uow: Work
) -> queue_schemas.Turn:
    """Take the next open image of the project; no two people get the same one."""
    return queue_schemas.Turn.model_validate(flow.take_next(uow, user, project_id, body.after, body.keep, browser))


@router.put("/images/{image_id}/assignment")
def hold_image(image_id: uuid.UUID, user: SignedIn, browser: Browser, uow: Work) -> queue_schemas.Holding:
    """Take an image that was opened, or renew the lease; the answer says who has it."""
    held = flow.hold(uow, user, image_id, browser)
    return queue_schemas.Holding(assignment=assignment_schema(held.assignment), ahead=held.ahead)


@router.delete("/images/{image_id}/assignment", status_code=HTTPStatus.NO_CONTENT)
def release_image(image_id: uuid.UUID, user: SignedIn, browser: Browser, uow: Work) -> None:
    """Give an image back that is left unfinished."""
    flow.release(uow, user, image_id, browser)


@router.post("/images/{image_id}/finish")
def finish_image(image_id: uuid.UUID, user: SignedIn, uow: Work) -> Assignment:
    """Nothing is left on the image that is worth labelling."""
    return assignment_schema(flow.finish(uow, user, image_id))


@router.post("/images/{image_id}/skip")
def skip_image(image_id: uuid.UUID, body: queue_schemas.Skip, user: SignedIn, uow: Work) -> Assignment:
    """Take an image out of the queue, saying why."""
    return assignment_schema(flow.skip(uow, user, image_id, body.reason))


@router.post("/images/{image_id}/reopen")
def reopen_image(image_id: uuid.UUID, user: SignedIn, browser: Browser, uow: Work) -> Assignment:
    """Put a finished or skipped image back into the queue."""
    return assignment_schema(flow.reopen(uow, user, image_id, browser))
