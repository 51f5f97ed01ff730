"""At most one `maskloop up` has a data folder, and looking who has it is never in the way."""

import threading
from pathlib import Path

import pytest

from maskloop.running import DataFolderTaken, Running, find_running, hold


def test_a_folder_is_held_once_and_found_when_its_address_is_known(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
    with hold(tmp_path) as folder:
        assert find_running(tmp_path) is None
        with pytest.raises(DataFolderTaken, match="already, or starting"), hold(tmp_path):
            pass
        folder.publish("http://127.0.0.1:8631")
        running = find_running(tmp_path)
        assert isinstance(running, Running)
        assert running.url == "http://127.0.0.1:8631"
    assert find_running(tmp_path) is None


def test_a_folder_is_taken_while_others_look_who_has_it(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            find_running(tmp_path)

    looking = [threading.Thread(target=look) for _ in range(2)]
    for thread in looking:
        thread.start()
    try:
        for _ in range(200):
            with hold(tmp_path):
                pass
    finally:
        done.set()
        for thread in looking:
            thread.join()
