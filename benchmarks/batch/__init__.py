"""Batches: images per second with one and two worker processes, and what queue and database cost per image."""
