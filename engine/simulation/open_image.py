"""One image as somebody has it open: clicks in, masks out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.clicks import Click
from engine.inference.upscale import upscale_mask
from engine.simulation.annotator import Answer
from engine.simulation.client import Client, Json


@dataclass(frozen=True)
class OpenImage:
    """An image whose embedding by one model is there. `size` is (height, width)."""

    client: Client
    image_id: str
    file_name: str
    size: tuple[int, int]
    model: Json

    @property
    def model_id(self) -> str:
        return self.model["id"]

    def decode(self, clicks: tuple[Click, ...], logits: NDArray[np.float16] | None) -> Answer:
        """The most confident of the three candidates for one click, the single mask for more (`annotator.Decode`)."""
        points = [{"x": click.x, "y": click.y, "label": click.label} for click in clicks]
        decoded = self.client.decode(self.image_id, self.model_id, points, logits)
        offered = range(1, 4) if len(clicks) == 1 else range(1)
        chosen = max(offered, key=lambda index: decoded.predicted_iou[index])
        low_res = decoded.low_res_logits[chosen]
        mask = upscale_mask(low_res.astype(np.float32), self.size, self.model["image_size"])
        return Answer(mask, low_res, decoded.predicted_iou[chosen])


def open_image(client: Client, image: Json, model: Json) -> OpenImage:
    """Waits for the embedding, as the page does. `image` and `model` as the API describes them."""
    client.wait_for_embedding(image["id"], model["id"])
    return OpenImage(client, image["id"], image["file_name"], (image["height"], image["width"]), model)
