"""What a person sees of their own work: masks, and the time and clicks they took (paper, section 4)."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.flow.projects import get_project
from engine.store.tables import Image, Mask, Stage, User
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class OwnFigures:
    """`seconds` is the median of active time per mask, `clicks` the mean of points and boxes; None without masks."""

    masks: int
    images: int
    seconds: float | None
    clicks: float | None


def own_figures(uow: UnitOfWork, user: User, project_id: UUID, since: datetime) -> OwnFigures:
    """Over the masks of the project that `user` has made since then, without deleted ones and those of batches.

    Raises NotFound.
    """
    get_project(uow, project_id)
    rows = uow.session.execute(
        select(Mask.image_id, Mask.active_ms, Mask.prompts)
        .join(Image, Image.id == Mask.image_id)
        .where(
            Mask.author_id == user.id,
            Mask.created_at >= since,
            Mask.deleted_at.is_(None),
            Mask.stage != Stage.AUTOMATIC,
            # A batch's masks carry the name of whoever started it.
            Mask.job_id.is_(None),
            Image.project_id == project_id,
        )
    ).all()
    if not rows:
        return OwnFigures(0, 0, None, None)
    return OwnFigures(
        masks=len(rows),
        images=len({image_id for image_id, _, _ in rows}),
        seconds=median(active_ms for _, active_ms, _ in rows) / 1000,
        clicks=sum(_clicks(prompts) for _, _, prompts in rows) / len(rows),
    )


def _clicks(prompts: dict[str, Any]) -> int:
    return len(prompts.get("points", [])) + (prompts.get("box") is not None)
