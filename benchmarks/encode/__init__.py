"""Seconds per image of the image encoder as a plain float32 module and as workers run it, same weights, same images.

`python -m benchmarks.encode` measures the bundled `vit_t` and ViT-B, and how far embeddings and masks agree. The two
encoders alternate, so that whatever else the machine does slows both.
"""
