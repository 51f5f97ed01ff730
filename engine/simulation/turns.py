"""One image of the queue, from being handed out to being finished."""

from dataclasses import asdict
from typing import TypedDict

from engine.masks.matching import match
from engine.masks.rle import Rle
from engine.simulation.annotate import Turn, annotate_image
from engine.simulation.client import Client, Json
from engine.simulation.ground_truth import GroundTruth, encode_all
from engine.simulation.journal import Journal
from engine.simulation.open_image import open_image
from engine.simulation.plan import Plan

_PAGE = 60


class Taken(TypedDict):
    """An image that was handed out, and what the annotator thinks of the masks that it was prefilled with.

    `places` are the objects that the accepted ones cover.
    """

    image: Json
    accepted: list[str]
    rejected: list[str]
    places: list[int]


def take_turn(
    client: Client, journal: Journal, name: str, project_id: str, truths: GroundTruth, plan: Plan, prefill: str | None
) -> tuple[Turn, Taken]:
    """Takes the next image, decides on its masks of the batch `prefill`, makes what is missing, and finishes it.

    Two steps of the journal, each safe to do again: what was decided must not be lost once it is sent.
    """

    def take() -> Taken:
        turn = client.post(f"/projects/{project_id}/queue/next", {})
        image = client.get(f"/images/{turn['image_id']}")
        offered = [] if prefill is None else _offered(client, project_id, prefill, image["id"])
        objects = encode_all(truths.masks(image["file_name"]))
        pairs = match([rle_of(mask) for mask in offered], objects, plan.accepted_iou)
        accepted = [offered[pair.one]["id"] for pair in pairs]
        rejected = [mask["id"] for mask in offered if mask["id"] not in accepted]
        return Taken(image=image, accepted=accepted, rejected=rejected, places=[pair.other for pair in pairs])

    def work() -> Json:
        image = taken["image"]
        held = client.put(f"/images/{image['id']}/assignment", None)
        model = client.live_model()
        for ahead in held["ahead"]:
            client.fetch_ahead(ahead, model["id"])
        for decision, masks in (("accept", taken["accepted"]), ("reject", taken["rejected"])):
            if masks:
                client.post(f"/projects/{project_id}/review", {"mask_ids": masks, "decision": decision})
        turn = annotate_image(
            open_image(client, image, model), truths.masks(image["file_name"]), plan, set(taken["places"])
        )
        client.post(f"/images/{image['id']}/finish")
        return asdict(turn)

    taken = journal.step(f"{name}: taken", take)
    return Turn(**journal.step(f"{name}: finished", work)), taken


def _offered(client: Client, project_id: str, batch_id: str, image_id: str) -> list[Json]:
    """The masks of a batch on an image that wait for review."""
    seen = 0
    while True:
        page = client.get(f"/projects/{project_id}/review", batch_id=batch_id, offset=seen, limit=_PAGE)
        for item in page["items"]:
            if item["image_id"] == image_id:
                return item["masks"]
        seen += len(page["items"])
        if not page["items"] or seen >= page["images"]:
            return []


def rle_of(mask: Json) -> Rle:
    """A mask of the API as run lengths."""
    height, width = mask["segmentation"]["size"]
    return Rle(size=[height, width], counts=mask["segmentation"]["counts"])
