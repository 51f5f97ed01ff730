"""`python large_image.py WEIGHTS WIDTH HEIGHT`: the automatic stage on a generated image, and what it took, as JSON.

A process of its own, because the most memory a process ever held is all that the system tells.
"""

import json
import resource
import sys
from pathlib import Path

import numpy as np

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import generate_masks
from engine.masks import rle
from engine.sam import load_checkpoint
from engine.sam.predictor import Predictor


def main(weights: str, width: int, height: int) -> None:
    predictor = Predictor(load_checkpoint(Path(weights)))
    config = AutomaticConfig(
        points_per_side=3,
        points_per_batch=4,
        pred_iou_thresh=0.0,
        stability_score_thresh=0.1,
        box_nms_thresh=1.0,
        crop_nms_thresh=1.0,
        max_cover=1.0,
        crop_n_layers=1,
        min_mask_region_area=1000,
    )
    colours = np.random.default_rng(0).integers(0, 255, (height // 500, width // 500, 3), np.uint8)
    # The model and its libraries are warm before anything large is there.
    generate_masks(predictor, colours, config)
    image = colours.repeat(500, axis=0).repeat(500, axis=1)
    with_image = most_memory()
    masks = generate_masks(predictor, image, config)
    areas = [rle.area(mask.segmentation) for mask in masks]
    report = {"areas": areas, "image_bytes": image.nbytes, "with_image": with_image, "most": most_memory()}
    sys.stdout.write(json.dumps(report))


def most_memory() -> int:
    """The most bytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
