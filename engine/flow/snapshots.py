"""stored annotation → snapshot: a frozen list of mask versions, split by image for good (files: `snapshot_files`)."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from engine.dataset.snapshot import SnapshotImage, SnapshotMask, Split, to_line
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.flow.export import SUFFIXES
from engine.flow.image_split import split_sides
from engine.flow.image_tags import tags_by_image
from engine.flow.numbering import add_numbered
from engine.flow.projects import get_project
from engine.flow.snapshot_order import SnapshotFilters, SnapshotOrder
from engine.store.blobs import get_blobs
from engine.store.tables import Event, Image, Mask, Review, Role, Side, Snapshot, User
from engine.store.unit_of_work import UnitOfWork

_ROWS_AT_ONCE = 1000


def create_snapshot(uow: UnitOfWork, user: User, order: SnapshotOrder) -> Snapshot:
    """Freeze the masks of some projects as they are now.

    Every image of the snapshot gets a side of the train/validation split, unless it has one already; it keeps it in
    all later snapshots. Masks that change, or images that are deleted afterwards, change nothing in the snapshot.

    Raises NotAllowed for an annotator, NotFound for an unknown project, InvalidInput when no mask passes the filters.
    """
    require_manager(user)
    projects = [get_project(uow, project_id) for project_id in dict.fromkeys(order.project_ids)]
    wanted = _masks_of([project.id for project in projects], order.filters)
    hashes = uow.session.scalars(wanted.with_only_columns(Image.sha256, maintain_column_froms=True).distinct()).all()
    if not hashes:
        if order.filters == SnapshotFilters():
            raise InvalidInput("There is no mask to freeze yet. Annotate some images first.")
        raise InvalidInput("No mask passes these filters. Annotate some images first, or ask for less.")
    sides = split_sides(uow, hashes, order.validation_share)
    manifest = _Manifest()
    rows = uow.session.execute(wanted.order_by(Image.id, Mask.id).execution_options(yield_per=_ROWS_AT_ONCE))
    tags = tags_by_image(uow, wanted.with_only_columns(Image.id, maintain_column_froms=True))
    content = manifest.freeze(_by_image(rows), sides, tags)
    project_ids = sorted(str(project.id) for project in projects)
    previous = latest_snapshot(uow, project_ids)
    names = ", ".join(project.name for project in projects)
    key = get_blobs().put(gzip.compress(content, mtime=0))

    def make(number: int) -> Snapshot:
        return Snapshot(
            number=number,
            name=order.name or names[:100],
            project_ids=project_ids,
            filters=order.filters.model_dump(mode="json", exclude_defaults=True),
            manifest_key=key,
            manifest_sha256=hashlib.sha256(content).hexdigest(),
            counts=manifest.counts(),
            authors=dict(sorted(manifest.authors.items())),
            previous_id=None if previous is None else previous.id,
            created_by=user.id,
        )

    snapshot = add_numbered(uow, Snapshot, make)
    subject = {"snapshot_id": str(snapshot.id), "number": snapshot.number, "project_ids": project_ids}
    uow.session.add(Event(user_id=user.id, kind="snapshot.created", subject=subject))
    return snapshot


def get_snapshot(uow: UnitOfWork, snapshot_id: UUID) -> Snapshot:
    """Raises NotFound."""
    snapshot = uow.session.get(Snapshot, snapshot_id)
    if snapshot is None:
        raise NotFound("snapshot", snapshot_id)
    return snapshot


def list_snapshots(uow: UnitOfWork, project_id: UUID | None = None) -> list[Snapshot]:
    """All snapshots, or those that a project has part in, the newest first. Raises NotFound for an unknown project."""
    found = uow.session.scalars(select(Snapshot).order_by(Snapshot.number.desc()))
    if project_id is None:
        return list(found)
    get_project(uow, project_id)
    return [snapshot for snapshot in found if str(project_id) in snapshot.project_ids]


def latest_snapshot(uow: UnitOfWork, project_ids: list[str]) -> Snapshot | None:
    """The newest snapshot of exactly these projects (ids as text, sorted)."""
    rows = uow.session.execute(select(Snapshot.id, Snapshot.project_ids).order_by(Snapshot.number.desc()))
    found = next((snapshot_id for snapshot_id, of_projects in rows if of_projects == project_ids), None)
    return None if found is None else uow.session.get_one(Snapshot, found)


def read_manifest(snapshot: Snapshot) -> bytes:
    """What was frozen: one line of JSON per image, with its masks, as docs/data.md describes.

    Raises NotFound when the blob is gone, Conflict when it is not what was frozen.
    """
    content = gzip.decompress(get_blobs().get(snapshot.manifest_key))
    if hashlib.sha256(content).hexdigest() != snapshot.manifest_sha256:
        raise Conflict(f"The list of masks of snapshot {snapshot.number} is damaged: its sha256 differs.")
    return content


def count_masks(uow: UnitOfWork, project_ids: list[UUID], filters: SnapshotFilters) -> int:
    """How many masks of some projects pass the filters now."""
    wanted = _masks_of(project_ids, filters).with_only_columns(func.count(), maintain_column_froms=True)
    return uow.session.scalar(wanted) or 0


def require_manager(user: User) -> None:
    """Raises NotAllowed for an annotator."""
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can freeze masks and retrain models.")


@dataclass
class _Manifest:
    """What is counted while images are written down."""

    images: Counter[Side] = field(default_factory=Counter)
    stages: Counter[tuple[Side, str]] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)

    def freeze(
        self, images: Iterable[tuple[Image, list[Row[Any]]]], sides: dict[str, Side], tags: dict[UUID, list[str]]
    ) -> bytes:
        lines: list[bytes] = []
        for image, masks in images:
            side = sides[image.sha256]
            lines.append(to_line(_frozen(image, side, tags.get(image.id, []), masks)))
            self.images[side] += 1
            self.stages.update((side, row.stage.value) for row in masks)
            self.authors.update(str(row.author_id) for row in masks)
        return b"".join(lines)

    def counts(self) -> dict[str, Any]:
        return {
            side.value: {
                "images": self.images[side],
                "masks": sum(count for (its, _), count in self.stages.items() if its is side),
                "stages": {stage: count for (its, stage), count in sorted(self.stages.items()) if its is side},
            }
            for side in Side
        }


def _frozen(image: Image, side: Side, tags: list[str], masks: list[Row[Any]]) -> SnapshotImage:
    return {
        "id": str(image.id),
        # The rendition that was annotated: upright, eight bits. The key of a blob is the hash of its bytes.
        "file": f"{side.value}/images/{image.id}{SUFFIXES[image.display_media_type]}",
        "sha256": image.display_key,
        "width": image.width,
        "height": image.height,
        "split": cast(Split, side.value),
        "tags": tags,
        "masks": [_frozen_mask(image, row) for row in masks],
    }


def _frozen_mask(image: Image, row: Row[Any]) -> SnapshotMask:
    return {
        "id": str(row.id),
        "version": row.version,
        "stage": row.stage.value,
        "label": row.label,
        "segmentation": {"size": [image.height, image.width], "counts": row.counts},
        "bbox": [row.bbox_x, row.bbox_y, row.bbox_w, row.bbox_h],
        "area": row.area,
        "predicted_iou": row.predicted_iou,
        "stability_score": row.stability_score,
    }


def _by_image(rows: Iterable[Row[Any]]) -> Iterator[tuple[Image, list[Row[Any]]]]:
    for image, group in groupby(rows, key=lambda row: row.Image):
        yield image, list(group)


def _masks_of(project_ids: list[UUID], filters: SnapshotFilters) -> Select[*tuple[Any, ...]]:
    """Every image of the projects with each of its masks that passes."""
    return (
        select(
            Image,
            Mask.id,
            Mask.version,
            Mask.stage,
            Mask.label,
            Mask.counts,
            Mask.bbox_x,
            Mask.bbox_y,
            Mask.bbox_w,
            Mask.bbox_h,
            Mask.area,
            Mask.predicted_iou,
            Mask.stability_score,
            Mask.author_id,
        )
        .join(Mask, Mask.image_id == Image.id)
        .where(Image.project_id.in_(project_ids), *_conditions(filters))
    )


def _conditions(filters: SnapshotFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Mask.deleted_at.is_(None),
        Mask.area >= max(1, filters.minimum_area),
        or_(Mask.review.is_(None), Mask.review == Review.ACCEPTED),
    ]
    if filters.stages is not None:
        conditions.append(Mask.stage.in_(filters.stages))
    if filters.labels is not None:
        conditions.append(Mask.label.in_(filters.labels))
    for column, least in (
        (Mask.predicted_iou, filters.minimum_predicted_iou),
        (Mask.stability_score, filters.minimum_stability_score),
    ):
        if least is not None:
            conditions.append(or_(column.is_(None), column >= least))
    if filters.reviewed_only:
        # A mask of a batch that a person changed has been looked at, too.
        conditions.append(or_(Mask.job_id.is_(None), Mask.review == Review.ACCEPTED, Mask.version > 1))
    return conditions
