import threading
import uuid
from hashlib import sha256
from pathlib import Path

import onnx
import pytest
from sqlalchemy import Engine, select

from engine.errors import Conflict, InvalidCheckpoint, InvalidInput, NotFound
from engine.flow.embed_item import get_embedder
from engine.flow.models import find_model, list_models, live_model
from engine.flow.promotion import promote
from engine.flow.register_model import (
    PreparedModel,
    add_model,
    install_bundled,
    prepare_model,
    register_bundled,
)
from engine.sam import Sam, save_checkpoint
from engine.store.blobs import get_blobs
from engine.store.tables import Image, Job, Model, ModelState, User
from engine.store.unit_of_work import unit_of_work
from tests.flow.conftest import Outbox


@pytest.fixture
def prepared(database: Engine) -> PreparedModel:
    """A model to the store, which looks into neither weights nor graphs."""
    weights, graph = b"weights", get_blobs().put(b"graph")
    return PreparedModel("vit_t", {}, get_blobs().put(weights), sha256(weights).hexdigest(), graph, graph, {})


def test_a_checkpoint_is_prepared_with_weights_and_graphs(
    sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path
) -> None:
    save_checkpoint(tiny_sam, tmp_path / "mine")
    prepared = prepare_model(tmp_path / "mine.safetensors", tiny_sam.config.arch)
    for key in (prepared.prepare_key, prepared.decode_key):
        onnx.load_from_string(get_blobs().get(key))
    with unit_of_work() as uow:
        model = add_model(uow, prepared, "mine")
    assert get_embedder(model) is get_embedder(model)


def test_an_added_model_is_a_candidate(prepared: PreparedModel, owner: User) -> None:
    with unit_of_work() as uow:
        add_model(uow, prepared, "mine", owner)
    with unit_of_work() as uow:
        assert find_model(uow, "mine").state is ModelState.CANDIDATE
        assert live_model(uow) is None


def test_a_taken_or_unusable_name_is_refused(prepared: PreparedModel) -> None:
    with unit_of_work() as uow:
        add_model(uow, prepared, "mine")
    with pytest.raises(Conflict, match="mine"), unit_of_work() as uow:
        add_model(uow, prepared, "mine")
    for name in ("", "../x", "a\x00", "x" * 65):
        with pytest.raises(InvalidInput, match="1 to 64"), unit_of_work() as uow:
            add_model(uow, prepared, name)


def test_a_file_that_is_no_checkpoint_is_refused(database: Engine, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"not weights")
    with pytest.raises(InvalidCheckpoint):
        prepare_model(file, "vit_t")


def test_promotion_retires_the_live_model_and_embeds_every_image(
    prepared: PreparedModel, image: Image, model: Model, owner: User, outbox: Outbox
) -> None:
    with unit_of_work() as uow:
        mine = add_model(uow, prepared, "mine", owner)
    for _ in range(2):
        with unit_of_work() as uow:
            promote(uow, mine.id, owner)
    with unit_of_work() as uow:
        live = live_model(uow)
        assert live is not None
        assert live.id == mine.id
        assert find_model(uow, "tiny").state is ModelState.RETIRED
        assert uow.session.scalars(select(Job.model_id)).all() == [mine.id]
    assert len(outbox.take()) == 1


def test_the_bundled_model_is_registered_once(sqlite_database: Engine) -> None:
    for _ in range(2):
        register_bundled()
    with unit_of_work() as uow:
        (model,) = list_models(uow)
    assert (model.name, model.state, model.parent_id) == ("vit_t", ModelState.LIVE, None)


def test_racing_processes_install_one_bundled_model(prepared: PreparedModel) -> None:
    release = uuid.uuid4()

    def install() -> None:
        with unit_of_work() as uow:
            install_bundled(uow, "vit_t", release, prepared)

    threads = [threading.Thread(target=install) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with unit_of_work() as uow:
        (model,) = list_models(uow)
    assert (model.id, model.state, model.parent_id) == (release, ModelState.LIVE, None)


def test_a_release_with_new_weights_replaces_the_bundled_model_of_the_one_before(prepared: PreparedModel) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    with unit_of_work() as uow:
        install_bundled(uow, "vit_t", old, prepared)
    with unit_of_work() as uow:
        now = install_bundled(uow, "vit_t", new, prepared)
    with unit_of_work() as uow:
        assert find_model(uow, "vit_t").id == new
        before = find_model(uow, f"vit_t {prepared.weights_sha256[:8]}")
    assert (before.id, before.state) == (old, ModelState.RETIRED)
    assert (now.state, now.parent_id) == (ModelState.LIVE, old)


def test_a_model_that_was_promoted_stays_live_over_a_release(prepared: PreparedModel) -> None:
    with unit_of_work() as uow:
        mine = add_model(uow, prepared, "mine")
        promote(uow, mine.id)
    with unit_of_work() as uow:
        assert install_bundled(uow, "vit_t", uuid.uuid4(), prepared).state is ModelState.CANDIDATE
        live = live_model(uow)
        assert live is not None
        assert live.id == mine.id


def test_an_unknown_model_is_not_found(database: Engine) -> None:
    with pytest.raises(NotFound, match="nope"), unit_of_work() as uow:
        find_model(uow, "nope")
