"""The HTTP application: `uvicorn --factory api.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api.deps import signed_in_user
from api.errors import PROBLEM_RESPONSES, add_error_handlers
from api.headers import SecurityHeaders
from api.limits import BodyLimit
from api.openapi import operation_id
from api.origin import SameOrigin
from api.routes import (
    batch_events,
    batches,
    comparison,
    decode,
    embeddings,
    export,
    health,
    image_files,
    images,
    labels,
    loop,
    masks,
    models,
    own_figures,
    progress,
    projects,
    queue,
    retrain_events,
    retrain_schedules,
    retrains,
    review,
    schedules,
    sign_in,
    snapshots,
    tags,
)
from api.static import BUILT_PAGE, SinglePage
from engine.flow.broker import register_celery_sender
from engine.flow.dispatch import set_sender
from engine.settings import get_settings

OPEN_ROUTES = (health, sign_in)
ROUTES = (
    projects,
    images,
    image_files,
    masks,
    models,
    embeddings,
    decode,
    progress,
    export,
    queue,
    labels,
    own_figures,
    batches,
    batch_events,
    schedules,
    review,
    snapshots,
    retrains,
    retrain_events,
    retrain_schedules,
    comparison,
    loop,
    tags,
)
INCOMPRESSIBLE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "application/wasm", "image/*")


@asynccontextmanager
async def connected_to_workers(_: FastAPI) -> AsyncIterator[None]:
    """While the application runs, what it commits leaves for the workers."""
    register_celery_sender()
    yield
    set_sender(None)


def create_app(page: Path = BUILT_PAGE) -> FastAPI:
    """The API below `/api/v1` and the built page in the folder `page` everywhere else."""
    settings = get_settings()
    app = FastAPI(
        lifespan=connected_to_workers,
        title="maskloop",
        version="1",
        description="A self-hosted, model-in-the-loop data engine for image segmentation.",
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    api = APIRouter(prefix="/api/v1", responses=PROBLEM_RESPONSES)
    for route in OPEN_ROUTES:
        api.include_router(route.router)
    for route in ROUTES:
        api.include_router(route.router, dependencies=[Depends(signed_in_user)])
    app.include_router(api)
    # Not a mount: a mount would take what the API knows under another method, and its 405 with it.
    app.router.default = SinglePage(page)
    add_error_handlers(app)
    # The last one added is the first to see a request.
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5, exclude_content_types=INCOMPRESSIBLE)
    app.add_middleware(BodyLimit, upload_bytes=settings.max_upload_bytes)
    app.add_middleware(SameOrigin, base_url=settings.base_url)
    app.add_middleware(SecurityHeaders)
    return app
