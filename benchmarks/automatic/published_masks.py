"""`python published_masks.py ORDER`: masks by the published package `segment_anything`, as JSON on standard output.

Runs in an interpreter that has that package; see `benchmarks.automatic.published`. The published model is built around
the weights to measure: all of it is the package's own for ViT-B, L and H, all but the image encoder for `vit_t`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import segment_anything  # pyright: ignore[reportMissingImports]
import segment_anything.modeling as published  # pyright: ignore[reportMissingImports]
import torch
from PIL import Image

from engine.sam import Sam, VitConfig, load_checkpoint


def published_sam(sam: Sam) -> Any:
    """The package's model with the weights of ours."""
    config = sam.config
    if isinstance(config.encoder, VitConfig):
        model = segment_anything.sam_model_registry[config.arch]()
    else:
        encoder: Any = sam.image_encoder
        encoder.img_size = config.image_size
        model = published.Sam(
            image_encoder=encoder,
            prompt_encoder=published.PromptEncoder(
                embed_dim=config.prompt_embed_dim,
                image_embedding_size=(config.embedding_side, config.embedding_side),
                input_image_size=(config.image_size, config.image_size),
                mask_in_chans=config.mask_in_chans,
            ),
            mask_decoder=published.MaskDecoder(
                transformer_dim=config.prompt_embed_dim,
                transformer=published.TwoWayTransformer(
                    depth=config.decoder_depth,
                    embedding_dim=config.prompt_embed_dim,
                    num_heads=config.decoder_num_heads,
                    mlp_dim=config.decoder_mlp_dim,
                ),
                num_multimask_outputs=config.num_multimask_outputs,
                iou_head_depth=config.iou_head_depth,
                iou_head_hidden_dim=config.iou_head_hidden_dim,
            ),
        )
    model.load_state_dict(sam.state_dict())
    return model.eval()


def main(order_file: str) -> None:
    order = json.loads(Path(order_file).read_text())
    torch.set_num_threads(order["threads"])
    model = published_sam(load_checkpoint(Path(order["weights"])))
    generator = segment_anything.SamAutomaticMaskGenerator(model, output_mode="coco_rle", **order["settings"])
    for file in order["images"]:
        masks = generator.generate(np.array(Image.open(file).convert("RGB")))
        for mask in masks:
            # The package keeps what one image is worth in memory; a line per image keeps it out of ours.
            mask["area"] = int(mask["area"])
        sys.stdout.write(json.dumps({"image": file, "masks": masks}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
