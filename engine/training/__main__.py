"""`python -m engine.training RECIPE …`: what `maskloop train` does, for torchrun to start."""

from engine.training.command import train
from engine.training.entry import run_as_module

if __name__ == "__main__":
    run_as_module(train, "engine.training")
