"""The two decoder graphs under ONNX Runtime: prepare an image once, decode any number of prompts. No torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.inference.prompts import Prompt, to_model_input


@dataclass(frozen=True, slots=True)
class Prepared:
    """What all prompts of one image share, 26 MB for 1,024 pixels. Belongs to the decoder that made it."""

    tensors: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """All masks of one prompt; index 0 is the single-mask token, 1 to 3 are the ambiguity tokens."""

    low_res_logits: NDArray[np.float32]
    """4×256×256"""
    predicted_iou: NDArray[np.float32]
    """4"""

    def candidates(self, prompt: Prompt) -> list[int]:
        """The indices to offer, best first: three by predicted IoU for an ambiguous prompt, else the single mask."""
        if not prompt.ambiguous:
            return [0]
        return sorted(range(1, len(self.predicted_iou)), key=lambda index: -float(self.predicted_iou[index]))


class Decoder:
    """One model's prompt encoder and mask decoder. Threads may share it."""

    def __init__(self, prepare_path: Path, decode_path: Path, threads: int = 0) -> None:
        """Loads the graphs that `engine.sam.onnx_export` wrote. `threads` 0: one per core."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads wait for each other busily within a click, not between clicks.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._prepare = onnxruntime.InferenceSession(prepare_path, options, providers=["CPUExecutionProvider"])
        self._decode = onnxruntime.InferenceSession(decode_path, options, providers=["CPUExecutionProvider"])
        self._prepared_names = [output.name for output in self._prepare.get_outputs()]
        self._embedding_shape: tuple[int, ...] = tuple(self._prepare.get_inputs()[0].shape)
        low_res_side = 4 * self._embedding_shape[-1]
        self._no_mask = np.zeros((1, 1, low_res_side, low_res_side), np.float32)

    @property
    def input_side(self) -> int:
        """Pixels along the square model input."""
        return 16 * self._embedding_shape[-1]

    def prepare(self, embedding: NDArray[np.floating]) -> Prepared:
        """Image embedding C×S×S or 1×C×S×S, half or single precision. Raises InvalidInput for another shape."""
        if embedding.size != np.prod(self._embedding_shape) or embedding.shape[-3:] != self._embedding_shape[-3:]:
            raise InvalidInput(f"The embedding has the shape {embedding.shape}, not {self._embedding_shape}.")
        feed = {"image_embedding": embedding.reshape(self._embedding_shape).astype(np.float32)}
        outputs = self._prepare.run(self._prepared_names, feed)
        return Prepared(dict(zip(self._prepared_names, map(np.asarray, outputs), strict=True)))

    def decode(
        self,
        prepared: Prepared,
        prompt: Prompt,
        image_size: tuple[int, int],
        mask_input: NDArray[np.float32] | None = None,
    ) -> Decoded:
        """Decode one prompt.

        Args:
            prepared: of the image, from `prepare`.
            prompt: in the image frame.
            image_size: (height, width) of the image.
            mask_input: logits 4S×4S of an earlier answer, or None.

        Raises InvalidInput for a prompt or mask that does not fit the image or the model.
        """
        coords, labels = to_model_input(prompt, image_size, self.input_side)
        mask = self._no_mask
        if mask_input is not None:
            if mask_input.shape[-2:] != mask.shape[-2:] or mask_input.size != mask.size:
                side = mask.shape[-1]
                raise InvalidInput(f"A mask prompt has {side}×{side} logits, not {mask_input.shape}.")
            mask = np.asarray(mask_input, np.float32).reshape(mask.shape)
        low_res_logits, predicted_iou = self._decode.run(
            ["low_res_logits", "iou_predictions"],
            {
                **prepared.tensors,
                "point_coords": coords,
                "point_labels": labels,
                "mask_input": mask,
                "has_mask_input": np.array([mask_input is not None], np.float32),
            },
        )
        return Decoded(np.asarray(low_res_logits)[0], np.asarray(predicted_iou)[0])
