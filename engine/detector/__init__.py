"""The semi-automatic stage's box detector: one class, "object", trained on the boxes of collected masks."""
