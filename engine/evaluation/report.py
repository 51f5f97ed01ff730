"""What an evaluation reports: figures with intervals, overall, by source, by tag and by mask size.

`docs/evaluation.md` documents the JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.evaluation.bootstrap import FEWEST_IMAGES, LEVEL, RESAMPLES, SEED, Figure, figures, resampled_means
from engine.evaluation.calibration import Bin, calibration_error, calibration_table
from engine.evaluation.measurements import Floats, Measurements
from engine.evaluation.measures import Kind, Measure, measures, values

SCHEMA = 1
"""Version of the JSON; fields may be added without a new one."""

SIZE_EDGES = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Of the relative mask size √(mask area / image area)."""


@dataclass(frozen=True)
class Group:
    """Some masks and the means of their measures; each mask counts the same."""

    images: int
    masks: int
    figures: Mapping[Measure, Figure]
    calibration_error: Mapping[int, float]
    """Expected calibration error by number of clicks."""

    def figure(self, kind: Kind, at: int) -> Figure:
        """The mean of one measure. Raises KeyError for one that was not asked for."""
        return self.figures[Measure(kind, at)]

    def to_json(self) -> dict[str, object]:
        return {"images": self.images, "masks": self.masks} | figures_to_json(self.figures) | self._calibration_json()

    def _calibration_json(self) -> dict[str, object]:
        return {"calibration_error": {str(clicks): error for clicks, error in self.calibration_error.items()}}


@dataclass(frozen=True)
class SizeGroup:
    """The masks whose relative size is above `low` and at most `high`; None where there are none."""

    low: float
    high: float
    group: Group | None

    def to_json(self) -> dict[str, object]:
        found = {"images": 0, "masks": 0} if self.group is None else self.group.to_json()
        return {"from": self.low, "to": self.high} | found


@dataclass(frozen=True)
class Evaluation:
    """One model's figures. `overall` is the mean over the sources, each counting the same whatever its size."""

    clicks: tuple[int, ...]
    noc: bool
    seconds: float
    overall: Group
    sources: Mapping[str, Group]
    tags: Mapping[str, Group]
    sizes: Sequence[SizeGroup]
    calibration: Mapping[int, Sequence[Bin]]
    """Predicted against true IoU of all masks, by number of clicks."""
    measurements: Measurements

    @property
    def images(self) -> int:
        return self.overall.images

    @property
    def masks(self) -> int:
        return self.overall.masks

    def to_json(self) -> dict[str, object]:
        """Finite numbers, strings, lists and objects only."""
        document: dict[str, object] = {"schema": SCHEMA, **self.overall.to_json()}
        document |= {
            "seconds": round(self.seconds, 3),
            "sources": {name: group.to_json() for name, group in self.sources.items()},
            "sizes": [size.to_json() for size in self.sizes],
            "calibration": {str(clicks): [_bin_to_json(b) for b in bins] for clicks, bins in self.calibration.items()},
            "bootstrap": {"level": LEVEL, "resamples": RESAMPLES, "seed": SEED, "unit": "image"},
        }
        if self.tags:
            document["tags"] = {name: group.to_json() for name, group in self.tags.items()}
        return document


def summarize(measurements: Measurements, clicks: Sequence[int], noc: bool, seconds: float) -> Evaluation:
    """All figures of one model. `clicks` is sorted and without repeats; R of the measurements covers it and NoC."""
    wanted = measures(clicks, noc)
    table = values(measurements, wanted)

    def group(members: NDArray[np.bool_], stratum: str) -> Group:
        return _group(measurements, table, wanted, clicks, members, stratum)

    sources = {name: group(measurements.of_source(name), name) for name in measurements.sources}
    value, means, enough = mean_over_sources(measurements, table)
    overall = Group(
        images=len(measurements.images),
        masks=len(measurements),
        figures=dict(zip(wanted, figures(value, means, enough), strict=True)),
        calibration_error={
            count: float(np.mean([source.calibration_error[count] for source in sources.values()])) for count in clicks
        },
    )
    return Evaluation(
        clicks=tuple(clicks),
        noc=noc,
        seconds=seconds,
        overall=overall,
        sources=sources,
        tags={name: group(measurements.of_tag(name), f"tag {name}") for name in measurements.tags},
        sizes=[
            SizeGroup(low, high, group(members, f"size {low}") if members.any() else None)
            for low, high, members in _size_bins(measurements.relative_size)
        ],
        calibration={
            count: calibration_table(measurements.predicted_iou[:, count - 1], measurements.iou[:, count - 1])
            for count in clicks
        },
        measurements=measurements,
    )


