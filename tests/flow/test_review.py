"""Masks that wait for review: found, accepted, rejected, taken back."""

from typing import Literal

import pytest

from engine.errors import NotAllowed, NotFound
from engine.flow.annotate import MaskContent, mask_history, put_mask, segmentation_of
from engine.flow.compare_batches import comparable_batches, compare_batches
from engine.flow.export import export_sa1b
from engine.flow.images import ImageFilter, list_images
from engine.flow.projects import summarize_project
from engine.flow.review import Decision, Filters, decide, decide_all, review_page, set_review
from engine.store.tables import Image, Job, Mask, Model, Project, Review, Role, Stage, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.batching import LENIENT, ids, masks_of, start, work_off
from tests.flow.conftest import Outbox
from tests.flow.masks import mask_content

NONE = Filters()


@pytest.fixture
def batch(project: Project, owner: User, image: Image, model: Model, outbox: Outbox) -> Job:
    """A finished batch whose masks wait."""
    job = start(owner, project, review=True)
    work_off(job)
    return job


def waiting(project: Project, filters: Filters = NONE) -> list[Mask]:
    with unit_of_work(read_only=True) as uow:
        return [mask for item in review_page(uow, project.id, filters, 0, 50).items for mask in item.masks]


def apply(user: User, project: Project, masks: list[Mask], decision: Decision) -> int:
    with unit_of_work() as uow:
        return decide(uow, user, project.id, ids(masks), decision).changed


def content_of(mask: Mask, image: Image) -> MaskContent:
    """What a client sends of a mask as it is stored."""
    fields = {name: getattr(mask, name) for name in MaskContent.__dataclass_fields__ if name != "segmentation"}
    return MaskContent(segmentation=segmentation_of(mask, image), **fields)


def exported(project: Project) -> bytes:
    with unit_of_work(read_only=True) as uow:
        return b"".join(data for _, data in export_sa1b(uow, project.id))


def test_accepted_masks_are_annotation_and_rejected_ones_are_not(
    batch: Job, project: Project, owner: User, image: Image
) -> None:
    first, second, *others = waiting(project)
    assert exported(project).count(b"predicted_iou") == 0
    assert apply(owner, project, [first], Decision.ACCEPT) == 1
    assert apply(owner, project, [second], Decision.REJECT) == 1
    assert ids(waiting(project)) == ids(others)
    assert exported(project).count(b"predicted_iou") == 1
    assert second.id not in ids(masks_of(image))
    with unit_of_work(read_only=True) as uow:
        assert [version.content["deleted"] for version in mask_history(uow, image.id, second.id)] == [False, True]


def test_masks_that_wait_are_not_counted_as_annotation(batch: Job, project: Project, owner: User, image: Image) -> None:
    def counted() -> tuple[int, int, int, int, int]:
        with unit_of_work(read_only=True) as uow:
            summary = summarize_project(uow, project.id)
            listed = list_images(uow, project.id, 0, 50, ImageFilter.ANNOTATED).total
            (of_image,) = list_images(uow, project.id, 0, 50).items
        return summary.mask_count, summary.annotated_image_count, listed, of_image.mask_count, of_image.waiting_count

    masks = waiting(project)
    assert counted() == (0, 0, 0, 0, len(masks))
    apply(owner, project, masks[:1], Decision.ACCEPT)
    apply(owner, project, masks[1:2], Decision.REJECT)
    assert counted() == (1, 1, 1, 1, len(masks) - 2)


def test_decisions_can_be_repeated_and_taken_back(batch: Job, project: Project, owner: User, image: Image) -> None:
    masks = waiting(project)
    for decision in (Decision.REJECT, Decision.ACCEPT, Decision.REJECT, Decision.REOPEN):
        assert apply(owner, project, masks, decision) == len(masks)
        assert apply(owner, project, masks, decision) == 0
    assert ids(waiting(project)) == ids(masks)
    assert sorted(ids(masks_of(image))) == sorted(ids(masks))


