"""Models are deleted only when nothing needs them, and the reason is said otherwise."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict, NotAllowed, NotFound
from engine.flow.delete_model import delete_model, needed_by
from engine.flow.embed import request_embedding
from engine.flow.models import get_model
from engine.flow.promotion import promote
from engine.store.blobs import get_blobs
from engine.store.tables import (
    Embedding,
    Image,
    Job,
    JobItem,
    JobKind,
    JobState,
    Model,
    ModelState,
    Project,
    RetrainKind,
    RetrainRun,
    RetrainState,
    Snapshot,
    User,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_user
from tests.flow.retraining import annotate


def refused() -> Model:
    """A candidate that nobody wants, with an embedding of its own in the making."""
    blobs = get_blobs()
    with unit_of_work() as uow:
        model = Model(
            name="refused",
            arch="vit_t",
            config={},
            weights_key=blobs.put(b"its weights"),
            weights_sha256="a" * 64,
            prepare_key=blobs.put(b"shared graph"),
            decode_key=blobs.put(b"its graph"),
            state=ModelState.CANDIDATE,
        )
        uow.session.add(model)
    return model


def reasons(model: Model) -> str:
    with unit_of_work(read_only=True) as uow:
        return " ".join(needed_by(uow, get_model(uow, model.id)))


def delete(model: Model, user: User) -> None:
    with unit_of_work() as uow:
        delete_model(uow, user, model.id)


def test_a_model_that_nothing_needs_is_deleted_with_what_it_alone_has(
    owner: User, model: Model, project: Project, image: Image
) -> None:
    candidate, blobs = refused(), get_blobs()
    with unit_of_work() as uow:
        uow.session.get_one(Model, model.id).prepare_key = candidate.prepare_key
        key = blobs.put(b"its embedding")
        uow.session.add(Embedding(image_id=image.id, model_id=candidate.id, blob_key=key, shape=[1]))
        request_embedding(uow, image, candidate)
        run = RetrainRun(
            number=1,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=_snapshot(uow.session, owner, project).id,
            replay_snapshot_ids=[],
            base_model_id=model.id,
            model_id=candidate.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.FINISHED,
            evaluation={"kind": "promptable"},
            created_by=owner.id,
        )
        uow.session.add(run)
    assert reasons(candidate) == ""
    delete(candidate, owner)
    with unit_of_work(read_only=True) as uow:
        with pytest.raises(NotFound):
            get_model(uow, candidate.id)
        assert uow.session.scalars(select(Embedding)).all() == []
        assert uow.session.scalars(select(JobItem).join(Job).where(Job.model_id == candidate.id)).all() == []
        kept = uow.session.get_one(RetrainRun, run.id)
        assert (kept.model_id, kept.evaluation) == (None, {"kind": "promptable"})
    assert [blobs.exists(each) for each in (candidate.weights_key, str(candidate.decode_key), key)] == [False] * 3
    assert blobs.exists(str(candidate.prepare_key)), "another model has the same graph"


def _snapshot(session: Session, owner: User, project: Project) -> Snapshot:
    snapshot = Snapshot(
        number=1,
        name="Birds",
        project_ids=[str(project.id)],
        filters={},
        manifest_key="none",
        manifest_sha256="none",
        counts={},
        authors={},
        created_by=owner.id,
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def test_twins_share_their_weights(owner: User, model: Model) -> None:
    with unit_of_work() as uow:
        twin = Model(
            name="twin",
            arch=model.arch,
            config=model.config,
            weights_key=model.weights_key,
            weights_sha256=model.weights_sha256,
            state=ModelState.CANDIDATE,
        )
        uow.session.add(twin)
    delete(twin, owner)
    assert get_blobs().exists(model.weights_key)


def test_what_is_needed_stays_and_the_reason_is_said(owner: User, model: Model, project: Project, image: Image) -> None:
    candidate = refused()
    assert reasons(model) == "It is live."
    annotate(owner, image, model_id=candidate.id)
    assert reasons(candidate) == "Masks made with it: 1."
    with unit_of_work() as uow:
        job = Job(kind=JobKind.AUTOMATIC, project_id=project.id, model_id=candidate.id, state=JobState.FINISHED)
        uow.session.add(job)
        uow.session.get_one(Model, model.id).parent_id = candidate.id
    found = reasons(candidate)
    assert "It is where tiny came from." in found
    assert "Batches that worked with it: 1." in found
    with pytest.raises(Conflict, match=r"refused cannot be deleted\. It is where tiny came from"):
        delete(candidate, owner)


def test_what_was_live_is_kept_to_go_back_to(owner: User, model: Model) -> None:
    candidate = refused()
    for each in (candidate, model):
        with unit_of_work() as uow:
            promote(uow, each.id, owner)
    assert "the history of promotions names it" in reasons(candidate)
    with pytest.raises(NotAllowed):
        delete(candidate, make_user("Ann"))
