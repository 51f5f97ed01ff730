"""Models as the commands of this room take and write them."""

from pathlib import Path

from engine.errors import InvalidInput
from engine.sam import Sam, load_bundled, load_checkpoint


def read_model(model: str) -> Sam:
    """A bundled model by its name, or a checkpoint by its path. Raises InvalidInput for a file that is not there, and
    InvalidCheckpoint for what is none or an unknown name."""
    if Path(model).suffix and not Path(model).is_file():
        raise InvalidInput(f"There is no {model} to read.")
    return load_checkpoint(Path(model)) if Path(model).suffix else load_bundled(model)


def check_output(out: Path) -> None:
    """Before minutes of work, not after them: raise InvalidInput where no checkpoint can be written to `out`."""
    if out.suffix != ".safetensors":
        raise InvalidInput(f"{out} should end in .safetensors.")
    if not out.parent.is_dir():
        raise InvalidInput(f"There is no folder {out.parent} to write {out.name} to.")
