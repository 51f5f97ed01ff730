"""Between snapshots and retraining runs as the engine holds them and what travels."""

import uuid
from collections.abc import Sequence

from api import retrain_schemas as schemas
from engine.flow.retrain import curve_of, get_retrain
from engine.flow.retrain_listing import RetrainSummary, summarize_retrains, user_names
from engine.flow.retrain_schedules import in_words, new_masks_of
from engine.store.tables import RetrainPoint, RetrainRun, RetrainSchedule, Snapshot
from engine.store.unit_of_work import UnitOfWork


def snapshot_schemas(uow: UnitOfWork, snapshots: Sequence[Snapshot]) -> list[schemas.Snapshot]:
    authors = {uuid.UUID(user_id) for snapshot in snapshots for user_id in snapshot.authors}
    names = user_names(uow, authors | {snapshot.created_by for snapshot in snapshots})
    return [
        schemas.Snapshot(
            id=snapshot.id,
            number=snapshot.number,
            name=snapshot.name,
            project_ids=[uuid.UUID(each) for each in snapshot.project_ids],
            filters=snapshot.filters,
            counts=schemas.SnapshotCounts.model_validate(snapshot.counts),
            authors=[
                schemas.SnapshotAuthor(user_id=uuid.UUID(key), name=names.get(uuid.UUID(key), ""), masks=masks)
                for key, masks in sorted(snapshot.authors.items(), key=lambda item: -item[1])
            ],
            manifest_sha256=snapshot.manifest_sha256,
            previous_id=snapshot.previous_id,
            created_by_name=names.get(snapshot.created_by),
            created_at=snapshot.created_at,
        )
        for snapshot in snapshots
    ]


def retrain_schema(summary: RetrainSummary) -> schemas.Retrain:
    run = summary.run
    return schemas.Retrain(
        id=run.id,
        number=run.number,
        name=run.name,
        kind=run.kind.value,
        state=run.state.value,
        project_id=run.project_id,
        project_ids=[uuid.UUID(each) for each in summary.snapshot.project_ids],
        snapshot_id=run.snapshot_id,
        snapshot_number=summary.snapshot.number,
        counts=schemas.SnapshotCounts.model_validate(summary.snapshot.counts),
        replay_snapshot_ids=[uuid.UUID(each) for each in run.replay_snapshot_ids],
        replay_scenes=run.replay_scenes,
        new_masks_only=run.new_masks_only,
        base_model_id=run.base_model_id,
        base_model_name=summary.base_model_name,
        model_id=run.model_id,
        model_name=summary.model_name,
        recipe=run.recipe,
        overrides=run.overrides,
        step=run.step,
        steps=run.steps,
        seconds_left=summary.seconds_left,
        attempts=run.attempts,
        verdict=run.verdict,
        error=run.error,
        schedule_id=run.schedule_id,
        created_by_name=summary.created_by_name,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        machine_seconds=run.machine_seconds,
    )


def one_retrain(uow: UnitOfWork, run: RetrainRun) -> schemas.Retrain:
    return retrain_schema(summarize_retrains(uow, [run])[0])


def retrain_detail(uow: UnitOfWork, run_id: uuid.UUID) -> schemas.RetrainDetail:
    run = get_retrain(uow, run_id)
    return schemas.RetrainDetail(
        run=one_retrain(uow, run), points=point_schemas(curve_of(uow, run_id)), evaluation=run.evaluation
    )


def point_schemas(points: Sequence[RetrainPoint]) -> list[schemas.CurvePoint]:
    return [schemas.CurvePoint(step=point.step, values=point.values) for point in points]


def retrain_schedule_schema(uow: UnitOfWork, schedule: RetrainSchedule) -> schemas.RetrainSchedule:
    return schemas.RetrainSchedule(
        id=schedule.id,
        project_id=schedule.project_id,
        order=schedule.order,
        when=in_words(schedule),
        cron=schedule.cron,
        zone=schedule.zone,
        every_new_masks=schedule.every_new_masks,
        minimum_new_masks=schedule.minimum_new_masks,
        new_masks=new_masks_of(uow, schedule),
        next_at=schedule.next_at,
        last_error=schedule.last_error,
    )
