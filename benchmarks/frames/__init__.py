"""How smooth the annotation page is on a large and full image, in a real Chromium at a real `maskloop up`.

`python -m benchmarks.frames` uploads a generated image of 4,000×3,000 pixels with 200 masks and then pans, zooms,
paints and points as a hand does, one movement per frame. For each it prints the time between frames, and how long the
page's main thread was busy for each frame: the first holds for the machine it runs on, without a graphics card and
beside a server, the second says how much of a frame's 16.7 ms the page itself needs.
"""
