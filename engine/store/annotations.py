"""Which masks are annotations, part of what a project's people have made or accepted, and which may become so."""

from sqlalchemy import ColumnElement, and_, or_

from engine.store.tables import Mask, Review


def is_annotation() -> ColumnElement[bool]:
    """Of a mask: neither deleted nor waiting for review. Only such masks are counted and exported."""
    return and_(Mask.deleted_at.is_(None), or_(Mask.review.is_(None), Mask.review != Review.WAITING))


def is_waiting() -> ColumnElement[bool]:
    """Of a mask: a batch made it, and nobody has accepted or rejected it yet."""
    return and_(Mask.deleted_at.is_(None), Mask.review == Review.WAITING)
