"""A database that is opened by several at once, before and while it is made."""

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from engine.store.database import create_database
from tests.e2e.running_maskloop import clean_environment


def journal_mode(file: Path) -> str | None:
    database = create_database(f"sqlite:///{file}")
    try:
        with database.connect() as connection:
            return connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    finally:
        database.dispose()


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_file_that_another_process_is_preparing_is_waited_for(tmp_path: Path, lock: str) -> None:
    file = tmp_path / "maskloop.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute(f"BEGIN {lock}")
        prepared = threading.Timer(0.5, other.execute, ["COMMIT"])
        prepared.start()
        try:
            assert journal_mode(file) == "wal"
        finally:
            prepared.join()


def test_a_fresh_file_is_opened_by_any_number_at_once(tmp_path: Path) -> None:
    for readers in (2, 8):
        together = threading.Barrier(readers)

        def opened(file: Path, together: threading.Barrier = together) -> str | None:
            together.wait()
            return journal_mode(file)

        with ThreadPoolExecutor(readers) as pool:
            for attempt in range(50):
                files = [tmp_path / f"{readers}-{attempt}.db"] * readers
                assert list(pool.map(opened, files)) == ["wal"] * readers


def test_a_file_that_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "maskloop.db"
    file.write_bytes(b"no database at all" * 100)
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="file is not a database"):
        journal_mode(file)
    assert time.monotonic() - started < 10


def test_processes_that_start_together_find_one_data_folder_prepared(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "maskloop", "migrate", "--data", str(data)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment())
        for _ in range(4)
    ]
    said = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert (data / "maskloop.db").is_file()
