"""The loop in full: a model that has seen nothing but generated scenes meets a real domain, and is retrained on it.

`python -m benchmarks.loop ../shared/images/open --source dsb --out loop` trains the first model on scenes alone (once;
an interrupted training goes on), then runs `maskloop simulate` in the full size. Figures and plots are in OUT.
"""
