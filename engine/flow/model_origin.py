"""Where a registered model's weights came from, as the event log has it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from engine.errors import InvalidCheckpoint
from engine.store.tables import Event, Model
from engine.store.unit_of_work import UnitOfWork

MODEL_ADDED = "model.added"
"""The kind of the event."""


@dataclass(frozen=True)
class Origin:
    """The file that a model was added from. Its hash is not that of the stored weights, which are in half precision."""

    file_name: str
    sha256: str


def origin_of_file(file: Path) -> Origin:
    """Raises InvalidCheckpoint when there is no such file."""
    if not file.is_file():
        raise InvalidCheckpoint(f"There is no file {file}.")
    with file.open("rb") as content:
        return Origin(file.name, hashlib.file_digest(content, "sha256").hexdigest())


def find_origin(uow: UnitOfWork, model: Model) -> Origin | None:
    """Where a model came from; None for a bundled one."""
    for event in uow.session.scalars(select(Event).where(Event.kind == MODEL_ADDED).order_by(Event.at.desc())):
        if event.subject.get("model_id") == str(model.id) and "file_sha256" in event.subject:
            return Origin(event.subject["file_name"], event.subject["file_sha256"])
    return None
