"""Seconds per image of the fully automatic stage, against a plain implementation of the same arithmetic.

`python -m benchmarks.automatic` runs both on the same generated image and weights, one after the other, matches their
masks, and compares their peak memory. The plain implementation is the one of the tests: it upscales, measures and
suppresses every mask at the size of the image, with the model in its published form.
"""
