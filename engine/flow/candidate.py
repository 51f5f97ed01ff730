"""candidate → evaluation: a candidate and its base on the same images, with the same simulated annotator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import torch

from engine.errors import Conflict, NotFound
from engine.evaluation.compare import compare
from engine.evaluation.evaluate import evaluate_images
from engine.evaluation.kept import KeptMeasurements
from engine.evaluation.protocol import Protocol
from engine.evaluation.read_folder import AnnotatedImage
from engine.evaluation.report import Evaluation
from engine.flow.benchmark import benchmark_images, held_out_images
from engine.flow.candidate_comparison import store_comparison
from engine.flow.candidate_detector import compare_detectors
from engine.flow.load_model import load_stored
from engine.flow.loop_settings import CLICKS, ProjectLoop, loop_settings
from engine.flow.models import get_model, usable_detectors
from engine.flow.retrain_task import run_folder
from engine.flow.snapshot_files import materialise
from engine.settings import get_settings
from engine.store.tables import Model, RetrainKind, RetrainRun, Snapshot
from engine.store.unit_of_work import UnitOfWork, unit_of_work

Check = Callable[[], None]
"""Called after each image; what it raises ends the evaluation, which can be taken up again later."""


@dataclass(frozen=True)
class Subject:
    """A run to evaluate. `base` is what the candidate would replace: None for the first detector of a model."""

    run: RetrainRun
    snapshot: Snapshot
    candidate: Model
    base: Model | None
    reads: Model
    """The promptable model whose embeddings a detector reads; for a promptable run the base itself."""
    loop: ProjectLoop


def evaluate_candidate(run_id: UUID, check: Check | None = None) -> dict[str, Any]:
    """Measure a run's candidate and its base on the held-out images and on the benchmark, and store the result.

    Images that were measured before, in an attempt that was killed or in an earlier round, are not measured again, and
    a run that has its evaluation keeps it: the function may be called any number of times. The result, as it stands
    in `RetrainRun.evaluation`:

        kind        "promptable" or "detector"
        base        {"id", "name"} of the model that the candidate would replace; null for a first detector
        candidate   {"id", "name"}
        sets        {"validation": …, "benchmark": …}, each null when it holds no mask, else
            images, masks
            base, candidate     figures of each (docs/evaluation.md; of a detector AP and AR)
            difference          candidate less base, with paired intervals
        comparison  the blob that lists the held-out masks with both models' IoU; null for detectors

    Raises NotFound, Conflict when the run has no candidate yet, InvalidInput for an unusable benchmark.
    """
    with unit_of_work(read_only=True) as uow:
        subject = _subject(uow, run_id)
    if subject.run.evaluation is not None:
        return subject.run.evaluation
    if get_settings().torch_threads:
        torch.set_num_threads(get_settings().torch_threads)
    data = materialise(subject.snapshot, run_folder(run_id) / "data", on_image=check)
    benchmark = subject.loop.benchmark
    sets = {
        "validation": held_out_images(data, benchmark.held_out_images),
        "benchmark": benchmark_images(benchmark),
    }
    if subject.run.kind is RetrainKind.DETECTOR:
        cache = run_folder(run_id) / "embeddings"
        measured = compare_detectors(subject.reads, subject.base, subject.candidate, sets, cache, check)
    else:
        measured = _compare_promptable(subject, sets, check)
    document = {
        "kind": subject.run.kind.value,
        "base": None if subject.base is None else _named(subject.base),
        "candidate": _named(subject.candidate),
        **measured,
    }
    return _store(run_id, document)


def _subject(uow: UnitOfWork, run_id: UUID) -> Subject:
    run = uow.session.get(RetrainRun, run_id)
    if run is None:
        raise NotFound("retraining run", run_id)
    if run.model_id is None:
        raise Conflict(f"Run {run.number} has no candidate yet: it is {run.state.value}.")
    candidate, reads = get_model(uow, run.model_id), get_model(uow, run.base_model_id)
    base: Model | None = reads
    if run.kind is RetrainKind.DETECTOR:
        base = next((each for each in usable_detectors(uow, reads.id) if each.id != candidate.id), None)
    snapshot = uow.session.get_one(Snapshot, run.snapshot_id)
    return Subject(run, snapshot, candidate, base, reads, loop_settings(uow, run.project_id))


def _compare_promptable(subject: Subject, sets: dict[str, list[AnnotatedImage]], check: Check | None) -> dict[str, Any]:
    assert subject.base is not None
    noc = subject.loop.benchmark.noc
    base = _measure(subject.base, sets, noc, check)
    candidate = _measure(subject.candidate, sets, noc, check)
    found: dict[str, Any] = {}
    for name in sets:
        first, second = base[name], candidate[name]
        if first is None or second is None:
            found[name] = None
            continue
        found[name] = {
            "images": first.images,
            "masks": first.masks,
            "base": first.to_json(),
            "candidate": second.to_json(),
            "difference": compare(first, second).to_json(),
        }
    protocol = Protocol(CLICKS[-1], noc, CLICKS)
    key = store_comparison(
        subject.snapshot, sets["validation"], _kept(subject.base), _kept(subject.candidate), protocol
    )
    return {"sets": found, "comparison": key}


def _measure(
    model: Model, sets: dict[str, list[AnnotatedImage]], noc: bool, check: Check | None
) -> dict[str, Evaluation | None]:
    """One model at a time, so that one is in memory. The held-out masks are kept for people to look at."""
    sam = load_stored(model)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def measured(name: str, images: Sequence[AnnotatedImage]) -> Evaluation | None:
        traced = CLICKS if name == "validation" else ()
        return evaluate_images(
            sam, images, CLICKS, device, progress=False, noc=noc, kept=_kept(model), traced=traced, on_image=check
        )

    return {name: measured(name, images) for name, images in sets.items()}


def _kept(model: Model) -> KeptMeasurements:
    return KeptMeasurements(_kept_folder(), model.weights_sha256)


def _kept_folder() -> Path:
    return get_settings().data / "evaluations"


def _named(model: Model) -> dict[str, str]:
    return {"id": str(model.id), "name": model.name}


def _store(run_id: UUID, document: dict[str, Any]) -> dict[str, Any]:
    """Keep the evaluation, and the candidate's figures on its card; an evaluation that is there already stays."""
    with unit_of_work() as uow:
        run = uow.session.get(RetrainRun, run_id, with_for_update=True, populate_existing=True)
        if run is None:
            raise NotFound("retraining run", run_id)
        if run.evaluation is not None:
            return run.evaluation
        run.evaluation = document
        if run.model_id is not None:
            model = get_model(uow, run.model_id)
            model.metrics = {**model.metrics, **_on_card(document)}
    return document


def _on_card(document: dict[str, Any]) -> dict[str, Any]:
    """The candidate's figures on the benchmark, which are comparable between rounds."""
    found = document["sets"].get("benchmark")
    if found is None:
        return {}
    figures = found["candidate"]
    if document["kind"] == "detector":
        return {"benchmark": figures}
    return {
        "miou": figures["miou"],
        **({"noc": figures["noc"]} if "noc" in figures else {}),
        "measured_on": f"the benchmark: {found['images']} images, {found['masks']} masks",
    }
