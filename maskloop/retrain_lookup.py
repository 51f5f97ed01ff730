"""Which snapshot, run or schedule somebody means on the command line: numbers, as lists show them."""

from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, NotFound
from engine.flow.models import find_model
from engine.store.tables import RetrainRun, RetrainSchedule, Snapshot
from engine.store.unit_of_work import UnitOfWork


def find_snapshot(uow: UnitOfWork, number: int) -> Snapshot:
    """Raises NotFound."""
    found = uow.session.scalars(select(Snapshot).where(Snapshot.number == number)).one_or_none()
    if found is None:
        raise NotFound("snapshot", number)
    return found


def find_run(uow: UnitOfWork, number: int) -> RetrainRun:
    """Raises NotFound."""
    found = uow.session.scalars(select(RetrainRun).where(RetrainRun.number == number)).one_or_none()
    if found is None:
        raise NotFound("retraining run", number)
    return found


def find_retrain_schedule(uow: UnitOfWork, text: str) -> RetrainSchedule:
    """The schedule whose id begins so. Raises NotFound, and Conflict when several do."""
    wanted = text.strip().lower()
    rows = uow.session.scalars(select(RetrainSchedule)).all()
    found = [each for each in rows if wanted and str(each.id).startswith(wanted)]
    if len(found) > 1:
        raise Conflict(f"Several begin so: {', '.join(str(each.id) for each in found)}.")
    if not found:
        raise NotFound("schedule", text)
    return found[0]


def model_id_named(uow: UnitOfWork, name: str | None) -> UUID | None:
    """Raises NotFound."""
    return None if name is None else find_model(uow, name).id
