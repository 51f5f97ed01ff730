"""The rounds of the data engine (Segment Anything, section 4), driven through the API."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import fmean

from engine.simulation.annotate import Turn, annotate_image
from engine.simulation.annotator import Attempt, click_to
from engine.simulation.client import Client, Json
from engine.simulation.figures import Clicked, Measured, Outcome, Round, measured
from engine.simulation.ground_truth import Domain, GroundTruth
from engine.simulation.journal import Journal
from engine.simulation.open_image import open_image
from engine.simulation.plan import MEASURED_CLICKS, Plan

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Simulation:
    """One simulation at one deployment; `tell` gets a line per thing that is done."""

    client: Client
    journal: Journal
    plan: Plan
    domain: Domain
    tell: Tell

    def run(self) -> Outcome:
        """All rounds, from the first one that the journal does not have.

        Raises what the client raises, and Conflict when the journal is of another plan.
        """
        self.journal.require_same("plan", self.plan.to_json())
        name = self.journal.step("name", lambda: f"Simulation {uuid.uuid4().hex[:8]}")
        pool = self._project(name, self.domain.pool)
        held_out = self._project(f"{name}, held out", self.domain.held_out)
        rounds = [self._manual_round(number, pool, held_out) for number in range(1, self.plan.manual_rounds + 1)]
        return Outcome(self.plan, rounds)

    def _manual_round(self, number: int, pool: str, held_out: str) -> Round:
        """Stage one: everything is made by clicking."""
        model = self.journal.step(f"round {number}: model", self.client.live_model)
        figures = self._measure(model, held_out, self.domain.held_out)
        self.tell(f"Round {number} with {model['name']}: {_figures(figures)}")
        turns = [self._turn(f"round {number}: image {place}", pool) for place in range(self.plan.images_per_round)]
        return Round(number, "manual", model["name"], figures, _clicked(turns))

    def _project(self, name: str, images: GroundTruth) -> str:
        """The project of that name with the images in it, made now or before."""

        def make() -> str:
            found = [project["id"] for project in self.client.get("/projects") if project["name"] == name]
            return found[0] if found else self.client.post("/projects", {"name": name})["id"]

        def upload() -> int:
            for file in images.files():
                self.client.upload(project_id, file.name, file.read_bytes())
            return len(images)

        project_id = self.journal.step(f"project {name}", make)
        self.journal.step(f"images of {name}", upload)
        return project_id

    def _measure(self, model: Json, project_id: str, truths: GroundTruth) -> Measured:
        """A model on images that nobody annotates, by clicking on them without saving; once for every model."""

        def measure() -> Json:
            least, most = max(MEASURED_CLICKS), self.plan.most_clicks
            attempts: list[Attempt] = []
            for image in self._images(project_id):
                opened = open_image(self.client, image, model)
                masks = truths.masks(image["file_name"])[: self.plan.held_out_masks]
                attempts += [click_to(opened.decode, truth, self.plan.target_iou, most, least) for truth in masks]
            return asdict(measured(len(truths), attempts, self.plan))

        return Measured(**self.journal.step(f"held-out figures of {model['id']}", measure))

    def _turn(self, step: str, project_id: str) -> Turn:
        """Takes the next image from the queue, annotates it and finishes it."""

        def work() -> Json:
            turn = self.client.post(f"/projects/{project_id}/queue/next", {})
            image = self.client.get(f"/images/{turn['image_id']}")
            model = self.client.live_model()
            for ahead in turn["ahead"]:
                self.client.fetch_ahead(ahead, model["id"])
            opened = open_image(self.client, image, model)
            done = annotate_image(opened, self.domain.pool.masks(image["file_name"]), self.plan)
            self.client.post(f"/images/{image['id']}/finish")
            self.tell(f"  {done.file_name}: {len(done.clicks)} masks, {sum(done.clicks)} clicks")
            return asdict(done)

        return Turn(**self.journal.step(step, work))

    def _images(self, project_id: str) -> list[Json]:
        """All images of a project, as the API lists them."""
        images: list[Json] = []
        while True:
            page = self.client.get(f"/projects/{project_id}/images", offset=len(images), limit=200)
            images += page["items"]
            if not page["items"] or len(images) >= page["total"]:
                return images


def _clicked(turns: list[Turn]) -> Clicked:
    clicks = [count for turn in turns for count in turn.clicks]
    painted = sum(turn.painted for turn in turns)
    masks = len(clicks)
    return Clicked(len(turns), masks, fmean(clicks) if clicks else 0.0, painted / masks if masks else 0.0)


def _figures(found: Measured) -> str:
    """mIoU 0.312 0.401 0.455 after 1, 3, 5 clicks, 14.2 clicks a mask."""
    values = " ".join(f"{found.miou[str(count)]:.3f}" for count in MEASURED_CLICKS)
    counts = ", ".join(str(count) for count in MEASURED_CLICKS)
    return f"held-out mIoU {values} after {counts} clicks, {found.clicks:.1f} clicks a mask"
