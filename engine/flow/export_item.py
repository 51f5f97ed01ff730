"""The worker's side of an export: one image's SA-1B record, as it was at that moment, kept as a blob."""

from engine.dataset.sa1b import to_json
from engine.flow.export import sa1b_record
from engine.flow.heart import Heart
from engine.flow.item_work import ItemTask, Store
from engine.flow.jobs import Outcome
from engine.store.blobs import get_blobs
from engine.store.unit_of_work import UnitOfWork, unit_of_work


def export_image(task: ItemTask, _: Heart) -> Store:
    """Write the image's record; `batch_export.export_files` makes a data set of a batch's records."""
    with unit_of_work(read_only=True) as uow:
        record = sa1b_record(uow, task.image, task.image.file_name)
    key = get_blobs().put(to_json(record))
    outcome = Outcome(mask_count=len(record["annotations"]), output_key=key)

    def store(_: UnitOfWork) -> Outcome:
        return outcome

    return store
