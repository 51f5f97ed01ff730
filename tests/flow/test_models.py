import threading
from pathlib import Path

import onnx
import pytest
from sqlalchemy import Engine, select

from engine.errors import Conflict, InvalidCheckpoint, InvalidInput, NotFound
from engine.flow.embed_item import get_embedder
from engine.flow.models import find_model, list_models, live_model
from engine.flow.register_model import PreparedModel, add_model, prepare_model, promote, register_bundled
from engine.sam import Sam, save_checkpoint
from engine.store.blobs import get_blobs
from engine.store.tables import Image, Job, Model, ModelState, User
from engine.store.unit_of_work import unit_of_work
from tests.flow.conftest import Outbox


@pytest.fixture
def prepared(database: Engine, tiny_sam: Sam, tmp_path: Path) -> PreparedModel:
    save_checkpoint(tiny_sam, tmp_path / "mine")
    return prepare_model(tmp_path / "mine.safetensors", tiny_sam.config.arch)


def test_an_added_model_is_a_candidate_with_weights_and_graphs(prepared: PreparedModel, owner: User) -> None:
    with unit_of_work() as uow:
        add_model(uow, prepared, "mine", owner)
    with unit_of_work() as uow:
        model = find_model(uow, "mine")
        assert live_model(uow) is None
    assert model.state is ModelState.CANDIDATE
    assert model.prepare_key is not None
    assert model.decode_key is not None
    for key in (model.prepare_key, model.decode_key):
        onnx.load_from_string(get_blobs().get(key))
    assert get_embedder(model) is get_embedder(model)


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
    prepared: PreparedModel, model: Model, image: Image, owner: User, outbox: Outbox
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


def test_the_bundled_model_is_registered_once_by_racing_processes(database: Engine) -> None:
    threads = [threading.Thread(target=register_bundled) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with unit_of_work() as uow:
        (model,) = list_models(uow)
    assert (model.name, model.state, model.parent_id) == ("vit_t", ModelState.LIVE, None)


def test_a_release_with_new_weights_replaces_the_bundled_model_of_the_one_before(
    database: Engine, prepared: PreparedModel
) -> None:
    with unit_of_work() as uow:
        before = add_model(uow, prepared, "vit_t")
        promote(uow, before.id)
    now = register_bundled()
    with unit_of_work() as uow:
        assert find_model(uow, "vit_t").id == now.id
        assert find_model(uow, f"vit_t {before.weights_sha256[:8]}").state is ModelState.RETIRED
    assert (now.state, now.parent_id) == (ModelState.LIVE, before.id)


def test_a_model_that_was_promoted_stays_live_over_a_release(database: Engine, prepared: PreparedModel) -> None:
    with unit_of_work() as uow:
        mine = add_model(uow, prepared, "mine")
        promote(uow, mine.id)
    assert register_bundled().state is ModelState.CANDIDATE
    with unit_of_work() as uow:
        live = live_model(uow)
        assert live is not None
        assert live.id == mine.id


def test_an_unknown_model_is_not_found(database: Engine) -> None:
    with pytest.raises(NotFound, match="nope"), unit_of_work() as uow:
        find_model(uow, "nope")
