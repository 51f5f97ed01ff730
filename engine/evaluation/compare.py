"""Is a model better than another? Paired differences on the same masks, with intervals by image and a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.evaluation.bootstrap import FEWEST_IMAGES, Figure, figures, resampled_means
from engine.evaluation.measures import Kind, Measure, measures, values
from engine.evaluation.report import Evaluation, mean_over_sources


class Verdict(StrEnum):
    """What a difference says about the second model: an interval that holds zero shows nothing."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "no difference shown"


@dataclass(frozen=True)
class Difference:
    """The second model's mean less the first's."""

    measure: Measure
    figure: Figure

    @property
    def verdict(self) -> Verdict:
        interval = self.figure.interval
        if interval is None or interval.low <= 0 <= interval.high:
            return Verdict.NOT_SHOWN
        return Verdict.BETTER if (interval.low > 0) == self.measure.more_is_better else Verdict.WORSE

    def to_json(self) -> dict[str, object]:
        interval = self.figure.interval
        return {
            "difference": self.figure.value,
            "interval": None if interval is None else list(interval),
            "verdict": self.verdict.value,
        }


@dataclass(frozen=True)
class Comparison:
    """Two models on the same masks. `overall` is of the means over the sources, `sources` of each source."""

    overall: Mapping[Measure, Difference]
    sources: Mapping[str, Mapping[Measure, Difference]]

    @property
    def deciding(self) -> Difference:
        """The difference that the verdict rests on: mIoU after the fewest clicks, chosen before looking."""
        return next(iter(self.overall.values()))

    @property
    def verdict(self) -> Verdict:
        return self.deciding.verdict

    def sentence(self, first: str, second: str) -> str:
        """The verdict in words."""
        measure, (value, interval) = self.deciding.measure, self.deciding.figure
        if interval is None:
            return f"No difference shown between {first} and {second}: a source has too few images for an interval."
        found = f"{measure.title}: {value:+.3f}, 95 % interval {interval.low:+.3f} to {interval.high:+.3f}"
        if self.verdict is Verdict.NOT_SHOWN:
            return f"No difference shown between {first} and {second} ({found})."
        return f"{second} is {self.verdict.value} than {first} ({found})."

    def to_json(self) -> dict[str, object]:
        """`docs/evaluation.md` documents the JSON."""
        return {
            "verdict": self.verdict.value,
            **_to_json(self.overall),
            "sources": {name: _to_json(found) for name, found in self.sources.items()},
        }


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """`second` against `first`. Both must have measured the same masks with the same clicks (else ValueError).

    An image is drawn for both models at once, so what makes an image hard for both cancels.
    """
    a, b = first.measurements, second.measurements
    if not a.same_masks(b) or (first.clicks, first.noc) != (second.clicks, second.noc):
        raise ValueError("only evaluations of the same masks with the same clicks can be compared")
    # A bias is best at zero, so the difference of two says nothing about better or worse.
    wanted = [measure for measure in measures(first.clicks, first.noc) if measure.kind is not Kind.IOU_SURPLUS]
    table = values(b, wanted) - values(a, wanted)
    sources: dict[str, Mapping[Measure, Difference]] = {}
    for name in a.sources:
        members = a.of_source(name)
        means = resampled_means(table[members], a.image[members], name)
        enough = len(np.unique(a.image[members])) >= FEWEST_IMAGES
        sources[name] = _differences(wanted, figures(table[members].mean(axis=0), means, enough))
    return Comparison(_differences(wanted, figures(*mean_over_sources(a, table))), sources)


def _differences(wanted: list[Measure], found: list[Figure]) -> dict[Measure, Difference]:
    return {measure: Difference(measure, figure) for measure, figure in zip(wanted, found, strict=True)}


def _to_json(found: Mapping[Measure, Difference]) -> dict[str, object]:
    """`miou`, `predicted_iou_error` and, where it was measured, `noc`: by clicks or percent, then by measure."""
    document: dict[str, dict[str, dict[str, object]]] = {}
    for measure, difference in found.items():
        by_at = document.setdefault(_SECTIONS[measure.kind], {})
        by_at.setdefault(str(measure.at), {})[measure.kind.value] = difference.to_json()
    return dict(document)


_SECTIONS = {
    Kind.MOST_CONFIDENT: "miou",
    Kind.ORACLE: "miou",
    Kind.IOU_ERROR: "predicted_iou_error",
    Kind.CLICKS: "noc",
    Kind.UNREACHED: "noc",
}
