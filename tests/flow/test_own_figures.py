import uuid
from datetime import timedelta

import pytest

from engine.errors import NotFound
from engine.flow.annotate import delete_mask, put_mask
from engine.flow.own_figures import OwnFigures, own_figures
from engine.store.tables import Image, Project, Stage, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project, make_user
from tests.flow.masks import mask_content

BOX = {"points": [{"x": 1, "y": 1, "label": 1}] * 2, "box": [0, 0, 4, 4]}
DAY = timedelta(days=1)


def put(user: User, image: Image, **changes: object) -> uuid.UUID:
    with unit_of_work() as uow:
        return put_mask(uow, user, image.id, uuid.uuid4(), mask_content(**changes), None)[0].id


def figures(user: User, project: Project, since: timedelta = -DAY) -> OwnFigures:
    with unit_of_work(read_only=True) as uow:
        return own_figures(uow, user, project.id, utc_now() + since)


def test_masks_seconds_and_clicks_are_of_ones_own_work(owner: User, project: Project, image: Image) -> None:
    other = add_image(project, owner, seed=1)
    assert figures(owner, project) == OwnFigures(0, 0, None, None)
    for active_ms in (2000, 4000, 60_000):
        put(owner, image, active_ms=active_ms)
    put(owner, other, active_ms=6000, prompts=BOX)
    put(owner, other, stage=Stage.AUTOMATIC)
    put(make_user("Anna"), other)
    put(owner, add_image(make_project(owner, "Others"), owner, seed=2))
    gone = put(owner, other)
    with unit_of_work() as uow:
        delete_mask(uow, owner, other.id, gone, 1)
    assert figures(owner, project) == OwnFigures(masks=4, images=2, seconds=5.0, clicks=1.5)
    assert figures(owner, project, since=DAY) == OwnFigures(0, 0, None, None)


def test_a_project_that_is_not_there_is_not_found(owner: User) -> None:
    with pytest.raises(NotFound), unit_of_work(read_only=True) as uow:
        own_figures(uow, owner, uuid.uuid4(), utc_now())
