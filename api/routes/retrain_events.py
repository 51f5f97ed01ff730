import uuid
from collections.abc import AsyncIterator

import anyio
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.represent_retrain import one_retrain, point_schemas
from api.retrain_schemas import Retrain, RetrainProgress
from api.routes.batch_events import LOOK_SECONDS, SILENCE_SECONDS, STREAM_SECONDS
from engine.errors import NotFound
from engine.flow.retrain import curve_of, get_retrain
from engine.store.unit_of_work import unit_of_work

router = APIRouter(prefix="/retrains", tags=["retraining"])


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def retrain_events(run_id: uuid.UUID) -> StreamingResponse:
    """Server-sent events named `progress`, each a `RetrainProgress`, whenever something changed; `gone` at the end.

    The first event has the whole curve so far, the others what came since.
    """
    await run_in_threadpool(_look, run_id, -1)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(run_id), media_type="text/event-stream", headers=headers)


async def _events(run_id: uuid.UUID) -> AsyncIterator[str]:
    last: Retrain | None = None
    seen, silence, age = -1, 0.0, 0.0
    while age < STREAM_SECONDS:
        try:
            now = await run_in_threadpool(_look, run_id, seen)
        except NotFound:
            yield "event: gone\ndata: {}\n\n"
            return
        if now.points or now.run != last:
            yield f"event: progress\ndata: {now.model_dump_json()}\n\n"
            last, silence = now.run, 0.0
            seen = now.points[-1].step if now.points else seen
        elif silence >= SILENCE_SECONDS:
            yield ": still here\n\n"
            silence = 0.0
        await anyio.sleep(LOOK_SECONDS)
        silence, age = silence + LOOK_SECONDS, age + LOOK_SECONDS


def _look(run_id: uuid.UUID, seen: int) -> RetrainProgress:
    with unit_of_work(read_only=True) as uow:
        run = one_retrain(uow, get_retrain(uow, run_id))
        return RetrainProgress(run=run, points=point_schemas(curve_of(uow, run_id, after=seen)))
