"""What a worker needs to know for one attempt at a retraining run, and where the run's files are."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from engine.flow.retrain_heart import RunHeart
from engine.flow.snapshot_files import materialise
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Model, RetrainRun, Snapshot
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class RetrainTask:
    """One attempt at a run; the rows are as they were when it began. `since` is the snapshot of `new_since_id`."""

    run: RetrainRun
    base: Model
    snapshot: Snapshot
    since: Snapshot | None
    replay: tuple[Snapshot, ...]

    @classmethod
    def of(cls, uow: UnitOfWork, run: RetrainRun) -> "RetrainTask":
        """The task of a claimed run."""
        get = uow.session.get_one
        return cls(
            run=run,
            base=get(Model, run.base_model_id),
            snapshot=get(Snapshot, run.snapshot_id),
            since=None if run.new_since_id is None else get(Snapshot, run.new_since_id),
            replay=tuple(get(Snapshot, UUID(each)) for each in run.replay_snapshot_ids),
        )

    @property
    def folder(self) -> Path:
        """Everything that the run keeps on this machine; see `run_folder`."""
        return run_folder(self.run.id)

    @property
    def training(self) -> Path:
        """What `engine.training` writes: state, model, log."""
        return self.folder / "training"

    def data(self, heart: RunHeart) -> Path:
        """The snapshot's data set, written if it is not there; the part that is new, where only that is wanted."""
        name = "data" if self.since is None else "new"
        return materialise(self.snapshot, self.folder / name, since=self.since, on_image=heart.check)

    def replayed(self, heart: RunHeart) -> list[Path]:
        """The data sets of the snapshots that are replayed."""
        return [materialise(each, self.folder / f"replay-{each.number}", on_image=heart.check) for each in self.replay]

    def base_weights(self) -> Path:
        """The base model as a file with its configuration beside it."""
        file = self.folder / "base.safetensors"
        configuration = file.with_suffix(".json")
        if not configuration.is_file():
            partial = file.with_suffix(".partial")
            partial.write_bytes(get_blobs().get(self.base.weights_key))
            partial.replace(file)
            partial.write_text(json.dumps(self.base.config))
            partial.replace(configuration)
        return file


def run_folder(run_id: UUID) -> Path:
    """The folder of a run below the deployment's data; with several machines, each has its own."""
    return get_settings().data / "retrain" / str(run_id)
