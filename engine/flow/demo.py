"""A project of generated scenes, so that there is something to click on the first start."""

import io
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from sqlalchemy import select

from engine.flow.import_image import import_image, prepare_image
from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Project, Role, User, utc_now
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from engine.training.scenes import generate_scene

_SCENES = 6
_SIZE = (768, 1024)
_MADE = "demo.created"
_PROJECT_ID = uuid5(NAMESPACE_URL, "maskloop:demo")


def create_demo_project() -> Project | None:
    """The demo project, made once in a deployment's life for its first owner.

    None when it was made before (even if it was deleted since) or there is no owner yet.
    """
    with unit_of_work(read_only=True) as uow:
        if _owner(uow) is None or _was_made(uow):
            return None
    # Drawn before the transaction, which would keep others from writing meanwhile.
    prepared = [
        prepare_image(f"scene-{seed + 1}.png", _png(generate_scene(seed, _SIZE).image)) for seed in range(_SCENES)
    ]
    with unit_of_work() as uow:
        owner = _owner(uow)
        if owner is None or _was_made(uow):
            return None
        # A fixed id: of two workers that get here at once, the second finds the first one's row.
        insert_or_ignore(
            uow.session,
            Project,
            [{"id": _PROJECT_ID, "name": "Demo scenes", "created_by": owner.id, "created_at": utc_now()}],
        )
        project = uow.session.get_one(Project, _PROJECT_ID)
        for image in prepared:
            import_image(uow, project, image, owner)
        uow.session.add(Event(user_id=owner.id, kind=_MADE, subject={"project_id": str(project.id)}))
        return project


def _owner(uow: UnitOfWork) -> User | None:
    return uow.session.scalars(select(User).where(User.role == Role.OWNER).order_by(User.created_at).limit(1)).first()


def _was_made(uow: UnitOfWork) -> bool:
    return uow.session.scalar(select(Event.id).where(Event.kind == _MADE).limit(1)) is not None


def _png(rgb: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(rgb).save(file, "PNG")
    return file.getvalue()
