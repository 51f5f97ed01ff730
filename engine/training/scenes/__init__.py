"""Synthetic scenes with exact masks: training data for the promptable model and filling for the demo project."""

from engine.training.scenes.compose import generate_scene
from engine.training.scenes.scene import Scene

__all__ = ["Scene", "generate_scene"]
