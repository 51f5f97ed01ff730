"""maskloop's own work, below every interface to it: models, data, training, and what people and workers do with them."""

import os

# Before torch is imported, which reads it once. Threads of libgomp wait for each other busily, for 300,000 turns by
# default. Where another process wants the same cores, the one that is waited for does not run meanwhile: an automatic
# mask of 1 s took 57 s beside one other model. After 2,000 turns they sleep; alone, it costs nothing that could be measured
# (docs/decisions.md).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
