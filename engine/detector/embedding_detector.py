"""The default detector: the box head on an embedding that is there anyway."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.automatic.nms import non_maximum_suppression
from engine.detector.config import BoxHeadConfig
from engine.detector.head import BoxHead, boxes_of, positions
from engine.detector.interface import Detections, DetectorInput
from engine.errors import InvalidCheckpoint, InvalidInput
from engine.sam.transforms import resized_shape

# Objects inside of one another are wanted, so boxes may overlap more than a class-specific detector lets them.
_NMS_THRESHOLD = 0.7
# Considered before suppression.
_CANDIDATES = 1000


class EmbeddingDetector:
    """Runs a `BoxHead` on the device it is on."""

    def __init__(self, head: BoxHead) -> None:
        self.head = head.eval()
        self._device = next(head.parameters()).device
        self._positions = positions(head.config, self._device)

    def detect(self, image: DetectorInput, most: int = 100) -> Detections:
        """At most `most` boxes. Raises InvalidInput for an embedding of another model's shape."""
        return self.detect_in_embedding(image.embedding(), image.size, most)

    @torch.inference_mode()
    def detect_in_embedding(self, embedding: NDArray[np.float16], size: tuple[int, int], most: int = 100) -> Detections:
        """Boxes in an image of (height, width) with this embedding C×S×S."""
        config = self.head.config
        if embedding.shape != (config.in_channels, config.side, config.side):
            raise InvalidInput(
                f"The detector reads embeddings of {config.in_channels}×{config.side}×{config.side} values, not "
                f"{'×'.join(map(str, embedding.shape))}: use it with the model it was trained on."
            )
        height, width = resized_shape(*size, config.image_size)
        output = self.head(torch.from_numpy(np.array(embedding)).to(self._device).float()[None])
        on_image = (self._positions.centres < torch.tensor([width, height], device=self._device)).all(dim=1)
        scores = torch.where(on_image, output.scores[0].sigmoid(), 0)
        scores, best = scores.topk(min(_CANDIDATES, len(scores)))
        boxes = boxes_of(output.distances[0, best], self._positions.centres[best])
        scale = boxes.new_tensor([size[1] / width, size[0] / height] * 2)
        limits = boxes.new_tensor([size[1], size[0]] * 2)
        return _best(torch.minimum((boxes * scale).clamp(min=0), limits), scores, most)


def _best(boxes: Tensor, scores: Tensor, most: int) -> Detections:
    corners, confidence = boxes.cpu().numpy(), scores.cpu().numpy()
    real = ((corners[:, 2:] - corners[:, :2]) >= 1).all(axis=1) & (confidence > 0)
    corners, confidence = corners[real], confidence[real]
    kept = non_maximum_suppression(corners, confidence, _NMS_THRESHOLD)[:most]
    return Detections(corners[kept], confidence[kept])


def save_detector(head: BoxHead, file: Path) -> None:
    """Weights as safetensors, with the configuration as JSON beside them."""
    save_file({name: value.contiguous().cpu() for name, value in head.state_dict().items()}, file)
    file.with_suffix(".json").write_text(head.config.to_json(), encoding="utf-8")


def load_detector(file: Path, config: BoxHeadConfig | None = None) -> EmbeddingDetector:
    """Inverse of `save_detector`; `config` defaults to the JSON beside the file. Raises InvalidCheckpoint."""
    try:
        config = config or BoxHeadConfig.from_json(file.with_suffix(".json").read_text(encoding="utf-8"))
        head = BoxHead(config)
        head.load_state_dict(load_file(file))
    except (OSError, SafetensorError) as error:
        raise InvalidCheckpoint(f"{file} cannot be read: {error}.") from error
    except RuntimeError as error:
        raise InvalidCheckpoint(f"{file.name} does not hold the weights of this box head: {error}.") from error
    return EmbeddingDetector(head.to("cuda" if torch.cuda.is_available() else "cpu"))
