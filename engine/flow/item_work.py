"""What the worker's side of every kind of job has in common: a task, and the function that stores what it made."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from engine.flow.heart import Heart
from engine.flow.jobs import Outcome
from engine.store.tables import Image, Job, Model
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ItemTask:
    """One attempt at one image of a job; the rows are as they were when it began."""

    item_id: UUID
    job: Job
    image: Image
    model: Model | None

    def required_model(self) -> Model:
        """The model of a kind that works with one. Raises LookupError when the row has none, which is a defect."""
        if self.model is None:
            raise LookupError(f"Job {self.job.id} of kind {self.job.kind} names no model.")
        return self.model


Store = Callable[[UnitOfWork], Outcome]
"""Writes what was made; called in the transaction that marks the item done, or not at all."""

Work = Callable[[ItemTask, Heart], Store]
"""Does the slow part outside of any transaction, asking the heart now and then whether it is still wanted."""
