"""A deployment with generated images and the bundled model, and batches of them."""

import io
from uuid import UUID

from PIL import Image

from engine.flow.batch_order import read_order
from engine.flow.batches import start_batch
from engine.flow.broker import register_celery_sender
from engine.flow.import_image import import_image, prepare_image
from engine.flow.projects import create_project
from engine.flow.register_model import register_bundled
from engine.flow.sign_in import create_owner_if_none
from engine.store.unit_of_work import unit_of_work
from engine.training.scenes import generate_scene
from migrations import upgrade

_SIZE = (384, 512)


def make_deployment(images: int) -> UUID:
    """The id of a project with so many generated images of 512×384 pixels."""
    upgrade()
    with unit_of_work() as uow:
        owner = create_owner_if_none(uow)
        project = create_project(uow, owner, "Benchmark")
    for seed in range(images):
        file = io.BytesIO()
        Image.fromarray(generate_scene(seed, _SIZE).image).save(file, "PNG")
        prepared = prepare_image(f"scene-{seed}.png", file.getvalue())
        with unit_of_work() as uow:
            import_image(uow, project, prepared, owner)
    register_bundled()
    register_celery_sender()
    return project.id


def start_batch_of(project_id: UUID, kind: str, settings: dict[str, object], limit: int) -> UUID:
    """The id of a batch of the first `limit` images that are not done yet."""
    selection = {"limit": limit, "not_done": True}
    with unit_of_work() as uow:
        order = read_order({"kind": kind, "settings": settings, "selection": selection})
        return start_batch(uow, create_owner_if_none(uow), project_id, order).id
