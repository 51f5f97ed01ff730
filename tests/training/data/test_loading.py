"""Processes that load in the background."""

import signal

from torch.utils.data import Dataset

from engine.training.data.loading import loader


class _Interrupts(Dataset[bool]):
    """Whether the process that makes the item leaves Ctrl-C alone."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> bool:
        return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_ctrl_c_is_left_to_the_process_that_asked_for_the_items() -> None:
    assert list(loader(_Interrupts(), workers=1)) == [True]
