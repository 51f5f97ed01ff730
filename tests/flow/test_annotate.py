import threading
import uuid
from typing import Any

import pytest

from engine.errors import Conflict, InvalidMask, NotFound, VersionConflict
from engine.flow.annotate import delete_mask, get_mask, list_masks, mask_history, put_mask, restore_mask
from engine.flow.images import masks_revision
from engine.masks.rle import Rle
from engine.store.tables import Image, Mask, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.masks import mask_content, rectangle


def put(owner: User, image: Image, mask_id: uuid.UUID, base: int | None, **changes: Any) -> tuple[Mask, str]:
    with unit_of_work() as uow:
        return put_mask(uow, owner, image.id, mask_id, mask_content(**changes), base)


def masks(image: Image) -> list[Mask]:
    with unit_of_work(read_only=True) as uow:
        return list_masks(uow, image.id)


@pytest.fixture
def stored(owner: User, image: Image) -> Mask:
    return put(owner, image, uuid.uuid4(), None)[0]


def test_a_mask_is_stored_with_box_area_and_provenance(owner: User, image: Image) -> None:
    mask, outcome = put(owner, image, uuid.uuid4(), None)
    (found,) = masks(image)
    assert outcome == "created"
    assert (found.id, found.version, found.area) == (mask.id, 1, 160)
    assert (found.bbox_x, found.bbox_y, found.bbox_w, found.bbox_h) == (10, 5, 20, 8)
    assert found.prompts == {"points": [{"x": 15.5, "y": 8.0, "label": 1}]}
    assert (found.predicted_iou, found.candidates_iou) == (0.93, [0.93, 0.8, 0.4])
    assert found.author.name == owner.name


def test_second_save_with_same_id_is_harmless(owner: User, image: Image, stored: Mask) -> None:
    again, outcome = put(owner, image, stored.id, None)
    assert (outcome, again.version) == ("unchanged", 1)
    assert len(masks(image)) == 1


def test_a_repeated_update_is_harmless(owner: User, image: Image, stored: Mask) -> None:
    for outcome in ("updated", "unchanged"):
        mask, got = put(owner, image, stored.id, 1, label="gull")
        assert (got, mask.version, mask.label) == (outcome, 2, "gull")


def test_saving_what_is_stored_makes_no_version(owner: User, image: Image, stored: Mask) -> None:
    mask, outcome = put(owner, image, stored.id, 1)
    assert (outcome, mask.version) == ("unchanged", 1)


def test_a_stale_save_is_refused_and_changes_nothing(owner: User, image: Image, stored: Mask) -> None:
    put(owner, image, stored.id, 1, label="gull")
    for base in (None, 1, 3):
        with pytest.raises(VersionConflict) as refused:
            put(owner, image, stored.id, base, label="tern")
        assert (refused.value.expected, refused.value.stored) == (base or 0, 2)
    assert [mask.label for mask in masks(image)] == ["gull"]


def test_an_update_of_nothing_is_not_found(owner: User, image: Image) -> None:
    with pytest.raises(NotFound, match="mask"):
        put(owner, image, uuid.uuid4(), 1)
    with pytest.raises(NotFound, match="image"), unit_of_work() as uow:
        put_mask(uow, owner, uuid.uuid4(), uuid.uuid4(), mask_content(), None)


def test_an_id_belongs_to_one_image(owner: User, project: Project, stored: Mask) -> None:
    other = add_image(project, owner, seed=1)
    with pytest.raises(Conflict, match="another image"):
        put(owner, other, stored.id, None)
    with pytest.raises(NotFound), unit_of_work() as uow:
        delete_mask(uow, owner, other.id, stored.id, 1)


def test_racing_saves_with_one_id_store_one_mask(owner: User, image: Image) -> None:
    mask_id, outcomes = uuid.uuid4(), list[str]()

    def save() -> None:
        outcomes.append(put(owner, image, mask_id, None)[1])

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", *["unchanged"] * 5]
    assert len(masks(image)) == 1


