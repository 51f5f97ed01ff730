import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.deps import ReadWork, SignedIn
from api.queue_schemas import OwnFigures
from engine.flow import own_figures as flow

router = APIRouter(tags=["queue"])

Since = Annotated[AwareDatetime, Query(description="With time zone: when the person's day began")]


@router.get("/projects/{project_id}/own-figures")
def get_own_figures(project_id: uuid.UUID, since: Since, user: SignedIn, uow: ReadWork) -> OwnFigures:
    """How many masks the signed-in person has made since then, and what they took."""
    return OwnFigures.model_validate(flow.own_figures(uow, user, project_id, since))
