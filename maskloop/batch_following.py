"""One batch on the terminal: printed once, or followed until it is over."""

import time
from uuid import UUID

from tqdm import tqdm

from engine.flow.batch_listing import summarize_batches
from engine.flow.batch_progress import batch_failures, batch_progress
from engine.flow.batches import get_batch
from engine.store.unit_of_work import unit_of_work
from maskloop.batch_lookup import short
from maskloop.batch_tables import batch_json, is_over, print_batch
from maskloop.commands.options import print_json

_LOOK_SECONDS = 1.0


def print_one(job_id: UUID, as_json: bool) -> None:
    """Everything about a batch. Raises NotFound."""
    with unit_of_work(read_only=True) as uow:
        (summary,) = summarize_batches(uow, [get_batch(uow, job_id)])
        progress, failures = batch_progress(uow, job_id), batch_failures(uow, job_id)
    if as_json:
        failed = [{"file": failure.file_name, "error": failure.error} for failure in failures]
        more = {"images_per_minute": progress.rate, "seconds_left": progress.seconds_left, "failures": failed}
        print_json(batch_json(summary) | more)
    else:
        print_batch(summary, progress, failures)


def follow_batch(job_id: UUID) -> None:
    """A bar on stderr until the batch is over. Raises NotFound."""
    with tqdm(desc=short(job_id), unit="image", disable=None) as bar:
        while True:
            with unit_of_work(read_only=True) as uow:
                progress = batch_progress(uow, job_id)
            counts = progress.counts
            bar.total = counts.total
            bar.set_postfix(masks=counts.masks, failed=counts.failed, refresh=False)
            bar.update(counts.done + counts.failed + counts.cancelled - bar.n)
            if is_over(progress.job.state):
                return
            time.sleep(_LOOK_SECONDS)
