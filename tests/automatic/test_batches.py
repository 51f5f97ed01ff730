"""Running out of memory makes batches smaller and costs no item."""

from collections.abc import Sequence

import pytest
import torch

from engine.automatic.batches import Batches, points_that_fit
from engine.errors import OutOfMemory
from engine.sam import Sam

ITEMS = list(range(10))


def work_with_room_for(most: int, error: Exception, seen: list[list[int]]):
    def work(batch: Sequence[int]) -> list[int]:
        if len(batch) > most:
            raise error
        seen.append(list(batch))
        return [item * 2 for item in batch]

    return work


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
    ],
)
def test_batches_halve_until_they_fit_and_stay_small(error: Exception) -> None:
    seen: list[list[int]] = []
    batches = Batches(8)
    results = [result for _, result in batches.run(work_with_room_for(3, error, seen), ITEMS)]
    assert seen == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert [value for result in results for value in result] == [item * 2 for item in ITEMS]
    assert batches.size == 2


def test_one_item_that_does_not_fit_is_said() -> None:
    with pytest.raises(OutOfMemory, match="even for one"):
        list(Batches(4).run(work_with_room_for(0, MemoryError(), []), ITEMS))


def test_other_errors_are_not_mistaken_for_it() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        list(Batches(4).run(work_with_room_for(0, RuntimeError("shapes do not match"), []), ITEMS))


def test_a_larger_model_gets_smaller_batches(tiny_sam: Sam, small_sam: Sam) -> None:
    cpu = torch.device("cpu")
    assert 1 <= points_that_fit(small_sam.config, cpu) < points_that_fit(tiny_sam.config, cpu)
