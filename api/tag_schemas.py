"""What travels about the tags of images."""

import uuid

from pydantic import Field

from api.schemas import Schema, Text
from engine.flow.tags import MOST


class TagCount(Schema):
    tag: str
    images: int = Field(description="Images of the project that have it")


class TagChange(Schema):
    """What images of a project are to have from now on, and what not any more; the rest of their tags stays."""

    image_ids: list[uuid.UUID] = Field(min_length=1, max_length=5000)
    add: list[Text] = Field(default=[], max_length=MOST)
    remove: list[Text] = Field(default=[], max_length=5000)


class TagsChanged(Schema):
    changed: int = Field(description="Images whose tags are not what they were")
