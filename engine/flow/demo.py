"""A project of generated scenes, so that there is something to click on the first start."""

from engine.store.tables import Project, User
from engine.store.unit_of_work import UnitOfWork


def create_demo_project(uow: UnitOfWork, user: User) -> Project | None:
    """The demo project, made once in a deployment's life; None when it was made before, even if deleted since."""
    raise NotImplementedError
