"""Tags of images, changed one by one and many at once, and what chooses images by them."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, select

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.flow.batch_order import read_order
from engine.flow.batches import chosen_images
from engine.flow.images import ImageFilter, delete_image, list_images
from engine.flow.tags import MOST, TagCount, add_tags, change_tags, list_tags, set_tags, tags_of
from engine.store.tables import Event, Project, User
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
    image, annotator = add_image(project, owner), make_user("Ann")
    with pytest.raises(NotAllowed), unit_of_work() as uow:
        set_tags(uow, annotator, image.id, ["night"])
    with pytest.raises(NotAllowed), unit_of_work() as uow:
        change_tags(uow, annotator, project.id, [image.id], add=["night"])


def test_many_images_are_tagged_at_once(project: Project, owner: User) -> None:
    first, second, third = (add_image(project, owner, seed).id for seed in range(3))
    with unit_of_work() as uow:
        set_tags(uow, owner, second, ["night", "rain"])
        assert change_tags(uow, owner, project.id, [first, second, first], add=["Night "], remove=["rain", "fog"]) == 2
        assert change_tags(uow, owner, project.id, [first, second], add=["night"], remove=["rain"]) == 0
        assert change_tags(uow, owner, project.id, [second, third], add=["night"]) == 1
    with unit_of_work(read_only=True) as uow:
        assert list_tags(uow, project.id) == [TagCount("night", 3)]
        told = uow.session.scalars(select(Event).where(Event.kind == "images.tagged")).all()
    both, one = sorted(told, key=lambda event: len(event.subject["image_ids"]), reverse=True)
    assert both.subject["image_ids"] == sorted(map(str, (first, second)))
    assert (both.subject["added"], both.subject["removed"]) == (["night"], ["fog", "rain"])
    assert (one.subject["image_ids"], one.user_id) == ([str(third)], owner.id)


def test_a_change_happens_to_all_images_or_to_none(project: Project, owner: User) -> None:
    image = add_image(project, owner)
    elsewhere = add_image(make_project(owner, "Elsewhere"), owner)
    full = add_image(project, owner, 1)
    with unit_of_work() as uow:
        set_tags(uow, owner, full.id, [str(number) for number in range(MOST)])

    def refused(image_ids: list[UUID], **change: list[str]) -> None:
        with unit_of_work() as uow:
            change_tags(uow, owner, project.id, image_ids, **change)

    for unknown in (elsewhere.id, uuid4()):
        with pytest.raises(NotFound, match=str(unknown)):
            refused([image.id, unknown], add=["night"])
    with pytest.raises(InvalidInput, match=f"{full.file_name} would have 51"):
        refused([image.id, full.id], add=["night"])
    with pytest.raises(InvalidInput, match="at most 50"), unit_of_work() as uow:
        add_tags(uow, full.id, ["night"])
    with pytest.raises(InvalidInput, match="both added and removed"):
        refused([image.id], add=["Night"], remove=["night"])
    with pytest.raises(InvalidInput, match="at least one tag"):
        refused([image.id])
    with unit_of_work(read_only=True) as uow:
        assert tags_of(uow, image.id) == []
        assert len(tags_of(uow, full.id)) == MOST
    with unit_of_work() as uow:
        assert change_tags(uow, owner, project.id, [full.id], add=["night"], remove=["0"]) == 1


def test_the_listing_tells_tags_and_chooses_by_them(project: Project, owner: User, database: Engine) -> None:
    images = [add_image(project, owner, seed).id for seed in range(4)]
    with unit_of_work() as uow:
        change_tags(uow, owner, project.id, images[1:], add=["rain", "night"])
        change_tags(uow, owner, project.id, images[3:], remove=["night"])
    with unit_of_work(read_only=True) as uow:
        page = list_images(uow, project.id, 1, 10, tag=" NIGHT")
        assert (page.total, [(each.image.id, each.index) for each in page.items]) == (2, [(images[2], 2)])
        assert list_images(uow, project.id, 0, 10, ImageFilter.ANNOTATED, tag="night").total == 0
        assert list_images(uow, project.id, 0, 10, tag="fog").items == []
        with pytest.raises(InvalidInput):
            list_images(uow, project.id, 0, 10, tag=" ")

    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *told: statements.append(told[2]))
    asked = []
    for limit in (1, 4):
        with unit_of_work(read_only=True) as uow:
            listed = list_images(uow, project.id, 0, limit).items
        asked.append(len(statements))
        statements.clear()
    assert [each.tags for each in listed] == [[], ["night", "rain"], ["night", "rain"], ["rain"]]
    assert asked[0] == asked[1]
