"""maskloop's own work, below every interface: models, data, training, and what people and workers do with them."""

import os

# Before torch is imported, which reads it once. Threads of libgomp wait for each other in a busy loop, for 300,000
# turns by default. Where another process wants the same cores, the thread that is waited for does not run meanwhile:
# one image of the automatic stage took 57 s instead of 1 beside a single other model. After 2,000 turns they sleep,
# which costs nothing that could be measured where they are alone (docs/decisions.md).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
