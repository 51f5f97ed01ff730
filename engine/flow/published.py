"""The checkpoints that were published with the paper, by the name of their architecture, and which are here."""

from dataclasses import dataclass

from engine.errors import NotFound
from engine.flow.model_origin import find_origin
from engine.flow.models import list_models, require_free_name
from engine.settings import get_settings
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work


@dataclass(frozen=True)
class PublishedCheckpoint:
    """A file whose name ends in the first hexadecimal digits of its SHA-256."""

    arch: str
    file_name: str

    @property
    def sha256_prefix(self) -> str:
        return self.file_name.removesuffix(".pth").rsplit("_", 1)[-1]

    @property
    def url(self) -> str:
        return f"{get_settings().published_models_url.rstrip('/')}/{self.file_name}"


PUBLISHED = {
    checkpoint.arch: checkpoint
    for checkpoint in (
        PublishedCheckpoint("vit_b", "sam_vit_b_01ec64.pth"),
        PublishedCheckpoint("vit_l", "sam_vit_l_0b3195.pth"),
        PublishedCheckpoint("vit_h", "sam_vit_h_4b8939.pth"),
    )
}
"""Source: https://github.com/facebookresearch/segment-anything#model-checkpoints"""


def published(name: str) -> PublishedCheckpoint:
    """Raises NotFound, naming those there are."""
    if name not in PUBLISHED:
        raise NotFound("published checkpoint", f"{name!r}: choose one of {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def find_pulled(name: str, registered_as: str) -> Model | None:
    """The model of that name, if it came from the published checkpoint `name`; None when the name is free.

    Raises NotFound for an unknown checkpoint, Conflict when another model has the name.
    """
    checkpoint = published(name)
    with unit_of_work(read_only=True) as uow:
        for model in list_models(uow):
            origin = find_origin(uow, model) if model.name == registered_as else None
            if origin is not None and origin.sha256.startswith(checkpoint.sha256_prefix):
                return model
        require_free_name(uow, registered_as)
    return None
