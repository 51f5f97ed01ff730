"""The shape of the box head, kept as JSON beside its weights."""

import json
from dataclasses import asdict, dataclass

from engine.errors import InvalidCheckpoint
from engine.sam.config import SamConfig

ARCH = "box_head"
"""What the model registry calls it."""


@dataclass(frozen=True)
class BoxHeadConfig:
    """`in_channels`, `side` (positions) and `image_size` (pixels of the model input) are those of the embedding."""

    in_channels: int
    side: int
    image_size: int
    width: int = 128
    tower_depth: int = 3
    levels: int = 4

    def __post_init__(self) -> None:
        if self.width % 16 or self.width < 16:
            raise InvalidCheckpoint(f"A box head's width is a multiple of 16, not {self.width}.")
        if self.levels < 1 or self.side >> (self.levels - 1) < 1:
            raise InvalidCheckpoint(f"A box head of {self.levels} levels does not fit {self.side} positions.")

    @classmethod
    def for_model(cls, sam: SamConfig) -> "BoxHeadConfig":
        """A head on the embeddings of that model: a level for every size that its positions can be halved to, at
        most four."""
        levels = max(1, min(4, sam.embedding_side.bit_length() - 2))
        return cls(in_channels=sam.prompt_embed_dim, side=sam.embedding_side, image_size=sam.image_size, levels=levels)

    @property
    def strides(self) -> list[int]:
        """Pixels of the model input from one position to the next, for each level."""
        return [self.image_size // self.side * 2**level for level in range(self.levels)]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "BoxHeadConfig":
        """Inverse of `to_json`. Raises InvalidCheckpoint for anything else."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise InvalidCheckpoint(f"The detector's JSON is not the configuration of a box head: {error}.") from error
