"""Between the registry as the engine holds it and what travels."""

import uuid
from dataclasses import asdict

from api import registry_schemas as schemas
from api.represent import model_schema
from api.schemas import Segmentation
from engine.flow import comparison
from engine.flow.delete_model import needed_by
from engine.flow.loop_report import Round
from engine.flow.model_card import registered_card
from engine.flow.registry import Entry, Figures, ancestors_of, children_of, get_entry, promotions_of
from engine.flow.retrain_listing import user_names
from engine.store.unit_of_work import UnitOfWork


def registry_model(entry: Entry) -> schemas.RegistryModel:
    run, snapshot = entry.run, entry.snapshot
    return schemas.RegistryModel(
        **model_schema(entry.model).model_dump(),
        kind="detector" if entry.is_detector else "promptable",
        parent_id=entry.model.parent_id,
        run_id=None if run is None else run.id,
        run_number=None if run is None else run.number,
        passed=None if run is None or run.verdict is None else run.verdict["passed"],
        snapshot_id=None if snapshot is None else snapshot.id,
        snapshot_number=None if snapshot is None else snapshot.number,
        trained_masks=None if snapshot is None else snapshot.counts["train"]["masks"],
        live_from=entry.live_from,
        figures={name: figures_schema(figures) for name, figures in entry.figures.items()},
    )


def figures_schema(figures: Figures) -> schemas.Figures:
    return schemas.Figures.model_validate(asdict(figures))


def model_detail(uow: UnitOfWork, model_id: uuid.UUID) -> schemas.ModelDetail:
    entry = get_entry(uow, model_id)
    model, run = entry.model, entry.run
    card = registered_card(uow, model)
    promotions = promotions_of(uow, model_id)
    names = user_names(uow, {promotion.by for promotion in promotions if promotion.by is not None})
    return schemas.ModelDetail(
        model=registry_model(entry),
        ancestors=[each.id for each in ancestors_of(uow, model)],
        children=[each.id for each in children_of(uow, model)],
        recipe=None if run is None else run.recipe,
        overrides=None if run is None else run.overrides,
        steps=None if run is None else run.steps,
        machine_seconds=None if run is None else run.machine_seconds,
        verdict=None if run is None else run.verdict,
        evaluation=None if run is None else run.evaluation,
        promotions=[
            schemas.ModelPromotion(
                at=promotion.at,
                by_name=None if promotion.by is None else names.get(promotion.by),
                reason=promotion.reason.value,
                previous_id=promotion.previous_model_id,
            )
            for promotion in promotions
        ],
        parameters=None if card.weights is None else card.weights.parameters,
        bytes=None if card.weights is None else card.weights.bytes,
        origin_file=None if card.origin is None else card.origin.file_name,
        needed_by=needed_by(uow, model),
    )


def compared_mask(found: comparison.ComparedMask) -> schemas.ComparedMask:
    return schemas.ComparedMask(**asdict(found), difference=found.difference)


def old_and_new(found: comparison.OldAndNew) -> schemas.OldAndNew:
    return schemas.OldAndNew(
        mask=compared_mask(found.mask),
        segmentation=Segmentation.model_validate(found.segmentation),
        base=schemas.ComparedAnswer.model_validate(asdict(found.base)),
        candidate=schemas.ComparedAnswer.model_validate(asdict(found.candidate)),
    )


def round_schema(found: Round) -> schemas.LoopRound:
    return schemas.LoopRound.model_validate(asdict(found))
