"""Generated scenes as a data set without end: image i is the scene of seed `first_seed` + i."""

from engine.masks import rle
from engine.training.data.dataset import MaskedImage, Sources
from engine.training.scenes import generate_scene

SCENES = "scenes"
"""The word that stands for generated scenes where a path of data is expected."""

SCENE_SHAPES = ((512, 512), (384, 512), (512, 384), (340, 512), (512, 340))
SEEDS_APART = 1_000_000_000
"""Runs with different seeds see different scenes."""


class Scenes:
    """Every scene once: nobody comes to the end of them."""

    def __init__(self, first_seed: int) -> None:
        self.name = SCENES
        self.sources = Sources((SCENES,))
        self._first_seed = first_seed
        self._shapes = SCENE_SHAPES

    def __len__(self) -> int:
        return SEEDS_APART

    def read(self, index: int) -> MaskedImage:
        seed = self._first_seed + index
        scene = generate_scene(seed, self._shapes[seed % len(self._shapes)])
        return MaskedImage(f"scene {seed}", SCENES, scene.image, [rle.encode(mask) for mask in scene.masks()])
