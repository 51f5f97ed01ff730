"""The Celery application of the workers.

A worker runs one task at a time (`solo`): torch uses all cores by itself, and nothing is prefetched that another
worker could do. A message is acknowledged when its task is over; the job rows remember what was under way, so a message
that a broker delivers twice, or loses, changes nothing.
"""

import logging
from typing import Any

from celery.schedules import schedule
from celery.signals import worker_ready

from engine.flow import jobs, retrain_feed
from engine.flow.broker import create_client, register_celery_sender
from engine.flow.dispatch import Queue
from engine.settings import get_settings
from engine.store.unit_of_work import unit_of_work

_log = logging.getLogger(__name__)

app = create_client()
app.conf.update(
    imports=["workers.tasks"],
    worker_pool="solo",
    worker_prefetch_multiplier=1,
    task_acks_late=True,
    worker_hijack_root_logger=True,
    worker_send_task_events=False,
    # Answers to remote control and news about other workers need broadcasts, which the folder broker does not have.
    worker_enable_remote_control=bool(get_settings().broker_url),
    beat_schedule={
        "resend what was lost": {
            "task": "maskloop.resend_lost",
            "schedule": schedule(run_every=30),
            "options": {"queue": Queue.IO.value, "expires": 30},
        },
        "start the batches that are due": {
            "task": "maskloop.start_due_batches",
            "schedule": schedule(run_every=15),
            "options": {"queue": Queue.IO.value, "expires": 15},
        },
        "start the retraining that is due": {
            "task": "maskloop.start_due_retrains",
            "schedule": schedule(run_every=20),
            "options": {"queue": Queue.IO.value, "expires": 20},
        },
        "ask for missing embeddings": {
            "task": "maskloop.request_missing",
            "schedule": schedule(run_every=600),
            "options": {"queue": Queue.IO.value, "expires": 600},
        },
        "forget old embeddings": {
            "task": "maskloop.forget_old_embeddings",
            "schedule": schedule(run_every=3600),
            "options": {"queue": Queue.IO.value, "expires": 3600},
        },
    },
    beat_schedule_filename=str(get_settings().data / "beat-schedule"),
)
register_celery_sender(app)


@worker_ready.connect
def _on_ready(sender: Any, **_: Any) -> None:
    """Prepare the deployment (harmless when it is prepared) and take up what a killed worker left."""
    consumed = {queue.name for queue in sender.task_consumer.queues}
    if Queue.IO.value in consumed:
        app.send_task("maskloop.prepare_deployment", queue=Queue.IO.value)
    # The embedded deployment has one worker per queue, so whatever is under way there died with the one before.
    if get_settings().embedded:
        kinds = [kind for kind, route in jobs.ROUTES.items() if route.queue.value in consumed]
        with unit_of_work() as uow:
            jobs.recover(uow, kinds)
            if Queue.TRAIN.value in consumed:
                retrain_feed.recover(uow)
