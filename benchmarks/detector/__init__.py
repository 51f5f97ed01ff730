"""The box detector against the boxes of the automatic stage's masks, on the same images.

`python -m benchmarks.detector` trains the box head on one folder's embeddings and measures it on another folder. The
baseline is every mask that the fully automatic stage finds there, its predicted IoU as the box's score.
"""
