"""The fully automatic stage: masks for a whole image from a grid of foreground points."""
