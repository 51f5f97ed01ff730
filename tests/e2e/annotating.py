"""What the browser tests do on the annotation page as a person would."""

import re
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect

from engine.flow.sign_in import create_link
from engine.store.database import create_database
from engine.store.tables import Role, User
from engine.store.unit_of_work import unit_of_work
from tests.e2e.running_maskloop import PATIENCE, RunningMaskloop
from tests.e2e.subjects import Subject


def link_for(deployment: RunningMaskloop, name: str) -> str:
    """A sign-in link of an annotator who is new to the deployment."""
    database = create_database(f"sqlite:///{deployment.data / 'maskloop.db'}")
    with unit_of_work(database=database) as uow:
        person = User(name=name, role=Role.ANNOTATOR)
        uow.session.add(person)
        uow.session.flush()
        token = create_link(uow, person)
    database.dispose()
    return f"{deployment.url}/sign-in?token={token}"


def new_project(page: Page) -> str:
    """Makes a project as a person would; returns its id."""
    page.get_by_role("button", name="New project").first.click()
    page.get_by_role("textbox", name="Name").fill(f"Photographs {uuid4().hex[:6]}")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/projects/*-*")
    return page.url.rpartition("/")[2]


def open_image(page: Page, subject: Subject | Path, decoder: str) -> None:
    """Uploads the subject or a file, opens it and waits until it can be clicked."""
    page.get_by_test_id("upload-input").set_input_files(subject if isinstance(subject, Path) else subject.file)
    # By itself, so that a failure says whether it was the upload or the list.
    sent = page.get_by_test_id("upload-panel").get_by_role("listitem")
    expect(sent).to_have_attribute("data-status", "stored", timeout=1000 * PATIENCE)
    page.get_by_test_id("image-card").get_by_role("link").click()
    page.wait_for_url("**/images/*")
    if decoder == "server":
        page.goto(f"{page.url}?decoder=server")
    wait_until_ready(page, decoder)


def wait_until_ready(page: Page, decoder: str) -> None:
    state = page.get_by_test_id("embedding-state")
    expect(state).to_have_attribute("data-phase", "ready", timeout=1000 * PATIENCE)
    expect(state).to_have_attribute("data-where", decoder)


def wait_until_saved(page: Page) -> None:
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-phase", "saved")


def position(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where the middle of an image pixel is on the page."""
    canvas = page.get_by_test_id("image-canvas")
    expect(canvas).to_have_attribute("data-zoom", re.compile(r"\d"))
    zoom, left, top = (
        float(canvas.get_attribute(f"data-{name}") or "nan") for name in ("zoom", "origin-x", "origin-y")
    )
    box = canvas.bounding_box()
    assert box is not None
    return box["x"] + left + (x + 0.5) * zoom, box["y"] + top + (y + 0.5) * zoom


def paint(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """One stroke of the tool in the hand between two image pixels."""
    page.mouse.move(*position(page, *start))
    page.mouse.down()
    page.mouse.move(*position(page, *end), steps=5)
    page.mouse.up()
