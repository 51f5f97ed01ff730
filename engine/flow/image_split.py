"""Which side of the split an image is on: drawn when it is first frozen, then remembered for ever."""

import hashlib
from collections.abc import Collection, Iterable

from sqlalchemy import select

from engine.store.queries import insert_or_ignore
from engine.store.tables import ImageSplit, Side, utc_now
from engine.store.unit_of_work import UnitOfWork

_AT_ONCE = 1000


def split_sides(uow: UnitOfWork, image_sha256s: Collection[str], validation_share: float) -> dict[str, Side]:
    """The side of each image, by the hash of its file; those that have none yet are given one for good.

    The side follows from the hash and the share asked for. Where that leaves no image at all to measure on, the new
    one with the lowest draw is taken, so that two images are enough to train and to measure. Callers that race agree.
    """
    known = _known(uow, image_sha256s)
    new = sorted(set(image_sha256s) - known.keys(), key=_draw)
    sides = {sha256: Side.VALIDATION if _draw(sha256) < validation_share else Side.TRAIN for sha256 in new}
    if validation_share > 0 and len(image_sha256s) > 1:
        _spare_one(known.values(), new, sides)
    now = utc_now()
    rows = [{"image_sha256": sha256, "side": side, "decided_at": now} for sha256, side in sides.items()]
    insert_or_ignore(uow.session, ImageSplit, rows)
    return known | _known(uow, new)


def _spare_one(known: Iterable[Side], new: list[str], sides: dict[str, Side]) -> None:
    """Change one of the new images' sides where all images together would be on one side."""
    together = {*known, *sides.values()}
    if not new or len(together) > 1:
        return
    if together == {Side.TRAIN}:
        sides[new[0]] = Side.VALIDATION
    else:
        sides[new[-1]] = Side.TRAIN


def _draw(sha256: str) -> float:
    """Evenly between 0 and 1. Of another hash, so that names made of the first one say nothing about the side."""
    return int.from_bytes(hashlib.sha256(f"split:{sha256}".encode()).digest()[:8]) / 2**64


def _known(uow: UnitOfWork, image_sha256s: Collection[str]) -> dict[str, Side]:
    wanted = list(image_sha256s)
    found: dict[str, Side] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = uow.session.execute(
            select(ImageSplit.image_sha256, ImageSplit.side).where(
                ImageSplit.image_sha256.in_(wanted[start : start + _AT_ONCE])
            )
        )
        found.update((sha256, side) for sha256, side in rows)
    return found
