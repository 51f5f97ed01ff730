"""The rounds of the data engine (Segment Anything, section 4), driven through the API."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import fmean

from engine.simulation.annotate import Turn
from engine.simulation.client import Client, Json
from engine.simulation.figures import Annotated, Found, Measured, Outcome, Retrained, Round
from engine.simulation.ground_truth import Domain, GroundTruth
from engine.simulation.journal import Journal
from engine.simulation.measure import images_of, measure_automatic, measure_clicks, measure_miou
from engine.simulation.plan import MEASURED_CLICKS, Plan
from engine.simulation.turns import Taken, take_turn
from engine.simulation.workers import start_batch, start_retrain, wait_for_batch, wait_for_retrain

Tell = Callable[[str], None]
Turns = list[tuple[Turn, Taken]]

CANDIDATES = "loop"
"""What models are called that come of a simulation: loop v1, loop v2 …"""


@dataclass
class Simulation:
    """One simulation at one deployment.

    `tell` gets a line per thing that is done, `keep` the outcome after every round. `benchmark` are
    images of another sort than the domain's, on which nothing should be lost.
    """

    client: Client
    journal: Journal
    plan: Plan
    domain: Domain
    benchmark: GroundTruth
    tell: Tell
    keep: Callable[[Outcome], None]
    _runs: list[str] = field(default_factory=list, init=False)
    _outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        self._outcome = Outcome(self.plan)

    def run(self) -> Outcome:
        """All rounds, from the first one that the journal does not have.

        Raises what the client raises, RetrainFailed, and Conflict when the journal is of another plan.
        """
        self.journal.require_same("plan", self.plan.to_json())
        self.name = self.journal.step("name", lambda: f"Simulation {uuid.uuid4().hex[:8]}")
        self.pool = self._project(self.name, self.domain.pool)
        self.held_out = self._project(f"{self.name}, held out", self.domain.held_out)
        self.scenes = self._project(f"{self.name}, scenes", self.benchmark) if len(self.benchmark) else None
        self._let_the_gate_promote()
        manual = range(1, self.plan.manual_rounds + 1)
        semi_automatic = range(manual.stop, manual.stop + self.plan.semi_automatic_rounds)
        for number in manual:
            self._finish(self._manual_round(number))
        for number in semi_automatic:
            self._finish(self._semi_automatic_round(number))
        self._finish(self._automatic_round(semi_automatic.stop))
        return self._outcome

    def _finish(self, done: Round) -> None:
        self._outcome = Outcome(self.plan, [*self._outcome.rounds, done])
        self.keep(self._outcome)

    def _manual_round(self, number: int) -> Round:
        """Stage one: everything is made by clicking."""
        before = self._measured_round(number, "manual")
        turns = self._turns(number, None)
        return self._annotated_round(before, turns)

    def _semi_automatic_round(self, number: int) -> Round:
        """Stage two: a detector prefills, and the annotator adds what is missing."""
        before = self._measured_round(number, "semi-automatic")
        self._train_detector(number)
        order: Json = {
            "kind": "prefill",
            "selection": {"annotated": False, "limit": self.plan.images_per_round},
            "settings": self.plan.prefill,
            "review": True,
        }
        batch = self._batch(self.pool, f"prefilling of round {number}", order)
        return self._annotated_round(before, self._turns(number, batch))

    def _automatic_round(self, number: int) -> Round:
        """Stage three: nobody clicks. Only what is found on images that nobody opened is measured."""
        before = self._measured_round(number, "automatic")
        if not self.plan.automatic_images:
            return before
        order = self._automatic_order({"annotated": False})
        batch = self._batch(self.pool, f"automatic masks of round {number}", order)

        def measure() -> Json:
            images = [image for image in images_of(self.client, self.pool) if image["id"] not in self._finished()]
            model_id = self.client.get(f"/batches/{batch}")["batch"]["model_id"]
            return asdict(measure_automatic(self.client, images, model_id, self.domain.pool))

        found = Found(**self.journal.step(f"round {number}: automatic figures", measure))
        self.tell(f"  {_found(found)} on images nobody opened")
        return Round(**{**vars(before), "automatic": found})

    def _measured_round(self, number: int, stage: str) -> Round:
        """What the live model reaches before anything is done with it; measured once for every model."""
        model: Json = self.journal.step(f"round {number}: model", self.client.live_model)
        held_out = self._measure_held_out(model)
        benchmark = self._measure_benchmark(model)
        self.tell(f"Round {number}, {stage}, with {model['name']}: {_figures(held_out)}")
        automatic = self._measure_held_out_automatic(model)
        self.tell(f"  {_found(automatic)} on held-out images")
        return Round(number, stage, model["name"], held_out, benchmark, automatic)

    def _annotated_round(self, before: Round, turns: Turns) -> Round:
        annotated = _annotated(turns)
        retrained = self._retrain(f"round {before.number}", {"kind": "promptable", "overrides": self.plan.retrain})
        return Round(**{**vars(before), "annotated": annotated, "retrained": retrained})

    def _turns(self, number: int, prefill: str | None) -> Turns:
        turns: Turns = []
        for place in range(self.plan.images_per_round):
            name = f"round {number}: image {place}"
            turns.append(take_turn(self.client, self.journal, name, self.pool, self.domain.pool, self.plan, prefill))
            turn, taken = turns[-1]
            offered = len(taken["accepted"]) + len(taken["rejected"])
            self.tell(
                f"  {turn.file_name}: {len(turn.clicks)} masks, {sum(turn.clicks)} clicks"
                + (f", {len(taken['accepted'])} of {offered} accepted" if prefill else "")
            )
        return turns

    def _train_detector(self, number: int) -> None:
        """A detector for the live model. The first one for a model replaces nothing: a manager promotes it if the gate
        does not."""
        order: Json = {"kind": "detector", "overrides": self.plan.detector}
        trained = self._retrain(f"round {number}: detector", order)
        if not trained.promoted:
            run = self.client.get(f"/retrains/{trained.run_id}")["run"]
            self.journal.step(
                f"round {number}: detector promoted",
                lambda: self.client.post(f"/models/{run['model_id']}/promote")["id"],
            )

    def _retrain(self, name: str, order: Json) -> Retrained:
        known = tuple(self._runs)
        order = {**order, "name": CANDIDATES, "validation_share": self.plan.validation_share}
        start = f"{name}: retraining"
        run_id = self.journal.step(start, lambda: start_retrain(self.client, self.pool, order, known))
        self._runs.append(run_id)

        def wait() -> Json:
            run = wait_for_retrain(self.client, run_id)
            verdict = run["verdict"] or {}
            return asdict(
                Retrained(
                    run_id=run_id,
                    candidate=run["model_name"],
                    promoted=bool(verdict.get("promoted")),
                    reasons=[str(reason) for reason in verdict.get("reasons", [])],
                    machine_seconds=run["machine_seconds"],
                )
            )

        done = Retrained(**self.journal.step(f"{name}: retrained", wait))
        self.tell(f"  {done.candidate} {'is live' if done.promoted else 'is not promoted'}: {' '.join(done.reasons)}")
        return done

    def _batch(self, project_id: str, name: str, order: Json) -> str:
        """The id of a batch, once it is finished."""
        batch_id = self.journal.step(name, lambda: start_batch(self.client, project_id, name, order))
        batch = self.journal.step(f"{name}: finished", lambda: wait_for_batch(self.client, batch_id))
        counts = batch["counts"]
        self.tell(f"  {name}: {counts['masks']} masks on {counts['done']} images, {counts['failed']} failed")
        return batch_id

    def _automatic_order(self, selection: Json) -> Json:
        return {"kind": "automatic", "settings": self.plan.automatic, "selection": selection, "review": False}

    def _measure_held_out(self, model: Json) -> Measured:
        def measure() -> Json:
            return asdict(measure_clicks(self.client, self.held_out, model, self.domain.held_out, self.plan))

        return Measured(**self.journal.step(f"held-out figures of {model['id']}", measure))

    def _measure_benchmark(self, model: Json) -> dict[str, float] | None:
        scenes = self.scenes
        if scenes is None:
            return None
        return self.journal.step(
            f"benchmark of {model['id']}", lambda: measure_miou(self.client, scenes, model, self.benchmark, self.plan)
        )

    def _measure_held_out_automatic(self, model: Json) -> Found:
        name = f"automatic masks of {model['name']}"
        self._batch(self.held_out, name, self._automatic_order({}) | {"model_id": model["id"]})

        def measure() -> Json:
            images = images_of(self.client, self.held_out)
            return asdict(measure_automatic(self.client, images, model["id"], self.domain.held_out))

        return Found(**self.journal.step(f"{name}: figures", measure))

    def _project(self, name: str, images: GroundTruth) -> str:
        """The project of that name with the images in it, made now or before."""

        def make() -> str:
            there = [project["id"] for project in self.client.get("/projects") if project["name"] == name]
            return there[0] if there else self.client.post("/projects", {"name": name})["id"]

        def upload() -> int:
            for file in images.files():
                self.client.upload(project_id, file.name, file.read_bytes())
            return len(images)

        project_id = self.journal.step(f"project {name}", make)
        self.journal.step(f"images of {name}", upload)
        return project_id

    def _let_the_gate_promote(self) -> None:
        path = f"/projects/{self.pool}/loop-settings"
        self.journal.step("loop settings", lambda: self.client.put(path, self.plan.loop))

    def _finished(self) -> set[str]:
        """Images of the pool that somebody annotated."""
        images = images_of(self.client, self.pool)
        return {image["id"] for image in images if image["assignment"]["state"] == "finished"}


def _annotated(turns: Turns) -> Annotated:
    clicks = [count for turn, _ in turns for count in turn.clicks]
    accepted = sum(len(taken["accepted"]) for _, taken in turns)
    return Annotated(
        images=len(turns),
        made=len(clicks),
        clicks=fmean(clicks) if clicks else 0.0,
        painted=sum(turn.painted for turn, _ in turns) / len(clicks) if clicks else 0.0,
        offered=accepted + sum(len(taken["rejected"]) for _, taken in turns),
        accepted=accepted,
    )


def _figures(found: Measured) -> str:
    """mIoU 0.312 0.401 0.455 after 1, 3, 5 clicks, 14.2 clicks a mask."""
    values = " ".join(f"{found.miou[str(count)]:.3f}" for count in MEASURED_CLICKS)
    counts = ", ".join(str(count) for count in MEASURED_CLICKS)
    return f"held-out mIoU {values} after {counts} clicks, {found.clicks:.1f} clicks a mask"


def _found(found: Found) -> str:
    """23.5 automatic masks an image, recall 0.41 at IoU 0.5, 0.22 at IoU 0.75."""
    recall = ", ".join(f"{value:.2f} at IoU {iou}" for iou, value in found.recall.items())
    return f"{found.masks_per_image:.1f} automatic masks an image, recall {recall}"
