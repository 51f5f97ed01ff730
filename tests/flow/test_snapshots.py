"""Snapshots: what they hold, that they never change, and that no image ever changes sides."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.evaluation.read_folder import read_folder
from engine.flow.annotate import delete_mask, put_mask
from engine.flow.export import export_sa1b
from engine.flow.image_split import split_sides
from engine.flow.snapshot_diff import diff
from engine.flow.snapshot_files import frozen_images, materialise
from engine.flow.snapshot_order import read_snapshot_order
from engine.flow.snapshots import create_snapshot, list_snapshots
from engine.flow.tags import change_tags
from engine.store.tables import Image, ImageSplit, Mask, Project, Review, Side, Snapshot, Stage, User
from engine.store.unit_of_work import unit_of_work
from engine.training.data.open import open_dataset
from tests.fixtures.deployment import add_image, make_project, make_user
from tests.flow.masks import mask_content, rectangle


def annotate(user: User, image: Image, **changes: Any) -> Mask:
    with unit_of_work() as uow:
        return put_mask(uow, user, image.id, uuid.uuid4(), mask_content(**changes), None)[0]


def freeze(user: User, project: Project, **order: Any) -> Snapshot:
    with unit_of_work() as uow:
        return create_snapshot(uow, user, read_snapshot_order({"project_ids": [str(project.id)], **order}))


def ids(snapshot: Snapshot) -> set[str]:
    return {mask["id"] for image in frozen_images(snapshot) for mask in image["masks"]}


def sides(snapshot: Snapshot) -> dict[str, str]:
    return {image["id"]: image["split"] for image in frozen_images(snapshot)}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def images(project: Project, owner: User) -> list[Image]:
    return [add_image(project, owner, seed) for seed in range(6)]


def test_snapshot_is_written_bit_by_bit_the_same_whatever_happens_to_its_masks(
    owner: User, project: Project, images: list[Image], tmp_path: Path
) -> None:
    masks = [annotate(owner, image) for image in images]
    snapshot = freeze(owner, project)
    first = files(materialise(snapshot, tmp_path / "first"))
    with unit_of_work() as uow:
        put_mask(uow, owner, images[0].id, masks[0].id, mask_content(segmentation=rectangle(w=3)), 1)
        delete_mask(uow, owner, images[1].id, masks[1].id, 1)
    with unit_of_work() as uow:
        uow.session.delete(uow.session.get_one(Project, project.id))
        stored = uow.session.get_one(Snapshot, snapshot.id)
    assert files(materialise(stored, tmp_path / "second")) == first
    assert stored.manifest_sha256 == snapshot.manifest_sha256


def test_equal_masks_freeze_to_equal_manifests(owner: User, project: Project, images: list[Image]) -> None:
    for image in images:
        annotate(owner, image)
    one, other = freeze(owner, project), freeze(owner, project, name="Again")
    assert (one.number, other.number) == (1, 2)
    assert other.previous_id == one.id
    assert (one.manifest_key, one.manifest_sha256) == (other.manifest_key, other.manifest_sha256)


def test_a_killed_write_goes_on(owner: User, project: Project, images: list[Image], tmp_path: Path) -> None:
    for image in images:
        annotate(owner, image)
    snapshot = freeze(owner, project)
    whole = files(materialise(snapshot, tmp_path / "whole"))

    class Killed(Exception):
        pass

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        materialise(snapshot, tmp_path / "part", on_image=kill)
    assert not (tmp_path / "part" / "snapshot.json").exists()
    assert files(materialise(snapshot, tmp_path / "part")) == whole


def test_a_folder_with_another_part_of_the_snapshot_is_not_taken_for_the_one_asked_for(
    owner: User, project: Project, images: list[Image], tmp_path: Path
) -> None:
    annotate(owner, images[0])
    before = freeze(owner, project)
    annotate(owner, images[1])
    snapshot = freeze(owner, project)
    materialise(snapshot, tmp_path)
    assert materialise(snapshot, tmp_path) == tmp_path
    with pytest.raises(InvalidInput, match=r"holds 2 masks of .*, not the 1 that were asked for"):
        materialise(snapshot, tmp_path, since=before)


def test_training_and_measuring_read_the_files(
    owner: User, project: Project, images: list[Image], tmp_path: Path
) -> None:
    for image in images:
        annotate(owner, image)
    snapshot = freeze(owner, project)
    folder = materialise(snapshot, tmp_path / "data")
    train, held_out = open_dataset(folder), read_folder(folder / "validation")
    assert len(train) == snapshot.counts["train"]["images"]
    assert len(held_out) == snapshot.counts["validation"]["images"] >= 1
    assert len(train) + len(held_out) == 6
    assert train.read(0).masks[0] == rectangle()
    assert held_out[0].load().masks.shape == (1, 48, 64)


def test_tags_are_frozen_and_exported_with_their_images(
    owner: User, project: Project, images: list[Image], tmp_path: Path
) -> None:
    for image in images:
        annotate(owner, image)
    with unit_of_work() as uow:
        change_tags(uow, owner, project.id, [image.id for image in images[1:]], add=["rain", "night"])
    snapshot = freeze(owner, project)
    with unit_of_work() as uow:
        change_tags(uow, owner, project.id, [image.id for image in images], add=["later"], remove=["rain"])
        exported = [json.loads(content)["image"]["tags"] for _, content in export_sa1b(uow, project.id)]
    untagged = str(images[0].id)
    assert {image["id"]: image["tags"] for image in frozen_images(snapshot)} == {
        str(image.id): [] if str(image.id) == untagged else ["night", "rain"] for image in images
    }
    folder = materialise(snapshot, tmp_path / "data")
    written = [image for side in Side for image in read_folder(folder / side.value)]
    assert {image.load().tags for image in written if image.name != untagged} == {("night", "rain")}
    assert exported == [["later"], *[["later", "night"]] * 5]


def test_no_image_ever_changes_sides(owner: User, project: Project, images: list[Image]) -> None:
    for image in images[:3]:
        annotate(owner, image)
    before = sides(freeze(owner, project, validation_share=0.5))
    for image in images[3:]:
        annotate(owner, image)
    later = sides(freeze(owner, project, validation_share=0.0))
    assert {image: later[image] for image in before} == before
    assert {later[str(image.id)] for image in images[3:]} == {"train"}
    # The same file in another project is the same image.
    elsewhere = make_project(owner, "Elsewhere")
    copies = [add_image(elsewhere, owner, seed) for seed in range(3)]
    for image in copies:
        annotate(owner, image)
    assert [sides(freeze(owner, elsewhere))[str(copy.id)] for copy in copies] == [
        before[str(image.id)] for image in images[:3]
    ]


def test_sides_that_were_drawn_elsewhere_meanwhile_hold(owner: User) -> None:
    hashes = [f"{number:064x}" for number in range(40)]
    with unit_of_work() as uow:
        drawn = split_sides(uow, hashes, 0.5)
    assert 8 < list(drawn.values()).count(Side.VALIDATION) < 32
    with unit_of_work() as uow:
        assert split_sides(uow, hashes, 0.0) == drawn
        assert len(uow.session.scalars(select(ImageSplit)).all()) == 40


@pytest.mark.parametrize("share", [0.001, 0.9])
def test_two_images_are_enough_for_both_sides(owner: User, share: float) -> None:
    for number in range(20):
        with unit_of_work() as uow:
            pair = split_sides(uow, [f"{2 * number:064x}", f"{2 * number + 1:064x}"], share)
        assert set(pair.values()) == {Side.TRAIN, Side.VALIDATION}


def test_filters_choose_masks(owner: User, project: Project, image: Image) -> None:
    drawn = annotate(owner, image, predicted_iou=None, stability_score=None, candidate_index=None, label="bird")
    sure = annotate(owner, image, predicted_iou=0.95, stage=Stage.SEMI_AUTOMATIC)
    doubtful = annotate(owner, image, predicted_iou=0.4, segmentation=rectangle(w=2, h=2))
    batch = [annotate(owner, image, stage=Stage.AUTOMATIC) for _ in range(3)]
    with unit_of_work() as uow:
        for mask, review in zip(batch, (None, Review.WAITING, Review.ACCEPTED), strict=True):
            uow.session.execute(update(Mask).where(Mask.id == mask.id).values(job_id=uuid.uuid4(), review=review))

    def chosen(**filters: Any) -> set[str]:
        return ids(freeze(owner, project, filters=filters))

    def those(*masks: Mask) -> set[str]:
        return {str(mask.id) for mask in masks}

    unreviewed, _, accepted = batch
    assert chosen() == those(drawn, sure, doubtful, unreviewed, accepted)
    assert chosen(stages=["manual"]) == those(drawn, doubtful)
    assert chosen(labels=["bird"]) == those(drawn)
    assert chosen(minimum_predicted_iou=0.93) == those(drawn, sure, unreviewed, accepted)
    assert chosen(minimum_area=10) == those(drawn, sure, unreviewed, accepted)
    assert chosen(reviewed_only=True) == those(drawn, sure, doubtful, accepted)
    with pytest.raises(InvalidInput, match="No mask passes"):
        chosen(labels=["fish"])


def test_counts_and_authors_are_those_of_the_masks(owner: User, project: Project, images: list[Image]) -> None:
    helper = make_user("Ada")
    for image in images:
        annotate(owner, image)
        annotate(helper, image, stage=Stage.AUTOMATIC)
    snapshot = freeze(owner, project)
    both = [snapshot.counts[side.value] for side in Side]
    assert sum(side["images"] for side in both) == 6
    assert sum(side["masks"] for side in both) == 12
    assert all(side["stages"] == {"automatic": side["images"], "manual": side["images"]} for side in both)
    assert snapshot.authors == {str(owner.id): 6, str(helper.id): 6}


def test_difference_counts_new_changed_and_gone_masks(
    owner: User, project: Project, images: list[Image], tmp_path: Path
) -> None:
    kept, changed, gone = (annotate(owner, images[0]) for _ in range(3))
    earlier = freeze(owner, project)
    with unit_of_work() as uow:
        put_mask(uow, owner, images[0].id, changed.id, mask_content(segmentation=rectangle(w=3)), 1)
        delete_mask(uow, owner, images[0].id, gone.id, 1)
    new = annotate(owner, images[1], stage=Stage.SEMI_AUTOMATIC)
    later = freeze(owner, project)
    found = diff(earlier, later)
    assert (found.images_added, found.images_removed) == (1, 0)
    assert (found.masks_added, found.masks_changed, found.masks_removed, found.masks_same) == (1, 1, 1, 1)
    assert found.stages == {
        "manual": {"added": 0, "changed": 1, "removed": 1},
        "semi_automatic": {"added": 1, "changed": 0, "removed": 0},
    }
    assert diff(earlier, earlier) == replace(
        found, images_added=0, masks_added=0, masks_changed=0, masks_removed=0, masks_same=3, stages={}
    )
    fresh = materialise(later, tmp_path / "new", since=earlier)
    lines = (fresh / "images.jsonl").read_text()
    assert str(new.id) in lines and str(changed.id) in lines and str(kept.id) not in lines
    with pytest.raises(InvalidInput, match="no masks that were not there before"):
        materialise(earlier, tmp_path / "nothing", since=earlier)


def test_snapshots_are_listed_by_project_and_made_by_managers(
    owner: User, project: Project, images: list[Image]
) -> None:
    annotate(owner, images[0])
    snapshot = freeze(owner, project)
    other = make_project(owner, "Other")
    with unit_of_work(read_only=True) as uow:
        assert [each.id for each in list_snapshots(uow, project.id)] == [snapshot.id]
        assert list_snapshots(uow, other.id) == []
        assert [each.id for each in list_snapshots(uow)] == [snapshot.id]
    with pytest.raises(NotAllowed):
        freeze(make_user("Ada"), project)
    with pytest.raises(NotFound), unit_of_work() as uow:
        create_snapshot(uow, owner, read_snapshot_order({"project_ids": [str(uuid.uuid4())]}))
    with pytest.raises(InvalidInput, match="there is no setting filters"):
        freeze(owner, project, filters={"colour": "red"})