def mean_over_sources(measurements: Measurements, table: Floats) -> tuple[Floats, Floats, bool]:
    """Means of the measures M×K over sources: values K, resampled means B×K, whether every source has the images."""
    parts = [(name, measurements.of_source(name)) for name in measurements.sources]
    value = np.mean([table[members].mean(axis=0) for _, members in parts], axis=0)
    means = np.mean(
        [resampled_means(table[members], measurements.image[members], name) for name, members in parts], axis=0
    )
    enough = all(len(np.unique(measurements.image[members])) >= FEWEST_IMAGES for _, members in parts)
    return value, means, enough


def figures_to_json(found: Mapping[Measure, Figure]) -> dict[str, object]:
    """`miou`, `miou_interval`, `predicted_iou_error` and, where it was measured, `noc`."""
    miou: dict[str, dict[str, object]] = {}
    intervals: dict[str, dict[str, object]] = {}
    errors: dict[str, dict[str, object]] = {}
    noc: dict[str, dict[str, object]] = {}
    for measure, figure in found.items():
        name, at = measure.kind.value, str(measure.at)
        interval = None if figure.interval is None else list(figure.interval)
        if measure.kind in (Kind.MOST_CONFIDENT, Kind.ORACLE):
            miou.setdefault(at, {})[name] = figure.value
            intervals.setdefault(at, {})[name] = interval
        elif measure.kind in (Kind.CLICKS, Kind.UNREACHED):
            noc.setdefault(at, {}).update({name: figure.value, f"{name}_interval": interval})
        else:
            errors.setdefault(at, {}).update({name: figure.value, f"{name}_interval": interval})
    document: dict[str, object] = {"miou": miou, "miou_interval": intervals, "predicted_iou_error": errors}
    return document | ({"noc": noc} if noc else {})


def check_clicks(clicks: Sequence[int], most: int) -> list[int]:
    """The numbers of clicks, sorted, each once. Raises InvalidInput when one is not between 1 and `most`."""
    counts = sorted(set(clicks))
    if not counts or counts[0] < 1 or counts[-1] > most:
        raise InvalidInput(f"Clicks must be numbers between 1 and {most}, such as 1,3,5.")
    return counts


def _group(
    measurements: Measurements,
    table: Floats,
    wanted: Sequence[Measure],
    clicks: Sequence[int],
    members: NDArray[np.bool_],
    stratum: str,
) -> Group:
    image = measurements.image[members]
    images = len(np.unique(image))
    means = resampled_means(table[members], image, stratum)
    found = figures(table[members].mean(axis=0), means, images >= FEWEST_IMAGES)
    predicted, measured = measurements.predicted_iou[members], measurements.iou[members]
    return Group(
        images=images,
        masks=int(members.sum()),
        figures=dict(zip(wanted, found, strict=True)),
        calibration_error={n: calibration_error(predicted[:, n - 1], measured[:, n - 1]) for n in clicks},
    )


def _size_bins(relative_size: Floats) -> list[tuple[float, float, NDArray[np.bool_]]]:
    return [(low, high, (relative_size > low) & (relative_size <= high)) for low, high in pairwise(SIZE_EDGES)]


def _bin_to_json(found: Bin) -> dict[str, object]:
    return {
        "from": found.low,
        "to": found.high,
        "masks": found.masks,
        "mean_predicted_iou": found.mean_predicted_iou,
        "mean_iou": found.mean_iou,
    }
