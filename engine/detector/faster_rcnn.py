"""torchvision's Faster R-CNN behind the same interface, for those who have torchvision and time to train a backbone.

torchvision must fit torch's build exactly, so it is no dependency: it is imported when this detector is asked for.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from engine.detector.interface import Detections, DetectorInput
from engine.detector.train import DetectorExample, DetectorRecipe
from engine.errors import InvalidCheckpoint, InvalidInput, InvalidSetting

ARCH = "faster_rcnn"
"""What the model registry calls it."""

_BACKGROUND_AND_OBJECT = 2


class FasterRcnnDetector:
    """Reads pixels, not the embedding."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network.eval()

    @torch.inference_mode()
    def detect(self, image: DetectorInput, most: int = 100) -> Detections:
        device = next(self.network.parameters()).device
        pixels = torch.from_numpy(image.pixels()).to(device).permute(2, 0, 1).float() / 255
        found = self.network([pixels])[0]
        boxes, scores = found["boxes"][:most].cpu().numpy(), found["scores"][:most].cpu().numpy()
        return Detections(boxes.astype(np.float32), scores.astype(np.float32))


def build_network() -> torch.nn.Module:
    """Faster R-CNN with a ResNet-50 pyramid and random weights: nothing is downloaded.

    Raises InvalidSetting when torchvision is not there or does not fit torch.
    """
    build = _builder()
    return build(weights=None, weights_backbone=None, num_classes=_BACKGROUND_AND_OBJECT)


def require_torchvision() -> None:
    """Raises InvalidSetting when torchvision is not there or does not fit torch: asked before any long work."""
    _builder()


def _builder() -> Callable[..., torch.nn.Module]:
    try:
        from torchvision.models.detection import fasterrcnn_resnet50_fpn_v2  # pyright: ignore[reportMissingImports]
    except (ImportError, RuntimeError) as error:
        raise InvalidSetting(
            "Faster R-CNN needs torchvision, in the version that belongs to the installed torch "
            f"({torch.__version__}). Install it, or train a box_head on embeddings, which needs nothing else."
        ) from error
    return fasterrcnn_resnet50_fpn_v2


def train_faster_rcnn(
    examples: Sequence[DetectorExample],
    recipe: DetectorRecipe | None = None,
    on_step: Callable[[int, int, float], None] | None = None,
) -> torch.nn.Module:
    """Trains one image at a time, because images differ in size. Arguments and errors as in `train.train_detector`."""
    recipe = recipe or DetectorRecipe()
    usable = [example for example in examples if len(example.boxes)]
    if not usable:
        raise InvalidInput("There is nothing to train a detector on: none of the images has a mask.")
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = build_network()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate / 10, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * len(usable)
    for epoch in range(recipe.epochs):
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(usable))
        for place, index in enumerate(order):
            example = usable[index]
            pixels = torch.from_numpy(example.pixels()).to(device).permute(2, 0, 1).float() / 255
            boxes = torch.from_numpy(example.boxes).to(device)
            targets: list[dict[str, Any]] = [
                {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64, device=device)}
            ]
            loss = torch.stack(list(network([pixels], targets).values())).sum()
            if not loss.isfinite():
                raise InvalidInput("The detector's loss is not finite: lower the learning rate.")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if on_step is not None:
                on_step(epoch * len(usable) + place + 1, steps, float(loss.detach()))
    return network.eval()


def save_network(network: torch.nn.Module, file: Path) -> None:
    """Weights as safetensors; the file itself says what they are of."""
    weights = {name: value.contiguous().cpu() for name, value in network.state_dict().items()}
    save_file(weights, file, metadata={"arch": ARCH})


def is_faster_rcnn(file: Path) -> bool:
    """Whether `save_network` wrote the file. Raises InvalidCheckpoint when it cannot be read."""
    try:
        with safe_open(file, framework="pt") as opened:
            return (opened.metadata() or {}).get("arch") == ARCH
    except (OSError, SafetensorError) as error:
        raise InvalidCheckpoint(f"{file} cannot be read: {error}.") from error


def load_faster_rcnn(file: Path) -> FasterRcnnDetector:
    """Raises InvalidSetting without torchvision, InvalidCheckpoint for other weights."""
    network = build_network()
    try:
        network.load_state_dict(load_file(file))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise InvalidCheckpoint(f"{file.name} does not hold the weights of this Faster R-CNN: {error}.") from error
    return FasterRcnnDetector(network.to("cuda" if torch.cuda.is_available() else "cpu"))
