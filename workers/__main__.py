"""`python -m workers`: one worker, with the schedule unless told otherwise."""

import argparse
import os
import sys

from celery.beat import EmbeddedService

from engine.flow.dispatch import Queue
from workers.app import app


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop (SIGTERM finishes the task in hand); returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument(
        "--queues",
        default=",".join(queue.value for queue in Queue),
        help="queues to work on, the most urgent first [%(default)s]",
    )
    parser.add_argument("--no-beat", action="store_true", help="leave the schedule to another process")
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="give way to other processes [%(default)s]")
    options = parser.parse_args(arguments)
    if options.nice:
        os.nice(options.nice)
    if not options.no_beat:
        # A thread, so that nothing is left behind when the worker is killed.
        EmbeddedService(app, thread=True).start()
    worker = app.Worker(
        queues=options.queues,
        loglevel="INFO",
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    worker.start()
    return worker.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
