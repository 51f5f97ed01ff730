"""Tags of images, and batches of the images that have one."""

import pytest

from engine.errors import InvalidInput, NotAllowed
from engine.flow.batch_order import read_order
from engine.flow.batches import chosen_images
from engine.flow.images import delete_image
from engine.flow.tags import TagCount, add_tags, list_tags, set_tags, tags_of
from engine.store.tables import Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project, make_user


def test_a_batch_takes_the_images_with_a_tag(project: Project, owner: User) -> None:
    night, rainy_night, day = (add_image(project, owner, seed) for seed in range(3))
    elsewhere = add_image(make_project(owner, "Elsewhere"), owner)
    with unit_of_work() as uow:
        set_tags(uow, owner, night.id, ["Night"])
        set_tags(uow, owner, rainy_night.id, ["rain", " night ", "NIGHT"])
        add_tags(uow, elsewhere.id, ["night"])
        add_tags(uow, night.id, ["night"])
    with unit_of_work(read_only=True) as uow:
        assert list_tags(uow, project.id) == [TagCount("night", 2), TagCount("rain", 1)]
        order = read_order({"kind": "export", "selection": {"tag": "Night"}})
        assert chosen_images(uow, project.id, order) == [night.id, rainy_night.id]
        assert tags_of(uow, day.id) == []
    with unit_of_work() as uow:
        assert set_tags(uow, owner, rainy_night.id, ["dawn"]) == ["dawn"]
        delete_image(uow, owner, night.id)
    with unit_of_work(read_only=True) as uow:
        assert list_tags(uow, project.id) == [TagCount("dawn", 1)]


@pytest.mark.parametrize("tags", [[""], ["a\nb\x00"], ["x" * 51], [str(number) for number in range(51)]])
def test_what_is_no_tag_is_refused(tags: list[str], project: Project, owner: User) -> None:
    image = add_image(project, owner)
    with pytest.raises(InvalidInput, match="tag"), unit_of_work() as uow:
        set_tags(uow, owner, image.id, tags)


def test_annotators_do_not_tag(project: Project, owner: User) -> None:
    image = add_image(project, owner)
    with pytest.raises(NotAllowed), unit_of_work() as uow:
        set_tags(uow, make_user("Ann"), image.id, ["night"])
