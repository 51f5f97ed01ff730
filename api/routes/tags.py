import uuid
from typing import Annotated

from fastapi import APIRouter, Body

from api.deps import ReadWork, SignedIn, Work
from api.schemas import Text
from api.tag_schemas import TagChange, TagCount, TagsChanged
from engine.flow import tags as flow

router = APIRouter(tags=["tags"])


@router.get("/projects/{project_id}/tags")
def list_tags(project_id: uuid.UUID, uow: ReadWork) -> list[TagCount]:
    """The tags of a project's images, and how many images have each."""
    return [TagCount.model_validate(each) for each in flow.list_tags(uow, project_id)]


@router.post("/projects/{project_id}/tags")
def change_tags(project_id: uuid.UUID, body: TagChange, user: SignedIn, uow: Work) -> TagsChanged:
    """Add tags to images of the project and take others off: all of it or, on a mistake, nothing. Can be repeated."""
    changed = flow.change_tags(uow, user, project_id, body.image_ids, add=body.add, remove=body.remove)
    return TagsChanged(changed=changed)


@router.get("/images/{image_id}/tags")
def get_tags(image_id: uuid.UUID, uow: ReadWork) -> list[str]:
    """An image's tags, by name."""
    return flow.tags_of(uow, image_id)


@router.put("/images/{image_id}/tags")
def set_tags(
    image_id: uuid.UUID, body: Annotated[list[Text], Body(max_length=flow.MOST)], user: SignedIn, uow: Work
) -> list[str]:
    """Give an image these tags in place of those it has."""
    return flow.set_tags(uow, user, image_id, body)
