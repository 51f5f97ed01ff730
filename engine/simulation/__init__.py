"""A simulated annotator at a deployment's HTTP API: the proof that the loop of annotating and retraining works.

It knows the true masks of a folder of images and nothing of the deployment but its API: it signs in by link, takes
images from the queue, clicks, saves, reviews what was prefilled, and has the model retrained in between. No torch, no
database: what it sees is what a person at the page sees.
"""
