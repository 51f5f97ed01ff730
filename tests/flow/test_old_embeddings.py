"""The embeddings of replaced models go; whatever somebody may still ask for at once stays."""

from datetime import timedelta

from sqlalchemy import select

from engine.flow.batch_order import BatchOrder, Selection
from engine.flow.batches import cancel_batch, start_batch
from engine.flow.embed import embedding_state, request_embedding
from engine.flow.models import get_model
from engine.flow.old_embeddings import forget_old_embeddings
from engine.flow.promotion import promote
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, Image, ItemState, JobItem, JobKind, Model, ModelState, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.flow.candidates import candidate
from tests.flow.conftest import Outbox

LATER = timedelta(days=30)


def promoted(like: Model, name: str) -> Model:
    model = candidate(like, name)
    with unit_of_work() as uow:
        return promote(uow, model.id)


def embed(image: Image, model: Model, content: bytes) -> str:
    """As a worker does: the item of the queue is done, and the embedding there."""
    key = get_blobs().put(content)
    with unit_of_work() as uow:
        request_embedding(uow, image, model)
        for item in uow.session.scalars(select(JobItem).where(JobItem.image_id == image.id)):
            item.state = ItemState.DONE
        uow.session.add(Embedding(image_id=image.id, model_id=model.id, blob_key=key, shape=[1]))
    return key


def state(image: Image, model: Model) -> str:
    with unit_of_work(read_only=True) as uow:
        return embedding_state(uow, image.id, model.id).state


def test_only_what_a_rollback_does_not_need_is_forgotten(
    model: Model, image: Image, owner: User, outbox: Outbox
) -> None:
    keys = [embed(image, model, b"first")]
    second = promoted(model, "v2")
    keys.append(embed(image, second, b"second"))
    third = promoted(model, "v3")
    keys.append(embed(image, third, b"third"))
    waiting = candidate(model, "v4")
    keys.append(embed(image, waiting, b"fourth"))

    assert forget_old_embeddings() == 0, "replaced a moment ago: pages may still be open with it"
    assert forget_old_embeddings(utc_now() + LATER) == 1
    assert [get_blobs().exists(key) for key in keys] == [False, True, True, True]
    assert [state(image, each) for each in (model, second, third, waiting)] == ["none", "done", "done", "done"]
    assert forget_old_embeddings(utc_now() + LATER) == 0

    # The model may come back, and is then embedded anew.
    with unit_of_work() as uow:
        promote(uow, model.id)
    assert state(image, model) == "queued"


def test_a_blob_that_another_model_shares_stays(model: Model, image: Image, outbox: Outbox) -> None:
    key = embed(image, model, b"of the same weights")
    embed(image, promoted(model, "v2"), b"of the same weights")
    promoted(model, "v3")
    assert forget_old_embeddings(utc_now() + LATER) == 1
    assert get_blobs().exists(key)


def test_a_batch_that_works_with_an_old_model_keeps_its_embeddings(
    model: Model, project: Project, image: Image, owner: User, outbox: Outbox
) -> None:
    embed(image, model, b"first")
    with unit_of_work() as uow:
        order = BatchOrder(kind=JobKind.AUTOMATIC, model_id=model.id, selection=Selection())
        job = start_batch(uow, owner, project.id, order)
    promoted(model, "v2")
    promoted(model, "v3")
    assert forget_old_embeddings(utc_now() + LATER) == 0
    with unit_of_work() as uow:
        cancel_batch(uow, owner, job.id)
    assert forget_old_embeddings(utc_now() + LATER) == 1


def test_what_an_open_page_had_made_since_is_kept_as_long(model: Model, image: Image, outbox: Outbox) -> None:
    promoted(model, "v2")
    promoted(model, "v3")
    embed(image, model, b"made for an old page")
    with unit_of_work() as uow:
        embedding = uow.session.scalars(select(Embedding)).one()
        embedding.created_at = utc_now() + LATER
    assert forget_old_embeddings(utc_now() + LATER) == 0


def test_without_a_live_model_nothing_is_forgotten(model: Model, image: Image, outbox: Outbox) -> None:
    embed(image, model, b"first")
    with unit_of_work() as uow:
        get_model(uow, model.id).state = ModelState.RETIRED
    assert forget_old_embeddings(utc_now() + LATER) == 0
