"""What a deployment can set. The only module that reads the environment (`MASKLOOP_*`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import InvalidSetting


class Settings(BaseSettings):
    """One field per environment variable: `data` is `MASKLOOP_DATA`, and so on.

    Left alone, everything lives below `data`: SQLite, the filesystem broker and the blobs.
    """

    model_config = SettingsConfigDict(env_prefix="MASKLOOP_", frozen=True)

    data: Path = Field(default=Path("data"), description="Folder that holds everything in the embedded default")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the data folder")
    broker_url: str = Field(default="", description="Celery broker URL; empty: filesystem transport in the data folder")
    blobs_url: str = Field(
        default="", description="fsspec URL, such as s3://bucket/prefix; empty: folder in the data folder"
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on")
    port: int = Field(default=8631, description="Port the API listens on")
    public_url: str = Field(default="", description="Address people open, if it is not http://host:port")
    max_image_pixels: int = Field(default=200_000_000, description="Largest image accepted, in pixels")
    max_upload_bytes: int = Field(default=512 * 1024 * 1024, description="Largest file accepted, in bytes")
    model: str = Field(default="vit_t", description="Bundled model made live on first start")
    published_models_url: str = Field(
        default="https://dl.fbaipublicfiles.com/segment_anything",
        description="Folder that `maskloop models pull` fetches the published checkpoints from: a mirror, if need be",
    )
    image_time_limit: int = Field(
        default=3600, gt=0, description="Seconds a worker may spend on one image of a batch before it gives it up"
    )
    train_processes: int = Field(
        default=1, ge=1, le=64, description="Processes that retrain together on a machine (torchrun), one for each GPU"
    )
    train_save_every: float = Field(
        default=120, ge=0, description="Seconds between the states that a retraining run can go on from"
    )
    keep_embeddings_hours: int = Field(
        default=72, ge=0, description="Hours for which the embeddings of a model that was replaced are kept"
    )
    torch_threads: int = Field(default=0, description="Threads for torch in a worker; 0: all cores")

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'maskloop.db').resolve()}"

    @property
    def resolved_broker_url(self) -> str:
        return self.broker_url or "filesystem://"

    @property
    def resolved_blobs_url(self) -> str:
        return self.blobs_url or (self.data / "blobs").resolve().as_uri()

    @property
    def embedded(self) -> bool:
        """True when nothing but the data folder is used, so one supervised worker is the only one."""
        return not (self.database_url or self.broker_url)

    @property
    def has_database(self) -> bool:
        """Whether there is one to open: looking something up must not leave an empty one in any folder."""
        return bool(self.database_url) or (self.data / "maskloop.db").is_file()

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once. Tests that change the environment call `get_settings.cache_clear()`.

    Raises InvalidSetting when a variable has a value that its setting cannot take.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "_".join(["MASKLOOP", *map(str, first["loc"])]).upper()
        raise InvalidSetting(f"{variable} cannot be {first['input']!r}: {first['msg']}.") from error
