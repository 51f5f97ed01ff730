import uuid

from fastapi import APIRouter

from api.deps import ReadWork, Work
from api.schemas import EmbeddingCounts, Failure, Progress
from engine.flow import embed
from engine.store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/projects/{project_id}/progress", tags=["progress"])


@router.get("")
def get_progress(project_id: uuid.UUID, uow: ReadWork) -> Progress:
    """How far the live model's embeddings of a project's images are, and what failed."""
    return progress(uow, project_id)


@router.post("/retry")
def retry_failed(project_id: uuid.UUID, uow: Work) -> Progress:
    """Queue the failed images of a project again."""
    embed.retry_failed(uow, project_id)
    return progress(uow, project_id)


def progress(uow: UnitOfWork, project_id: uuid.UUID) -> Progress:
    found = embed.embedding_progress(uow, project_id)
    return Progress(
        embedding=EmbeddingCounts(queued=found.queued, running=found.running, done=found.done, failed=found.failed),
        failures=[Failure.model_validate(failure) for failure in found.failures],
    )