def test_filters_choose_by_score_stability_and_size(batch: Job, project: Project, owner: User, image: Image) -> None:
    masks = waiting(project)
    middle = sorted(mask.predicted_iou or 0 for mask in masks)[len(masks) // 2]
    low = {mask.id for mask in masks if (mask.predicted_iou or 0) <= middle}
    assert {mask.id for mask in waiting(project, Filters(max_predicted_iou=middle))} == low
    size = 0.5
    large = {mask.id for mask in masks if (mask.area / (64 * 48)) ** 0.5 >= size}
    assert {mask.id for mask in waiting(project, Filters(min_size=size))} == large
    assert waiting(project, Filters(min_stability=1.0, max_stability=0.0)) == []
    with unit_of_work() as uow:
        decided = decide_all(uow, owner, project.id, Filters(max_predicted_iou=middle), Decision.REJECT)
    assert (decided.changed, decided.left) == (len(low), 0)
    assert not low & {mask.id for mask in waiting(project)}


def test_who_refines_a_waiting_mask_has_accepted_it(batch: Job, project: Project, owner: User, image: Image) -> None:
    mask, *_ = waiting(project)
    with unit_of_work() as uow:
        changed, _ = put_mask(uow, owner, image.id, mask.id, mask_content(stage=Stage.AUTOMATIC), 1)
        assert changed.review is Review.ACCEPTED
    assert mask.id not in ids(waiting(project))


def test_a_waiting_mask_is_kept_from_the_annotation_page_and_put_back(
    batch: Job, project: Project, owner: User, image: Image
) -> None:
    mask, *_ = waiting(project)
    same = content_of(mask, image)

    def put(version: int, review: Literal[Review.WAITING, Review.ACCEPTED] | None) -> tuple[Review | None, str]:
        with unit_of_work() as uow:
            stored, outcome = put_mask(uow, owner, image.id, mask.id, same, version, review)
            return stored.review, outcome

    assert put(1, None) == (Review.WAITING, "unchanged")
    assert put(1, Review.ACCEPTED) == (Review.ACCEPTED, "updated")
    assert put(1, Review.ACCEPTED) == (Review.ACCEPTED, "unchanged")
    assert mask.id not in ids(waiting(project))
    assert put(2, Review.WAITING) == (Review.WAITING, "updated")
    assert mask.id in ids(waiting(project))


def test_only_a_batchs_mask_can_wait(project: Project, owner: User, image: Image) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, image.id, mask_content(), None, Review.WAITING)
        stored, outcome = put_mask(uow, owner, image.id, image.id, mask_content(), 1, Review.WAITING)
    assert (stored.review, outcome) == (None, "unchanged")


def test_masks_wait_where_the_project_says_so(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    assert not start(owner, project).review
    with unit_of_work() as uow:
        set_review(uow, owner, project.id, True)
    assert start(owner, project).review
    assert not start(owner, project, review=False).review
    assert not start(owner, project, kind="export").review


def test_what_is_not_up_for_review_cannot_be_decided(batch: Job, project: Project, owner: User, image: Image) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, image.id, mask_content(), None)
    with unit_of_work() as uow, pytest.raises(NotFound):
        decide(uow, owner, project.id, [image.id], Decision.REJECT)
    with unit_of_work() as uow, pytest.raises(NotAllowed):
        decide(uow, User(name="Ann", role=Role.ANNOTATOR), project.id, [], Decision.ACCEPT)


def test_a_batch_is_compared_with_an_earlier_one_whatever_became_of_the_masks(
    batch: Job, project: Project, owner: User, image: Image
) -> None:
    masks = waiting(project)
    apply(owner, project, masks[:1], Decision.REJECT)
    again = start(owner, project)
    work_off(again)
    fewer = start(owner, project, settings={**LENIENT, "points_per_side": 1})
    work_off(fewer)
    add_image(project, owner, 9)
    with unit_of_work(read_only=True) as uow:
        (same,) = compare_batches(uow, again.id, batch.id, 0, 10).items
        comparison = compare_batches(uow, fewer.id, batch.id, 0, 10)
        assert [job.id for job in comparable_batches(uow, fewer.id)] == [again.id, batch.id]
    assert (same.gained, same.lost, same.changed, same.same) == (0, 0, 0, len(masks))
    assert comparison.total == 1
    (item,) = comparison.items
    assert item.lost + item.changed + item.same == len(masks)
    assert item.lost > 0