def test_racing_edits_of_one_version_let_one_win(owner: User, image: Image, stored: Mask) -> None:
    won, lost = list[str](), list[str]()

    def edit(label: str) -> None:
        try:
            put(owner, image, stored.id, 1, label=label)
            won.append(label)
        except VersionConflict:
            lost.append(label)

    threads = [threading.Thread(target=edit, args=[label]) for label in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    assert [(mask.label, mask.version) for mask in masks(image)] == [(won[0], 2)]


def test_a_deleted_mask_can_be_taken_back(owner: User, image: Image, stored: Mask) -> None:
    for _ in range(2):
        with unit_of_work() as uow:
            assert delete_mask(uow, owner, image.id, stored.id, 1).version == 2
        assert masks(image) == []
    for _ in range(2):
        with unit_of_work() as uow:
            assert restore_mask(uow, owner, image.id, stored.id, 2).version == 3
        assert [mask.version for mask in masks(image)] == [3]
    with pytest.raises(VersionConflict), unit_of_work() as uow:
        delete_mask(uow, owner, image.id, stored.id, 1)


def test_a_deleted_mask_is_not_changed_by_a_save(owner: User, image: Image, stored: Mask) -> None:
    with unit_of_work() as uow:
        delete_mask(uow, owner, image.id, stored.id, 1)
    with pytest.raises(Conflict, match="Restore"):
        put(owner, image, stored.id, 2, label="gull")
    with pytest.raises(VersionConflict):
        put(owner, image, stored.id, None)


def test_history_tells_every_version(owner: User, image: Image, stored: Mask) -> None:
    put(owner, image, stored.id, 1, label="gull", segmentation=rectangle(w=10))
    with unit_of_work() as uow:
        delete_mask(uow, owner, image.id, stored.id, 2)
    with unit_of_work() as uow:
        history = mask_history(uow, image.id, stored.id)
        assert [(entry.version, entry.content["label"], entry.content["deleted"]) for entry in history] == [
            (1, None, False),
            (2, "gull", False),
            (3, "gull", True),
        ]
        assert history[0].content["segmentation"] == rectangle()
        assert get_mask(uow, image.id, stored.id).deleted_at is not None


def test_the_revision_changes_with_every_change(owner: User, image: Image) -> None:
    mask_id, seen = uuid.uuid4(), list[str]()

    def note() -> None:
        with unit_of_work(read_only=True) as uow:
            seen.append(masks_revision(uow, image.id))

    note()
    put(owner, image, mask_id, None)
    note()
    put(owner, image, mask_id, 1, label="gull")
    note()
    with unit_of_work() as uow:
        delete_mask(uow, owner, image.id, mask_id, 2)
    note()
    with unit_of_work() as uow:
        restore_mask(uow, owner, image.id, mask_id, 3)
    note()
    assert len(set(seen)) == 5


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"segmentation": Rle(size=[64, 48], counts=rectangle()["counts"])}, "size"),
        ({"segmentation": Rle(size=[48, 64], counts="garbage!")}, "characters"),
        ({"label": ""}, "label"),
        ({"label": "a\x00b"}, "label"),
        ({"active_ms": -1}, "milliseconds"),
        ({"idle_ms": 2**31}, "milliseconds"),
        ({"candidate_index": 7}, "candidate"),
        ({"crop_box": [1.0, 2.0]}, "crop box"),
        ({"predicted_iou": float("nan")}, "finite"),
        ({"prompts": {"points": [{"x": float("inf"), "y": 0, "label": 1}]}}, "finite"),
        ({"model_id": uuid.uuid4()}, "no model"),
    ],
)
def test_a_mask_that_makes_no_sense_is_refused(
    owner: User, image: Image, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidMask, match=sentence):
        put(owner, image, uuid.uuid4(), None, **changes)
    assert masks(image) == []
