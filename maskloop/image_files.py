"""Which files of a folder are taken for images."""

from pathlib import Path

from engine.errors import InvalidInput

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"})


def find_images(path: Path) -> list[tuple[Path, str]]:
    """(file, path below the folder) of every image file at or below `path`, by name; hidden ones are left out.

    A path that is a file is taken whatever its name. Raises InvalidInput when there is nothing.
    """
    if path.is_file():
        return [(path, path.name)]
    if not path.is_dir():
        raise InvalidInput(f"There is no file or folder {path}.")
    found = [
        (file, file.relative_to(path).as_posix())
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in SUFFIXES and not _hidden(file.relative_to(path)) and file.is_file()
    ]
    if not found:
        raise InvalidInput(f"{path} holds no images: no files named {', '.join(sorted(SUFFIXES))}.")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
