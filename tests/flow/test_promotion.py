"""Promotion and rollback: one live model at any moment, embeddings in the order in which people need them."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine.detector.config import BoxHeadConfig
from engine.detector.head import BoxHead
from engine.errors import Conflict, NotAllowed
from engine.flow import jobs
from engine.flow.detectors import add_detector
from engine.flow.dispatch import set_sender
from engine.flow.embed import embedding_state, request_embedding
from engine.flow.embed_order import TASK, request_in_order
from engine.flow.models import detector_of, live_model
from engine.flow.promotion import promote, rollback
from engine.flow.queue import finish, take_next
from engine.sam import Sam
from engine.store.tables import (
    Image,
    ItemState,
    JobItem,
    Model,
    ModelState,
    Project,
    Promotion,
    PromotionReason,
    Role,
    User,
    utc_now,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project, make_user
from tests.flow.candidates import candidate
from tests.flow.conftest import Outbox


def live_name() -> str:
    with unit_of_work(read_only=True) as uow:
        live = live_model(uow)
        states = uow.session.scalars(select(Model.name).where(Model.state == ModelState.LIVE)).all()
    assert live is not None
    assert states == [live.name]
    return live.name


def go_live(model: Model, user: User) -> None:
    with unit_of_work() as uow:
        promote(uow, model.id, user)


def back(user: User) -> str:
    with unit_of_work() as uow:
        return rollback(uow, user).name


def queued(model: Model) -> list[str]:
    """File names in the order in which they are embedded."""
    with unit_of_work(read_only=True) as uow:
        return list(
            uow.session.scalars(
                select(Image.file_name)
                .join(JobItem, JobItem.image_id == Image.id)
                .where(JobItem.job.has(model_id=model.id))
                .order_by(JobItem.priority.desc(), JobItem.queued_at, JobItem.id)
            )
        )


def test_rolling_back_is_one_step_and_goes_back_further_when_repeated(model: Model, owner: User) -> None:
    second, third = candidate(model, "v2"), candidate(model, "v3")
    with pytest.raises(Conflict, match="replaced no other model"):
        back(owner)
    for each in (second, third):
        go_live(each, owner)
    assert back(owner) == live_name() == "v2"
    assert back(owner) == live_name() == "tiny"
    with pytest.raises(Conflict, match="tiny replaced no other model"):
        back(owner)
    with unit_of_work(read_only=True) as uow:
        reasons = uow.session.scalars(select(Promotion.reason).order_by(Promotion.at)).all()
    assert reasons == [PromotionReason.HAND] * 2 + [PromotionReason.ROLLBACK] * 2


def test_annotators_neither_promote_nor_roll_back(model: Model, owner: User) -> None:
    annotator = make_user("Ann")
    with pytest.raises(NotAllowed):
        go_live(candidate(model, "v2"), annotator)
    go_live(candidate(model, "v3"), make_user("Mia", Role.MANAGER))
    with pytest.raises(NotAllowed):
        back(annotator)
    assert live_name() == "v3"


def test_what_people_open_next_is_embedded_first(
    model: Model, owner: User, project: Project, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.flow.embed_order._NEXT_IN_PROJECT", 2)
    other = make_project(owner, "Boats")
    images = [add_image(project, owner, seed) for seed in range(8)]
    elsewhere = [add_image(other, owner, seed) for seed in range(10, 14)]
    with unit_of_work() as uow:
        # Only what the new model asks for is to be seen.
        uow.session.execute(update(JobItem).values(state=ItemState.DONE))
        finish(uow, owner, images[0].id)
        take_next(uow, owner, project.id, after=images[3].id)
    second = candidate(model, "v2")
    go_live(second, owner)
    order = queued(second)
    assert len(order) == 12
    mine = [order.index(image.file_name) for image in images]
    # Image 4 is open, 5 and 6 are reserved for the same person; whoever comes gets 1 and 2; 0 is finished.
    assert sorted(range(8), key=lambda place: mine[place]) == [5, 6, 1, 2, 4, 3, 7, 0]
    # What comes first elsewhere does not wait for the rest of this project.
    assert order.index(elsewhere[1].file_name) < mine[3]


def test_a_large_deployment_is_asked_for_in_parts(
    model: Model, owner: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(6):
        add_image(project, owner, seed)
    monkeypatch.setattr("engine.flow.embed_order._AT_ONCE", 2)
    monkeypatch.setattr("engine.flow.embed_order._NEXT_IN_PROJECT", 1)
    sent: list[str] = []
    set_sender(lambda task_name, ids, queue: sent.append(task_name))
    second = candidate(model, "v2")
    go_live(second, owner)
    parts = [len(queued(second))]
    while sent.count(TASK) == len(parts):
        with unit_of_work() as uow:
            request_in_order(uow, second)
        parts.append(len(queued(second)))
    set_sender(None)
    assert parts == [3, 5, 6]
    assert queued(second) == [f"bird-{seed}.png" for seed in range(6)]


def test_what_nobody_waits_for_is_not_made_with_the_model_before(
    model: Model, owner: User, project: Project, outbox: Outbox
) -> None:
    waited_for, other = add_image(project, owner, 0), add_image(project, owner, 1)
    with unit_of_work() as uow:
        request_embedding(uow, waited_for, model, urgent=True)
    second = candidate(model, "v2")
    go_live(second, owner)
    with unit_of_work() as uow:
        assert embedding_state(uow, waited_for.id, model.id).state == "queued"
        assert embedding_state(uow, other.id, model.id).state == "none"
        # A page that is still open asks for it and gets it.
        assert request_embedding(uow, other, model, urgent=True).state == "queued"
        request_in_order(uow, model)
    assert back(owner) == "tiny"


def test_racing_promotions_leave_one_live_model(model: Model, owner: User) -> None:
    models = [candidate(model, f"v{number}") for number in range(2, 6)]
    threads = [threading.Thread(target=go_live, args=(each, owner)) for each in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = live_name()
    with unit_of_work(read_only=True) as uow:
        promotions = uow.session.scalars(select(Promotion)).all()
    # Each replaced another one: the promotions are one chain from the first model to the live one.
    follows = {promotion.previous_model_id: promotion.model_id for promotion in promotions}
    chain = [model.id]
    while chain[-1] in follows:
        chain.append(follows[chain[-1]])
    assert len(chain) == 5
    assert chain[-1] == next(each.id for each in models if each.name == last)


def test_a_promoted_detector_is_used_until_another_one_is(model: Model, owner: User, tiny_sam: Sam) -> None:
    def detector(name: str) -> Model:
        with unit_of_work() as uow:
            return add_detector(uow, BoxHead(BoxHeadConfig.for_model(tiny_sam.config)), name, model.id, metrics={})

    def used() -> str:
        with unit_of_work(read_only=True) as uow:
            return detector_of(uow, model).name

    first, second = detector("boxes-1"), detector("boxes-2")
    assert used() == second.name
    go_live(first, owner)
    assert used() == first.name
    assert live_name_of_promptable() == "tiny"
    assert detector("boxes-3").name == used(), "one that somebody adds by hand is meant to be used"


def live_name_of_promptable() -> str:
    with unit_of_work(read_only=True) as uow:
        live = live_model(uow)
    assert live is not None
    return live.name


PROMOTE = """
import os, signal, sys
from uuid import UUID
from sqlalchemy import event
from engine.flow import dispatch
from engine.flow.promotion import promote
from engine.store.database import get_database
from engine.store.unit_of_work import unit_of_work

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment, model_id = sys.argv[1:]
if moment == "before":
    event.listen(get_database(), "commit", die)
else:
    dispatch.set_sender(die)
with unit_of_work() as uow:
    promote(uow, UUID(model_id))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_promotion_that_is_killed_has_happened_or_not(
    moment: str, model: Model, owner: User, image: Image, outbox: Outbox, tmp_path: Path
) -> None:
    """kill -9 right before the commit, and right after it, when messages leave."""
    second = candidate(model, "v2")
    script = tmp_path / "promote.py"
    script.write_text(PROMOTE)
    done = subprocess.run(
        [sys.executable, str(script), moment, str(second.id)],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        check=False,
    )
    assert done.returncode == -9
    if moment == "before":
        assert live_name() == "tiny"
        assert queued(second) == []
        go_live(second, owner)
    assert live_name() == "v2"
    assert queued(second) == [image.file_name]
    outbox.take()
    with unit_of_work() as uow:
        uow.session.execute(update(JobItem).values(sent_at=utc_now() - timedelta(hours=1)))
        jobs.resend_lost(uow)
    assert len(outbox.take()) == 1
