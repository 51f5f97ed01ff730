"""Masks per second of the simulated annotator: all masks of a batch at once, against one mask after the other.

`python -m benchmarks.train` plays the paper's 11 rounds, forward and backward, on the same embeddings, masks and random
numbers in both ways, one after the other, and asserts that every round's loss is the same.
"""
