"""Points, boxes and low-resolution masks as tokens and as a dense map. Source: Segment Anything, appendix A."""

import math

import torch
from torch import Tensor, nn

from engine.sam.layers import LayerNorm2d

BACKGROUND, FOREGROUND, BOX_TOP_LEFT, BOX_BOTTOM_RIGHT, PADDING = 0, 1, 2, 3, -1
"""Point labels. Box corners are points with labels of their own; padding marks "not a point"."""


class PromptEncoder(nn.Module):
    """Turns prompts in the model-input frame into sparse tokens (B×N×C) and a dense map (B×C×S×S).

    `embed_dim` is C, `side` is S, `input_side` the pixels along the model input.
    """

    def __init__(self, *, embed_dim: int, side: int, input_side: int, mask_in_chans: int) -> None:
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

    def get_dense_pe(self) -> Tensor:
        """Position code of every embedding position, 1×C×S×S."""
        return self.pe_layer.grid(self.side)[None]

    def forward(
        self, points: tuple[Tensor, Tensor] | None, boxes: Tensor | None, masks: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Encode prompts of any mix of kinds.

        Args:
            points: coordinates B×N×2 (x, y) in the model-input frame and labels B×N, or None.
            boxes: B×4 (x0, y0, x1, y1) in the model-input frame, or None.
            masks: logits B×1×4S×4S, or None.

        Returns:
            Sparse tokens B×N'×C (N' is 0 without points and boxes) and the dense map B×C×S×S. A padding token is
            added when there are points and no box.
        """
        batch = _batch_size(points, boxes, masks)
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


def _batch_size(points: tuple[Tensor, Tensor] | None, boxes: Tensor | None, masks: Tensor | None) -> int:
    if points is not None:
        return len(points[0])
    if boxes is not None:
        return len(boxes)
    return len(masks) if masks is not None else 1
