"""Models that wait to be promoted."""

from engine.store.tables import Model, ModelState
from engine.store.unit_of_work import unit_of_work


def candidate(like: Model, name: str) -> Model:
    """Another model to the registry, with the same weights."""
    with unit_of_work() as uow:
        model = Model(
            name=name,
            arch=like.arch,
            config=like.config,
            weights_key=like.weights_key,
            weights_sha256=like.weights_sha256,
            parent_id=like.id,
            state=ModelState.CANDIDATE,
        )
        uow.session.add(model)
    return model
