"""The decoder's worker for the graphics card, on the adapter that Chromium emulates: as right as WebAssembly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.conftest import REPOSITORY
from tests.e2e.annotating import new_project, open_image
from tests.e2e.running_maskloop import CHROMIUM_ARGUMENTS, E2E, launch_chromium
from tests.e2e.subjects import Subject, scene

# The emulated adapter has the processor run every shader: one answer takes seconds, the first up to two minutes.
pytestmark = [*E2E, pytest.mark.slow]

EMULATED_CARD = [
    *(argument for argument in CHROMIUM_ARGUMENTS if argument != "--disable-gpu"),
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
]
SAME_MASK_IOU = 0.999

# Speaks to a worker as the page does. Prepares twice: what the first image left on the card is given back.
ANSWER = """async ({ address, imageId, point }) => {
  const model = await (await fetch("/api/v1/models/live")).json();
  const embedding = await fetch(`/api/v1/images/${imageId}/embedding?model_id=${model.id}`);
  const half = new Uint16Array(await embedding.arrayBuffer());
  const worker = new Worker(address, { type: "module" });
  const ask = (message, answered) => new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) =>
      data.kind === answered ? resolve(data) : reject(new Error(data.reason ?? data.kind));
    worker.postMessage(message);
  });
  const { prepare_url: prepareUrl, decode_url: decodeUrl } = model;
  await ask({ kind: "load", prepareUrl, decodeUrl, threads: 1 }, "loaded");
  await ask({ kind: "prepare", imageId: "first", embedding: half }, "prepared");
  await ask({ kind: "prepare", imageId: "second", embedding: half }, "prepared");
  const coords = Float32Array.of(...point.map((at) => at * model.image_size), 0, 0);
  const click = { coords, labels: Float32Array.of(1, -1), maskInput: null };
  const { logits, predictedIou } = await ask(
    { kind: "decode", requestId: 1, imageId: "second", ...click }, "decoded");
  worker.terminate();
  return { logits: Array.from(logits), predictedIou };
}"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = launch_chromium(playwright, EMULATED_CARD)
    yield chromium
    chromium.close()


def test_the_graphics_card_gives_the_masks_that_webassembly_gives(page: Page, tmp_path: Path) -> None:
    if not page.evaluate("async () => Boolean(navigator.gpu && await navigator.gpu.requestAdapter())"):
        pytest.skip("this Chromium has no WebGPU adapter, not even an emulated one")
    new_project(page)
    subject = scene(tmp_path)
    open_image(page, subject, "browser")

    card = answer(page, "webgpu_worker", subject)
    processor = answer(page, "worker", subject)

    assert card["predictedIou"] == pytest.approx(processor["predictedIou"], abs=0.01)
    masks = [np.array(side["logits"]).reshape(4, -1) > 0 for side in (card, processor)]
    for one, other in zip(*masks, strict=True):
        assert other.any()
        assert (one & other).sum() >= SAME_MASK_IOU * (one | other).sum()


def answer(page: Page, worker: str, subject: Subject) -> dict[str, Any]:
    """What the built worker of this name decodes from a click on the open image's first object."""
    (built,) = (REPOSITORY / "web" / "dist" / "assets").glob(f"{worker}-*.js")
    x, y = subject.centre(0)
    long_side = max(subject.masks[0].shape)
    return page.evaluate(
        ANSWER,
        {
            "address": f"/assets/{built.name}",
            "imageId": page.url.rpartition("/")[2],
            # A share of the model's square.
            "point": [(x + 0.5) / long_side, (y + 0.5) / long_side],
        },
    )
