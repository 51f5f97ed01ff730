"""Pre-training of image encoders without masks: most of a picture is hidden and has to be restored.

Source: He et al., "Masked Autoencoders Are Scalable Vision Learners" (2022), as Segment Anything, appendix A, uses it.
"""
