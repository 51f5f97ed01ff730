"""Stable regions of photographs as masks to learn from, where nobody has drawn any."""
