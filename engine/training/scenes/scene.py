"""The result of generating a scene: the photograph, the map of visible leaf regions, and the masks built from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.training.scenes.canvas import Canvas

SMALLEST_MASK = 16  # visible pixels
MOST_MASKS = 100  # in a scene; a bookcase or a tower block has more, and its smallest ones are left out
SAME_MASK = 0.96  # a part whose share of its parent's pixels exceeds this is no mask of its own


@dataclass(frozen=True)
class Scene:
    """A synthetic photograph with exact masks.

    `image`: uint8 RGB [H, W, 3]. `leaf_map`: uint16 [H, W], the visible leaf region of each pixel, 0 = background.
    `membership`: bool [n_masks, n_leaves + 1], row m: the leaves mask m is made of. `level`, per mask: "whole", "part",
    "subpart" or "background-region". `parent`, per mask: the row of the mask it is a part of, -1 for none.
    """

    image: NDArray[np.uint8]
    leaf_map: NDArray[np.uint16]
    membership: NDArray[np.bool_]
    level: list[str]
    parent: list[int]

    def masks(self) -> NDArray[np.bool_]:
        """All masks at full resolution, bool [n_masks, H, W]."""
        return self.membership[:, self.leaf_map]


def assemble(canvas: Canvas, image: NDArray[np.uint8]) -> Scene:
    """The scene of a finished canvas: leaves renumbered to those visible, masks too small or too alike left out."""
    count = len(canvas.nodes)
    areas = np.bincount(canvas.leaves.ravel(), minlength=count + 1)
    inside = np.zeros((count, count + 1), bool)
    inside[np.arange(count), np.arange(1, count + 1)] = True
    # Children come after their parents, so one backward pass collects all descendants.
    for index in range(count - 1, -1, -1):
        parent = canvas.nodes[index].parent
        if parent >= 0:
            inside[parent] |= inside[index]
    visible = inside @ areas
    smallest = max(SMALLEST_MASK, int(np.sort(visible)[-MOST_MASKS - 1]) + 1) if count > MOST_MASKS else SMALLEST_MASK
    kept_ancestor = np.full(count, -1)
    keep = np.zeros(count, bool)
    for index, node in enumerate(canvas.nodes):
        above = node.parent if node.parent < 0 or keep[node.parent] else int(kept_ancestor[node.parent])
        kept_ancestor[index] = above
        keep[index] = visible[index] >= smallest and (above < 0 or visible[index] <= SAME_MASK * visible[above])
    rows = np.flatnonzero(keep)
    used = np.flatnonzero(areas[1:]) + 1
    renumber = np.zeros(count + 1, np.uint16)
    renumber[used] = np.arange(1, len(used) + 1)
    position = np.full(count, -1)
    position[rows] = np.arange(len(rows))
    membership = np.zeros((len(rows), len(used) + 1), bool)
    membership[:, 1:] = inside[rows][:, used]
    above = kept_ancestor[rows]
    return Scene(
        image=image,
        leaf_map=renumber[canvas.leaves],
        membership=membership,
        level=[canvas.nodes[row].level for row in rows],
        parent=[int(position[a]) if a >= 0 else -1 for a in above],
    )
