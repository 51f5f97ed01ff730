"""The annotation page's own speed and memory, in a real Chromium at a real `maskloop up`.

`python -m benchmarks.page` starts one on a folder of its own, fills a project with generated images and measures what
the page promises: usable within 2 s of opening with a warm cache, the next image within 100 ms when it was fetched
ahead, a click painted within one frame of its mask being decoded, and memory that stays flat over 500 images.
"""
