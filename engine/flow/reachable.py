"""Waiting for a database that cannot be reached for a while."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

_DELAYS = (1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds between tries: two minutes in all."""

_log = logging.getLogger(__name__)
Result = TypeVar("Result")


def when_reachable(transaction: Callable[[], Result]) -> Result:
    """`transaction`, tried again for two minutes while the database cannot be reached.

    It may have been committed although its answer was lost: it must be harmless when run twice. Raises the last
    OperationalError when the time is up.
    """
    for delay in _DELAYS:
        try:
            return transaction()
        except OperationalError:
            _log.warning("the database cannot be reached; trying again in %d s", delay, exc_info=True)
            time.sleep(delay)
    return transaction()
