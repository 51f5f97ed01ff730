"""`maskloop train`: Train a model by a recipe of the paper, or retrain one on newly collected masks.

The command itself is `engine.training.command`, which torchrun can start without this package.
"""

from engine.training.command import train

__all__ = ["train"]
