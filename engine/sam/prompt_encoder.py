"""Points, boxes, texts and low-resolution masks as tokens and as a dense map. Source: Segment Anything, appendix A."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import InvalidInput
from engine.sam.layers import LayerNorm2d

BACKGROUND, FOREGROUND, BOX_TOP_LEFT, BOX_BOTTOM_RIGHT, PADDING = 0, 1, 2, 3, -1
"""Point labels. Box corners are points with labels of their own; padding marks "not a point"."""


class PromptEncoder(nn.Module):
    """Turns prompts in the model-input frame into sparse tokens (B×N×C) and a dense map (B×C×S×S).

    `embed_dim` is C, `side` is S, `input_side` the pixels along the model input, `text_dim` the values of a text's
    embedding; a model without text prompts (None) has no weights for them.
    """

    def __init__(
        self, *, embed_dim: int, side: int, input_side: int, mask_in_chans: int, text_dim: int | None = None
    ) -> None:
        super().__init__()
        self.embed_dim = embed_dim
        self.side = side
        self.input_side = input_side
        self.pe_layer = PositionEmbeddingRandom(embed_dim // 2)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, embed_dim) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, embed_dim)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, mask_in_chans // 4, kernel_size=2, stride=2),
            LayerNorm2d(mask_in_chans // 4),
            nn.GELU(),
            nn.Conv2d(mask_in_chans // 4, mask_in_chans, kernel_size=2, stride=2),
            LayerNorm2d(mask_in_chans),
            nn.GELU(),
            nn.Conv2d(mask_in_chans, embed_dim, kernel_size=1),
        )
        self.no_mask_embed = nn.Embedding(1, embed_dim)
        self.text_projection = None if text_dim is None else nn.Linear(text_dim, embed_dim)
        if self.text_projection is not None:
            # From vectors of length one to tokens as large as the learned ones.
            nn.init.normal_(self.text_projection.weight)

    def get_dense_pe(self) -> Tensor:
        """Position code of every embedding position, 1×C×S×S."""
        return self.pe_layer.grid(self.side)[None]

    def forward(
        self,
        points: tuple[Tensor, Tensor] | None,
        boxes: Tensor | None,
        masks: Tensor | None,
        texts: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Encode prompts of any mix of kinds.

        Args:
            points: coordinates B×N×2 (x, y) in the model-input frame and labels B×N, or None.
            boxes: B×4 (x0, y0, x1, y1) in the model-input frame, or None.
            masks: logits B×1×4S×4S, or None.
            texts: embeddings B×D of free text in the space of CLIP, or None.

        Returns:
            Sparse tokens B×N'×C (N' is 0 without points, boxes and texts) and the dense map B×C×S×S. A padding token
            is added when there are points or a text, and no box.

        Raises InvalidInput for a text that this model cannot take.
        """
        batch = _batch_size(points, boxes, masks, texts)
        tokens: list[Tensor] = []
        if points is not None:
            coords, labels = points
            if boxes is None:
                coords = torch.cat([coords, coords.new_zeros(batch, 1, 2)], dim=1)
                labels = torch.cat([labels, labels.new_full((batch, 1), PADDING)], dim=1)
            tokens.append(self.embed_points(coords, labels))
        if boxes is not None:
            corners = boxes.reshape(-1, 2, 2)
            labels = torch.tensor([BOX_TOP_LEFT, BOX_BOTTOM_RIGHT], device=boxes.device).expand(len(corners), 2)
            tokens.append(self.embed_points(corners, labels))
        if texts is not None:
            tokens.append(self.embed_texts(texts))
            if points is None and boxes is None:
                tokens.append(self.not_a_point_embed.weight.expand(batch, 1, -1))
        empty = self.no_mask_embed.weight.new_zeros(batch, 0, self.embed_dim)
        sparse = torch.cat(tokens, dim=1) if tokens else empty
        dense = self.embed_masks(masks) if masks is not None else self.no_mask(batch)
        return sparse, dense

    def embed_points(self, coords: Tensor, labels: Tensor) -> Tensor:
        """B×N×2 coordinates and B×N labels (background, foreground, box corners, padding) → B×N×C tokens."""
        # Whole numbers name the pixel's corner; a half moves to its centre.
        codes = self.pe_layer.encode((coords + 0.5) / self.input_side)
        kinds = [self.not_a_point_embed, *self.point_embeddings]
        table = torch.cat([kind.weight for kind in kinds])  # row 0 is padding, rows 1..4 the four labels
        types = table[labels.long() + 1]
        return torch.where((labels == PADDING)[..., None], types, codes + types)

    def embed_texts(self, texts: Tensor) -> Tensor:
        """B×D embeddings of free text (or, in training, of image crops) in the space of CLIP → B×1×C tokens.

        Only their direction counts (appendix D.5: normalised before use). Raises InvalidInput.
        """
        if self.text_projection is None:
            raise InvalidInput("This model takes no text: it was built and trained without text prompts.")
        if texts.shape[-1] != self.text_projection.in_features:
            raise InvalidInput(
                f"This model takes text embeddings of {self.text_projection.in_features} values, not "
                f"{texts.shape[-1]}: use the CLIP model that it was trained with."
            )
        return self.text_projection(F.normalize(texts.float(), dim=-1))[:, None]

    def embed_masks(self, masks: Tensor) -> Tensor:
        """Mask logits B×1×4S×4S → dense map B×C×S×S."""
        return self.mask_downscaling(masks)

    def no_mask(self, batch: int) -> Tensor:
        """The learned "no mask" dense map, B×C×S×S (a view)."""
        return self.no_mask_embed.weight.reshape(1, -1, 1, 1).expand(batch, -1, self.side, self.side)


class PositionEmbeddingRandom(nn.Module):
    """Random-Fourier position code: 2·`num_pos_feats` values from a coordinate pair in [0, 1]."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, num_pos_feats: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, num_pos_feats))

    def encode(self, unit_coords: Tensor) -> Tensor:
        """…×2 coordinates (x, y) in [0, 1] → …×C."""
        # Kept in full precision: half precision would blur positions that are less than a pixel apart.
        with torch.autocast(unit_coords.device.type, enabled=False):
            matrix = self.positional_encoding_gaussian_matrix.float()
            phase = 2 * math.pi * ((2 * unit_coords.float() - 1) @ matrix)
            return torch.cat([phase.sin(), phase.cos()], dim=-1)

    def grid(self, side: int) -> Tensor:
        """Codes of the centres of a side×side grid over the unit square, C×side×side."""
        centres = (torch.arange(side, device=self.positional_encoding_gaussian_matrix.device) + 0.5) / side
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        return self.encode(torch.stack([x, y], dim=-1)).permute(2, 0, 1)


def _batch_size(
    points: tuple[Tensor, Tensor] | None, boxes: Tensor | None, masks: Tensor | None, texts: Tensor | None
) -> int:
    given = points[0] if points is not None else next((x for x in (boxes, masks, texts) if x is not None), None)
    return 1 if given is None else len(given)
