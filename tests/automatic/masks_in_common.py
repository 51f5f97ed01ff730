"""How many masks of one list another has as well."""

import numpy as np
from numpy.typing import NDArray

SAME_IOU = 0.98


def found_in(masks: list[NDArray[np.bool_]], others: list[NDArray[np.bool_]]) -> int:
    """How many of `masks` the others have with an IoU of `SAME_IOU`; compared are those of much the same area."""
    areas = np.array([np.count_nonzero(other) for other in others])

    def is_found(mask: NDArray[np.bool_]) -> bool:
        area = np.count_nonzero(mask)
        alike = (np.minimum(areas, area) >= SAME_IOU * np.maximum(areas, area)).nonzero()[0]
        return any(
            np.count_nonzero(mask & others[i]) >= SAME_IOU * np.count_nonzero(mask | others[i]) for i in alike.tolist()
        )

    return sum(map(is_found, masks))
