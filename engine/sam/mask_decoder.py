"""From an image embedding and prompt tokens to masks. Source: Segment Anything, section 3 and appendix A."""

import torch
from torch import Tensor, nn

from engine.sam.layers import MLP, LayerNorm2d
from engine.sam.transformer import TwoWayTransformer


class MaskDecoder(nn.Module):
    """One IoU token and 1 + `num_multimask_outputs` mask tokens read the image and become masks and predicted IoUs."""

    def __init__(
        self,
        *,
        transformer_dim: int,
        transformer: TwoWayTransformer,
        num_multimask_outputs: int,
        iou_head_depth: int,
        iou_head_hidden_dim: int,
    ) -> None:
        super().__init__()
        self.num_mask_tokens = num_multimask_outputs + 1
        self.transformer = transformer
        self.iou_token = nn.Embedding(1, transformer_dim)
        self.mask_tokens = nn.Embedding(self.num_mask_tokens, transformer_dim)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(transformer_dim, transformer_dim // 4, kernel_size=2, stride=2),
            LayerNorm2d(transformer_dim // 4),
            nn.GELU(),
            nn.ConvTranspose2d(transformer_dim // 4, transformer_dim // 8, kernel_size=2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(
            MLP(transformer_dim, transformer_dim, transformer_dim // 8, 3) for _ in range(self.num_mask_tokens)
        )
        self.iou_prediction_head = MLP(transformer_dim, iou_head_hidden_dim, self.num_mask_tokens, iou_head_depth)

    def forward(
        self,
        image_embeddings: Tensor,
        image_pe: Tensor,
        sparse_prompt_embeddings: Tensor,
        dense_prompt_embeddings: Tensor,
        multimask_output: bool,
    ) -> tuple[Tensor, Tensor]:
        """Decode P prompts.

        Args:
            image_embeddings: B×C×S×S; P must be a multiple of B, prompts of one image next to each other.
            image_pe: position code 1×C×S×S, or B×C×S×S where each image has its own.
            sparse_prompt_embeddings: P×N×C.
            dense_prompt_embeddings: P×C×S×S.
            multimask_output: True for the three ambiguity masks, False for the single-mask token.

        Returns:
            Low-res logits P×K×4S×4S and predicted IoU P×K, K being 3 or 1.
        """
        masks, iou = self.predict_masks(image_embeddings, image_pe, sparse_prompt_embeddings, dense_prompt_embeddings)
        chosen = slice(1, None) if multimask_output else slice(0, 1)
        return masks[:, chosen], iou[:, chosen]

    def predict_masks(
        self, image_embeddings: Tensor, image_pe: Tensor, sparse: Tensor, dense: Tensor
    ) -> tuple[Tensor, Tensor]:
        """All mask tokens at once: low-res logits P×(1+K)×4S×4S and predicted IoU P×(1+K), single-mask token first."""
        prompts = len(sparse)
        output_tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([output_tokens.expand(prompts, -1, -1), sparse], dim=1)
        image = image_embeddings.repeat_interleave(prompts // len(image_embeddings), dim=0) + dense
        one = len(image_pe) == 1
        position = (
            image_pe.expand(prompts, -1, -1, -1) if one else image_pe.repeat_interleave(prompts // len(image_pe), 0)
        )

        tokens, keys = self.transformer(image, position, tokens)
        iou_token, mask_tokens = tokens[:, 0], tokens[:, 1 : 1 + self.num_mask_tokens]
        upscaled = self.output_upscaling(keys.transpose(1, 2).reshape(image.shape))
        weights = torch.stack([mlp(mask_tokens[:, i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (weights @ upscaled.flatten(2)).unflatten(-1, upscaled.shape[-2:])
        return masks, self.iou_prediction_head(iou_token)
