"""The broker the settings name, as a bare Celery client: enough to publish by name, and what the workers build on."""

from celery import Celery


def create_client() -> Celery:
    """A Celery application without tasks, connected to the deployment's broker."""
    raise NotImplementedError


def register_celery_sender(client: Celery | None = None) -> None:
    """Let this process's committed work leave through the broker. Call it once, when the process starts."""
    raise NotImplementedError
