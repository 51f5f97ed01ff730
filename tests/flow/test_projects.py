import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.flow.annotate import delete_mask, put_mask
from engine.flow.images import ImageFilter, delete_image, get_image, get_image_in_project, list_images
from engine.flow.projects import (
    create_project,
    delete_project,
    get_project,
    list_projects,
    rename_project,
    summarize_project,
)
from engine.store.tables import Image, Project, Role, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project
from tests.flow.masks import mask_content


def test_a_project_is_listed_with_its_counts(project: Project, owner: User) -> None:
    images = [add_image(project, owner, seed) for seed in range(5)]
    with unit_of_work() as uow:
        put_mask(uow, owner, images[0].id, uuid.uuid4(), mask_content(), None)
        put_mask(uow, owner, images[0].id, uuid.uuid4(), mask_content(), None)
        dropped, _ = put_mask(uow, owner, images[1].id, uuid.uuid4(), mask_content(), None)
        delete_mask(uow, owner, images[1].id, dropped.id, 1)
    other = make_project(owner, "Cats")
    with unit_of_work(read_only=True) as uow:
        newest, birds = list_projects(uow)
    assert (newest.id, newest.image_count, newest.mask_count) == (other.id, 0, 0)
    assert (birds.image_count, birds.annotated_image_count, birds.mask_count) == (5, 1, 2)
    assert birds.cover_image_ids == [image.id for image in images[:4]]


def test_a_new_name_is_tidied_and_kept(project: Project, owner: User) -> None:
    with unit_of_work() as uow:
        rename_project(uow, owner, project.id, "  Sea \n birds ")
    with unit_of_work() as uow:
        assert summarize_project(uow, project.id).name == "Sea birds"


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 201])
def test_an_unusable_name_is_refused(name: str, owner: User) -> None:
    with pytest.raises(InvalidInput, match="1 to 200"), unit_of_work() as uow:
        create_project(uow, owner, name)


def test_an_annotator_changes_no_project(project: Project, image: Image) -> None:
    annotator = User(name="Eve", role=Role.ANNOTATOR)
    with unit_of_work() as uow:
        uow.session.add(annotator)
    attempts: list[Callable[..., object]] = [
        lambda uow: create_project(uow, annotator, "Mine"),
        lambda uow: rename_project(uow, annotator, project.id, "Mine"),
        lambda uow: delete_project(uow, annotator, project.id),
        lambda uow: delete_image(uow, annotator, image.id),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed), unit_of_work() as uow:
            attempt(uow)


def test_deleting_a_project_deletes_what_is_in_it(project: Project, image: Image, owner: User) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(), None)
    with unit_of_work() as uow:
        delete_project(uow, owner, project.id)
    with unit_of_work() as uow:
        with pytest.raises(NotFound):
            get_project(uow, project.id)
        with pytest.raises(NotFound):
            get_image(uow, image.id)


def test_images_are_paged_in_order_of_import(project: Project, owner: User) -> None:
    ids = [add_image(project, owner, seed).id for seed in range(5)]
    with unit_of_work() as uow:
        page = list_images(uow, project.id, offset=1, limit=2)
        assert page.total == 5
        assert [(item.image.id, item.index) for item in page.items] == [(ids[1], 1), (ids[2], 2)]
        middle = get_image_in_project(uow, ids[2])
        assert (middle.summary.index, middle.previous_id, middle.next_id) == (2, ids[1], ids[3])
        assert get_image_in_project(uow, ids[0]).previous_id is None
        assert get_image_in_project(uow, ids[4]).next_id is None


def test_images_are_filtered_by_having_masks(project: Project, owner: User) -> None:
    ids = [add_image(project, owner, seed).id for seed in range(3)]
    with unit_of_work() as uow:
        put_mask(uow, owner, ids[1], uuid.uuid4(), mask_content(), None)
    with unit_of_work() as uow:
        annotated = list_images(uow, project.id, 0, 50, ImageFilter.ANNOTATED)
        rest = list_images(uow, project.id, 0, 50, ImageFilter.UNANNOTATED)
    assert [(item.image.id, item.index, item.mask_count) for item in annotated.items] == [(ids[1], 1, 1)]
    assert [item.image.id for item in rest.items] == [ids[0], ids[2]]
    assert (annotated.total, rest.total) == (1, 2)


def test_unknown_projects_and_images_are_not_found(owner: User, tmp_path: Path) -> None:
    with unit_of_work() as uow:
        with pytest.raises(NotFound, match="project"):
            list_images(uow, uuid.uuid4(), 0, 1)
        with pytest.raises(NotFound, match="image"):
            get_image_in_project(uow, uuid.uuid4())
