"""Embeddings of replaced models → nothing: every promoted model embeds every image anew, and a disk is finite.

An embedding can be made again at any time, so nothing is lost; whoever asks for one that is gone gets it ahead of all
others, as on the first day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from engine.flow.models import live_model
from engine.flow.promotion import previous_of
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import (
    Embedding,
    Job,
    JobItem,
    JobKind,
    JobState,
    Model,
    ModelState,
    Promotion,
    RetrainRun,
    RetrainState,
    utc_now,
)
from engine.store.unit_of_work import UnitOfWork, unit_of_work

_AT_ONCE = 1000
"""Embeddings forgotten in one transaction: nobody waits for a long one."""

_RUN_OVER = (RetrainState.FINISHED, RetrainState.FAILED)
_JOB_OVER = (JobState.FINISHED, JobState.CANCELLED)


def forget_old_embeddings(now: datetime | None = None) -> int:
    """Delete the embeddings that nobody is going to ask for, and return how many there were.

    Those of a model that was replaced longer ago than the setting `keep_embeddings_hours`, made as long ago. The live
    model keeps its own, and so do the one that a rollback returns to, models that nobody promoted yet, and those that a
    batch or a retraining run is at work with.
    """
    before = (now or utc_now()) - timedelta(hours=get_settings().keep_embeddings_hours)
    with unit_of_work(read_only=True) as uow:
        model_ids = _unused_since(uow, before)
    forgotten = 0
    for model_id in model_ids:
        while count := _forget_some(model_id, before):
            forgotten += count
    return forgotten


def _unused_since(uow: UnitOfWork, before: datetime) -> list[UUID]:
    """Models that were replaced before a moment, and that nothing works with."""
    live = live_model(uow)
    if live is None:
        return []
    batches = select(Job.model_id).where(Job.model_id.is_not(None), ~Job.standing, Job.state.not_in(_JOB_OVER))
    runs = select(RetrainRun.base_model_id).where(RetrainRun.state.not_in(_RUN_OVER))
    replaced_at = (
        select(func.max(Promotion.at)).where(Promotion.previous_model_id == Model.id).correlate(Model).scalar_subquery()
    )
    return list(
        uow.session.scalars(
            select(Model.id)
            .where(
                Model.state == ModelState.RETIRED,
                replaced_at < before,
                Model.id != previous_of(uow, live),
                Model.id.not_in(batches),
                Model.id.not_in(runs),
                Model.id.in_(select(Embedding.model_id)),
            )
            .order_by(Model.created_at)
        )
    )


def _forget_some(model_id: UUID, before: datetime) -> int:
    with unit_of_work() as uow:
        model = uow.session.get(Model, model_id, with_for_update={"key_share": True})
        # Somebody may have promoted it since.
        if model is None or model.state is not ModelState.RETIRED:
            return 0
        rows = uow.session.scalars(
            select(Embedding)
            .where(Embedding.model_id == model_id, Embedding.created_at < before)
            .order_by(Embedding.id)
            .limit(_AT_ONCE)
        ).all()
        image_ids = [row.image_id for row in rows]
        # What a standing job says is done would not be asked for again.
        standing = select(Job.id).where(Job.kind == JobKind.EMBED, Job.standing, Job.model_id == model_id)
        uow.session.execute(
            delete(JobItem)
            .where(JobItem.job_id.in_(standing), JobItem.image_id.in_(image_ids))
            .execution_options(synchronize_session=False)
        )
        keys = _only_theirs(uow, rows)
        uow.session.execute(
            delete(Embedding)
            .where(Embedding.id.in_([row.id for row in rows]))
            .execution_options(synchronize_session=False)
        )
        uow.after_commit(lambda: _delete_blobs(keys))
        return len(rows)


def _only_theirs(uow: UnitOfWork, rows: Sequence[Embedding]) -> list[str]:
    """Blobs that no other embedding refers to: models with the same weights share theirs."""
    keys = {row.blob_key for row in rows}
    others = Embedding.id.not_in([row.id for row in rows])
    shared = set(uow.session.scalars(select(Embedding.blob_key).where(Embedding.blob_key.in_(keys), others)))
    return sorted(keys - shared)


def _delete_blobs(keys: list[str]) -> None:
    for key in keys:
        get_blobs().delete(key)
