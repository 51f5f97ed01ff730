"""The tasks: ids in, one call of the flow, harmless when run twice."""

from uuid import UUID

from engine.flow import jobs, retrain_feed
from engine.flow.broker import empty_queues
from engine.flow.demo import create_demo_project
from engine.flow.embed_order import request_in_order
from engine.flow.models import live_model
from engine.flow.old_embeddings import forget_old_embeddings
from engine.flow.register_model import register_bundled
from engine.flow.retrain_schedules import start_due_retrains
from engine.flow.run_item import run_item
from engine.flow.schedules import start_due
from engine.store.unit_of_work import unit_of_work
from workers.app import app


@app.task(name="maskloop.embed")
def embed_image(item_id: str) -> None:
    run_item(UUID(item_id))


@app.task(name="maskloop.automatic")
def find_masks(item_id: str) -> None:
    run_item(UUID(item_id))


@app.task(name="maskloop.prefill")
def prefill_image(item_id: str) -> None:
    run_item(UUID(item_id))


@app.task(name="maskloop.export")
def export_image(item_id: str) -> None:
    run_item(UUID(item_id))


@app.task(name=retrain_feed.TASK)
def retrain(run_id: str) -> None:
    # Training loads much that other queues' workers never need.
    from engine.flow.run_retrain import run_retrain

    run_retrain(UUID(run_id))


@app.task(name="maskloop.resend_lost")
def resend_lost() -> None:
    # Asked before the rows are looked at: what is sent in between is too young to count as lost.
    empty = empty_queues(app)
    with unit_of_work() as uow:
        jobs.resend_lost(uow, empty_queues=empty)
        retrain_feed.resend_lost(uow, empty_queues=empty)


@app.task(name="maskloop.start_due_batches")
def start_due_batches() -> None:
    start_due()


@app.task(name="maskloop.start_due_retrains")
def start_due_retraining() -> None:
    start_due_retrains()


@app.task(name="maskloop.request_missing")
def request_missing() -> None:
    with unit_of_work() as uow:
        model = live_model(uow)
        if model is not None:
            request_in_order(uow, model)


@app.task(name="maskloop.forget_old_embeddings")
def forget_embeddings() -> None:
    forget_old_embeddings()


@app.task(name="maskloop.prepare_deployment")
def prepare_deployment() -> None:
    create_demo_project()
    register_bundled()
