"""The tasks: ids in, one call of the flow, harmless when run twice."""

from typing import Any
from uuid import UUID

from celery import Task

from engine.flow import embed, jobs
from engine.flow.demo import create_demo_project
from engine.flow.embed_item import embed_item
from engine.flow.models import live_model
from engine.flow.register_model import register_bundled
from engine.store.unit_of_work import unit_of_work
from workers.app import app


class ItemTask(Task[..., None]):
    """A task on one job item: what goes wrong is written to the item."""

    def on_failure(
        self,
        exc: BaseException,
        task_id: str,  # noqa: ARG002
        args: Any,  # noqa: ARG002
        kwargs: dict[str, Any],
        einfo: Any,  # noqa: ARG002
    ) -> None:
        with unit_of_work() as uow:
            jobs.record_failure(uow, UUID(kwargs["item_id"]), exc)


@app.task(name="maskloop.embed", base=ItemTask)
def embed_image(item_id: str) -> None:
    embed_item(UUID(item_id))


@app.task(name="maskloop.resend_lost")
def resend_lost() -> None:
    with unit_of_work() as uow:
        embed.resend_lost(uow)


@app.task(name="maskloop.request_missing")
def request_missing() -> None:
    with unit_of_work() as uow:
        model = live_model(uow)
        if model is not None:
            embed.request_missing(uow, model)


@app.task(name="maskloop.prepare_deployment")
def prepare_deployment() -> None:
    create_demo_project()
    register_bundled()
