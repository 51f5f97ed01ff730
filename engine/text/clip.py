"""CLIP (Radford et al., 2021) through Hugging Face transformers, from a folder on this machine; nothing is downloaded.

Imported only where text is asked for: transformers is an optional extra and takes seconds to load.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import InvalidCheckpoint, InvalidInput, InvalidSetting

# What CLIP's pictures are normalised with, for folders without a preprocessor_config.json.
PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)


class Clip:
    """A frozen CLIP model: texts and crops of images → vectors of length one, D values each, comparable by angle.

    `model` and `tokenizer` are transformers' CLIPModel and CLIPTokenizer, whose own types say little.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        pixel_mean: Sequence[float] = PIXEL_MEAN,
        pixel_std: Sequence[float] = PIXEL_STD,
    ) -> None:
        self._model = model.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._pixel_mean = torch.tensor(pixel_mean, device=model.device).view(3, 1, 1) * 255
        self._pixel_std = torch.tensor(pixel_std, device=model.device).view(3, 1, 1) * 255

    @property
    def dim(self) -> int:
        """D, the values of an embedding."""
        return int(self._model.config.projection_dim)

    @property
    def image_side(self) -> int:
        """Pixels along the square crops that `embed_crops` takes."""
        return int(self._model.config.vision_config.image_size)

    @property
    def device(self) -> torch.device:
        return self._model.device

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """N texts → N×D. A text longer than CLIP reads (77 tokens) is cut. Raises InvalidInput for an empty one."""
        if any(not text.strip() for text in texts):
            raise InvalidInput("A text prompt must not be empty: say what to segment, such as 'a wheel'.")
        length = self._model.config.text_config.max_position_embeddings
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=length, return_tensors="pt")
        return F.normalize(self._model.get_text_features(**tokens.to(self.device)).pooler_output, dim=-1)

    @torch.no_grad()
    def embed_crops(self, crops: Tensor, masks: Tensor) -> Tensor:
        """Crops N×3×`image_side`×`image_side` (RGB, 0..255) and the object's share of each pixel N×1×… → N×D.

        In the last layer the class token reads only the patches that the object touches, so that the embedding is the
        object's (Segment Anything, appendix D.5).
        """
        pixels = (crops.to(self.device) - self._pixel_mean) / self._pixel_std
        patch = int(self._model.config.vision_config.patch_size)
        touched = F.max_pool2d(masks.to(self.device).float(), patch).flatten(1) > 0
        with _class_token_reads(self._model.vision_model.encoder.layers[-1], touched, pixels.dtype):
            return F.normalize(self._model.get_image_features(pixels).pooler_output, dim=-1)


def load_clip(folder: Path | str, device: torch.device | str = "cpu") -> Clip:
    """The CLIP model in a folder, in the format of the Hugging Face hub.

    Raises InvalidSetting where the extra `text` is not installed, InvalidCheckpoint for a folder that holds no CLIP.
    """
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise InvalidCheckpoint(
            f"{folder} holds no CLIP model: it needs config.json, the weights and the tokenizer, as a download of, "
            "say, openai/clip-vit-large-patch14-336 has them."
        )
    try:
        from transformers import CLIPModel, CLIPTokenizer
        from transformers.image_processing_base import ImageProcessingMixin
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise InvalidSetting("Text prompts need the extra `text`: pip install 'maskloop[text]'.") from error
    disable_progress_bar()  # a file of weights is read in a moment
    try:
        load_weights: Any = CLIPModel.from_pretrained
        model, report = load_weights(folder, local_files_only=True, output_loading_info=True, dtype=torch.float32)
        tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        pixels = _pixel_statistics(ImageProcessingMixin, folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidCheckpoint(f"{folder} cannot be read as a CLIP model: {reason}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise InvalidCheckpoint(f"{folder} holds no whole CLIP model: missing {', '.join(missing[:5])}.")
    return Clip(model.to(device), tokenizer, *pixels)


def _pixel_statistics(mixin: Any, folder: Path) -> tuple[Sequence[float], Sequence[float]]:
    if not (folder / "preprocessor_config.json").is_file():
        return PIXEL_MEAN, PIXEL_STD
    settings, _ = mixin.get_image_processor_dict(folder, local_files_only=True)
    return settings.get("image_mean", PIXEL_MEAN), settings.get("image_std", PIXEL_STD)


@contextmanager
def _class_token_reads(layer: nn.Module, touched: Tensor, dtype: torch.dtype) -> Iterator[None]:
    """While this lasts, the first token of `layer` attends to itself and to the `touched` (N×P) tokens after it."""
    tokens = touched.shape[1] + 1
    bias = torch.zeros(len(touched), 1, tokens, tokens, dtype=dtype, device=touched.device)
    bias[:, 0, 0, 1:].masked_fill_(~touched, torch.finfo(dtype).min)

    def restrict(_module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, _everything, *rest = arguments
        return hidden, bias, *rest

    handle = layer.register_forward_pre_hook(restrict)
    try:
        yield
    finally:
        handle.remove()
