"""A masked autoencoder around the reference ViT encoder: the encoder sees visible patches only.

At the side it is pre-trained with, 224 pixels or 14×14 patches, a window of 14 is the whole picture: windowed and
global blocks do the same, so blocks can be given any subset of the patches as a sequence. Relative positions start at
zero and come with the high resolution, as in Li et al., "Exploring Plain Vision Transformer Backbones for Object
Detection" (2022). There is no class token: nothing of it would be left in the segmentation model.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import InvalidSetting
from engine.sam import SamConfig, VitConfig, build_sam
from engine.sam.image_encoder import Block, ImageEncoderViT
from engine.training.initialise_mae import pretrained_part, published_name
from engine.training.mae.patches import restoration_loss


class VitAutoencoder(nn.Module):
    """Images and which patches are hidden → loss. The decoder is as wide, deep and many-headed as the arguments say.

    Raises InvalidSetting where a window would not span the picture.
    """

    def __init__(self, config: SamConfig, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        shape = config.encoder
        assert isinstance(shape, VitConfig)
        self.patch_side = shape.patch_size
        side = config.image_size // shape.patch_size
        if side > shape.window_size:
            raise InvalidSetting(
                f"Pictures of {config.image_size} pixels have {side} patches along a side, more than a window of "
                f"{shape.window_size}: pre-train {config.arch} at {shape.window_size * shape.patch_size} pixels."
            )
        if width % 4 or width % heads:
            raise InvalidSetting(f"decoder_width is a multiple of 4 and of decoder_heads={heads}, not {width}.")
        encoder = build_sam(config).image_encoder
        assert isinstance(encoder, ImageEncoderViT)
        self.encoder = encoder
        self.norm = nn.LayerNorm(shape.embed_dim, eps=1e-6)
        self.decoder_embed = nn.Linear(shape.embed_dim, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_pos_embed = nn.Parameter(sine_cosine_positions(side, width)[None], requires_grad=False)
        self.decoder_blocks = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, 0.0, F.gelu, layer_norm_eps=1e-6, batch_first=True, norm_first=True
                )
                for _ in range(depth)
            )
        )
        self.decoder_norm = nn.LayerNorm(width, eps=1e-6)
        self.decoder_pred = nn.Linear(width, 3 * shape.patch_size**2)
        self._initialise(sine_cosine_positions(side, shape.embed_dim).reshape(1, side, side, -1))

    def forward(self, images: Tensor, hidden: Tensor) -> Tensor:
        """The loss, a scalar, of restoring the `hidden` (B×N) patches of normalised images B×3×S×S."""
        count = int((~hidden[0]).sum())
        visible = hidden.int().argsort(dim=1, stable=True)[:, :count]
        encoded = self.decoder_embed(self.norm(self.encode(images, visible)))
        tokens = self.mask_token.to(encoded.dtype).expand(len(images), hidden.shape[1], -1)
        tokens = tokens.scatter(1, visible[..., None].expand_as(encoded), encoded)
        decoded = self.decoder_blocks(tokens + self.decoder_pos_embed)
        return restoration_loss(self.decoder_pred(self.decoder_norm(decoded)), images, hidden, self.patch_side)

    def encode(self, images: Tensor, visible: Tensor) -> Tensor:
        """What the blocks of the encoder make of some patches: B×3×S×S and B×K indices → B×K×C."""
        tokens = (self.encoder.patch_embed(images) + self.encoder.pos_embed).flatten(1, 2)
        tokens = tokens.gather(1, visible[..., None].expand(-1, -1, tokens.shape[-1]))
        for block in self.encoder.blocks:
            assert isinstance(block, Block)
            tokens = _attend(block, tokens)
        return tokens

    def encoder_state(self) -> dict[str, Tensor]:
        """The encoder in the format of facebookresearch/mae, which many programs read; the class token is zero."""
        state = {published_name(key): value for key, value in pretrained_part(self.encoder.state_dict()).items()}
        positions = state["pos_embed"].flatten(1, 2)
        state["cls_token"] = torch.zeros_like(positions[:, :1])
        state["pos_embed"] = torch.cat([state["cls_token"], positions], dim=1)
        return state | {f"norm.{key}": value for key, value in self.norm.state_dict().items()}

    @torch.no_grad()
    def _initialise(self, positions: Tensor) -> None:
        """As published: Xavier for linear maps, patches included, and fixed positions."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.encoder.patch_embed.proj.weight.flatten(1))
        nn.init.normal_(self.mask_token, std=0.02)
        self.encoder.pos_embed.copy_(positions)
        trained = pretrained_part(dict(self.encoder.named_parameters()))
        for name, parameter in self.encoder.named_parameters():
            parameter.requires_grad_(name in trained and name != "pos_embed")


def sine_cosine_positions(side: int, width: int) -> Tensor:
    """Fixed codes of a side×side grid, side²×width: sines and cosines of x, then of y (Vaswani et al., 2017, in 2D)."""
    frequency = 10000 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    steps = torch.arange(side, dtype=torch.float64)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    angles = [along.flatten()[:, None] * frequency for along in (x, y)]
    return torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1).float()


def _attend(block: Block, tokens: Tensor) -> Tensor:
    """A block of the encoder on a sequence B×K×C, relative positions being zero."""
    batch, count, dim = tokens.shape
    qkv = block.attn.qkv(block.norm1(tokens)).reshape(batch, count, 3, block.attn.num_heads, -1)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, count, dim)
    tokens = tokens + block.attn.proj(attended)
    return tokens + block.mlp(block.norm2(tokens))
