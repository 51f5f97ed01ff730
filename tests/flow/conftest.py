"""A deployment with an owner, a project, and images; what would be sent to the workers is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.flow.dispatch import set_sender
from engine.flow.job_feed import ROUTES
from engine.flow.retrain_feed import TASK as RETRAIN
from engine.sam import Sam
from engine.store.tables import Image, Model, Project, User
from tests.fixtures.deployment import add_image, make_owner, make_project, register


@dataclass
class Outbox:
    """The messages that left, in order: (queue, id of the item or run)."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, task_name: str, ids: dict[str, str], queue: str) -> None:
        assert task_name in {RETRAIN, *(route.task for route in ROUTES.values())}
        self.messages.append((queue, ids["run_id" if task_name == RETRAIN else "item_id"]))

    def take(self) -> list[tuple[str, str]]:
        taken, self.messages = self.messages, []
        return taken


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    set_sender(box)
    yield box
    set_sender(None)


@pytest.fixture
def owner(database: Engine) -> User:
    return make_owner()


@pytest.fixture
def project(owner: User) -> Project:
    return make_project(owner)


@pytest.fixture
def image(project: Project, owner: User) -> Image:
    """64 pixels wide, 48 high; imported before there is a model."""
    return add_image(project, owner)


@pytest.fixture
def model(database: Engine, tiny_sam: Sam, tmp_path: Path) -> Model:
    """A live model, 128-pixel input."""
    return register(tiny_sam, tmp_path)
