"""What a model reaches on images that nobody annotates: by clicks that are not saved, and by itself."""

from collections.abc import Sequence

from engine.simulation.annotator import Attempt, click_to
from engine.simulation.client import Client, Json
from engine.simulation.figures import Found, Measured, found, measured
from engine.simulation.ground_truth import GroundTruth, encode_all
from engine.simulation.open_image import open_image
from engine.simulation.plan import MEASURED_CLICKS, Plan
from engine.simulation.turns import rle_of


def measure_clicks(client: Client, project_id: str, model: Json, truths: GroundTruth, plan: Plan) -> Measured:
    """Clicks to the target IoU on the largest masks of a project's images, through its decode endpoint."""
    images = images_of(client, project_id)
    return measured(len(images), _attempts(client, images, model, truths, plan, plan.most_clicks), plan)


def measure_miou(client: Client, project_id: str, model: Json, truths: GroundTruth, plan: Plan) -> dict[str, float]:
    """As `measure_clicks`, but no more clicks than the mean IoU is asked for after: by number of clicks."""
    images = images_of(client, project_id)
    return measured(len(images), _attempts(client, images, model, truths, plan, max(MEASURED_CLICKS)), plan).miou


def _attempts(
    client: Client, images: Sequence[Json], model: Json, truths: GroundTruth, plan: Plan, most: int
) -> list[Attempt]:
    attempts: list[Attempt] = []
    for image in images:
        opened = open_image(client, image, model)
        masks = truths.masks(image["file_name"])[: plan.held_out_masks]
        attempts += [
            click_to(opened.decode, truth, plan.target_iou, most, least=max(MEASURED_CLICKS)) for truth in masks
        ]
    return attempts


def measure_automatic(client: Client, images: Sequence[Json], model_id: str, truths: GroundTruth) -> Found:
    """The automatic masks that a model has left on these images, against the truth."""
    pairs = []
    for image in images:
        masks = client.get(f"/images/{image['id']}/masks")
        made = [rle_of(mask) for mask in masks if mask["stage"] == "automatic" and mask["model_id"] == model_id]
        pairs.append((made, encode_all(truths.masks(image["file_name"]))))
    return found(pairs)


def images_of(client: Client, project_id: str) -> list[Json]:
    """All images of a project, as the API lists them."""
    images: list[Json] = []
    while True:
        page = client.get(f"/projects/{project_id}/images", offset=len(images), limit=200)
        images += page["items"]
        if not page["items"] or len(images) >= page["total"]:
            return images
