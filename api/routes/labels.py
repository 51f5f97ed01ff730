import uuid
from typing import Annotated

from fastapi import APIRouter, Body

from api.deps import ReadWork, SignedIn, Work
from api.queue_schemas import Label
from engine.flow import labels as flow

router = APIRouter(prefix="/projects/{project_id}/labels", tags=["labels"])


@router.get("")
def list_labels(project_id: uuid.UUID, uow: ReadWork) -> list[Label]:
    """The labels a project offers, in its order."""
    return [Label.model_validate(label) for label in flow.list_labels(uow, project_id)]


@router.put("")
def set_labels(
    project_id: uuid.UUID, body: Annotated[list[Label], Body(max_length=1000)], user: SignedIn, uow: Work
) -> list[Label]:
    """Replace the list; masks keep the labels they have."""
    contents = [flow.LabelContent(label.name, label.colour) for label in body]
    return [Label.model_validate(label) for label in flow.set_labels(uow, user, project_id, contents)]
