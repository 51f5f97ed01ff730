import uuid
from collections.abc import AsyncIterator

import anyio
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.represent_batch import progress_now
from engine.errors import NotFound
from engine.flow.batches import get_batch
from engine.store.unit_of_work import unit_of_work

router = APIRouter(tags=["batches"])

LOOK_SECONDS = 1.0
SILENCE_SECONDS = 15.0
"""A comment after that much silence, so that no proxy takes the connection for a dead one."""

STREAM_SECONDS = 15 * 60.0
"""A browser connects again by itself; until then, someone who has been signed out may look on for this long."""


@router.get(
    "/batches/{batch_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def batch_events(batch_id: uuid.UUID) -> StreamingResponse:
    """Server-sent events named `progress`, each a `BatchProgress`, whenever something changed; `gone` at the end.

    The stream goes on after the batch has finished, for it may be resumed or its failures tried again.
    """
    await run_in_threadpool(_require_batch, batch_id)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(batch_id), media_type="text/event-stream", headers=headers)


async def _events(batch_id: uuid.UUID) -> AsyncIterator[str]:
    last, silence, age = "", 0.0, 0.0
    while age < STREAM_SECONDS:
        try:
            now = await run_in_threadpool(_look, batch_id)
        except NotFound:
            yield "event: gone\ndata: {}\n\n"
            return
        if now != last:
            yield f"event: progress\ndata: {now}\n\n"
            last, silence = now, 0.0
        elif silence >= SILENCE_SECONDS:
            yield ": still here\n\n"
            silence = 0.0
        await anyio.sleep(LOOK_SECONDS)
        silence, age = silence + LOOK_SECONDS, age + LOOK_SECONDS


def _require_batch(batch_id: uuid.UUID) -> None:
    with unit_of_work(read_only=True) as uow:
        get_batch(uow, batch_id)


def _look(batch_id: uuid.UUID) -> str:
    with unit_of_work(read_only=True) as uow:
        return progress_now(uow, batch_id).model_dump_json()
