"""Tags of images from a CSV file: what figures are reported by, besides sources."""

import csv
from collections import defaultdict
from pathlib import Path

from engine.errors import InvalidInput

COLUMNS = ("name", "tag")

Tags = dict[str, tuple[str, ...]]


def read_tags(path: Path) -> Tags:
    """The tags of each name in a CSV file with the columns `name` and `tag`; a name may have several rows.

    A name is an image's file name, with or without its ending. Further columns are ignored. Raises InvalidInput for
    a file that cannot be read, has other columns, or a row without a name or a tag.
    """
    tags: dict[str, list[str]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise InvalidInput(f"{path} must begin with the line {','.join(COLUMNS)}, one image and tag per line.")
            for row in rows:
                name, tag = ((row[column] or "").strip() for column in COLUMNS)
                if not name or not tag:
                    raise InvalidInput(f"{path}, line {rows.line_num}: a line needs a name and a tag.")
                if tag not in tags[name]:
                    tags[name].append(tag)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read as a CSV file: {error}.") from error
    if not tags:
        raise InvalidInput(f"{path} holds no tags.")
    return {name: tuple(found) for name, found in tags.items()}
