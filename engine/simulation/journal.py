"""What a simulation has done so far, so that the same command goes on where it was interrupted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Conflict, InvalidInput

Result = TypeVar("Result")


class Journal:
    """Results of named steps, one JSON line each. A step that is written down is never done again."""

    def __init__(self, path: Path) -> None:
        """Reads what is there. Raises InvalidInput for a file that is no journal."""
        self._path = path
        self._done: dict[str, Any] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        whole, _, torn = text.rpartition("\n")
        if torn:
            # The last line was being written when the process was killed: that step is done again.
            path.write_text(whole + "\n" if whole else "", encoding="utf-8")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = json.loads(line)
                self._done[entry["step"]] = entry["result"]
            except (ValueError, KeyError, TypeError) as error:
                raise InvalidInput(f"Line {number} of {path} cannot be read; begin with another --out.") from error

    def step(self, name: str, work: Callable[[], Result]) -> Result:
        """What `work` returned, which must be JSON: now, or when this step was done before."""
        if name not in self._done:
            result = work()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": name, "result": result}) + "\n")
            self._done[name] = result
        return self._done[name]

    def require_same(self, name: str, value: Any) -> None:
        """Raises Conflict when the simulation was begun with another `value`."""
        now = json.loads(json.dumps(value))
        begun = self.step(name, lambda: now)
        if begun != now:
            raise Conflict(
                f"{self._path.parent} holds a simulation that was begun with another {name}. Give the same options to "
                "go on with it, or another --out."
            )
