"""A scripted annotator at the real page: clicks per mask to a target IoU, and masks per minute.

`python -m benchmarks.annotate ../shared/images/validation` starts `maskloop up` on a folder of its own, uploads images
and clicks their largest objects in Chromium: first the middle of the object, then the middle of the largest error, as
in the published protocol (Segment Anything, section 7.1). Of the three candidates of the first click it takes the best
with Tab, as a person who looks would. What it compares with the truth is what the page itself keeps of the object being
made in its journal (IndexedDB). Time is the page's alone, from a press until its mask is there: a person's eyes and
hand come on top.
"""
