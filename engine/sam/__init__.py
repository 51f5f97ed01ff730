"""The promptable model (Segment Anything), pure torch."""

from engine.sam.build import ARCHITECTURES, architecture, build_sam
from engine.sam.checkpoint import load_bundled, load_checkpoint, sam_from_state_dict, save_checkpoint
from engine.sam.config import SamConfig, TinyConfig, VitConfig
from engine.sam.model import Sam

__all__ = [
    "ARCHITECTURES",
    "Sam",
    "SamConfig",
    "TinyConfig",
    "VitConfig",
    "architecture",
    "build_sam",
    "load_bundled",
    "load_checkpoint",
    "sam_from_state_dict",
    "save_checkpoint",
]
