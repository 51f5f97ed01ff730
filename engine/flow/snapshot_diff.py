"""What changed between two snapshots."""

from collections import Counter
from dataclasses import dataclass

from engine.flow.snapshot_files import frozen_images
from engine.store.tables import Snapshot


@dataclass(frozen=True)
class SnapshotDiff:
    """Masks and images of a later snapshot beside an earlier one.

    A changed mask is in both, in another version. `stages` counts added, changed and removed masks by their stage.
    """

    images_added: int
    images_removed: int
    masks_added: int
    masks_changed: int
    masks_removed: int
    masks_same: int
    stages: dict[str, dict[str, int]]


def diff(earlier: Snapshot, later: Snapshot) -> SnapshotDiff:
    """What is new, gone and changed in `later`. Raises NotFound when the list of one is gone, Conflict if damaged."""
    images_before, before = _contents(earlier)
    images_after, after = _contents(later)
    kinds: dict[str, Counter[str]] = {"added": Counter(), "changed": Counter(), "removed": Counter()}
    for mask_id, (version, stage) in after.items():
        if mask_id not in before:
            kinds["added"][stage] += 1
        elif before[mask_id][0] != version:
            kinds["changed"][stage] += 1
    for mask_id, (_, stage) in before.items():
        if mask_id not in after:
            kinds["removed"][stage] += 1
    changed = kinds["changed"].total()
    return SnapshotDiff(
        images_added=len(images_after - images_before),
        images_removed=len(images_before - images_after),
        masks_added=kinds["added"].total(),
        masks_changed=changed,
        masks_removed=kinds["removed"].total(),
        masks_same=len(before.keys() & after.keys()) - changed,
        stages={
            stage: {kind: counts[stage] for kind, counts in kinds.items()}
            for stage in sorted({stage for counts in kinds.values() for stage in counts})
        },
    )


def count_new(earlier: Snapshot | None, later: Snapshot) -> int:
    """Mask versions on the train side of `later` that `earlier` did not have; all of them without an earlier one."""
    _, before = ({}, {}) if earlier is None else _contents(earlier)
    return sum(
        before.get(mask["id"], (0, ""))[0] != mask["version"]
        for image in frozen_images(later)
        if image["split"] == "train"
        for mask in image["masks"]
    )


def _contents(snapshot: Snapshot) -> tuple[set[str], dict[str, tuple[int, str]]]:
    """Ids of its images, and version and stage of each mask by its id."""
    images: set[str] = set()
    masks: dict[str, tuple[int, str]] = {}
    for image in frozen_images(snapshot):
        images.add(image["id"])
        masks.update({mask["id"]: (mask["version"], mask["stage"]) for mask in image["masks"]})
    return images, masks
