"""The list of a project's images says what is stored, whatever happened to the requests that fill it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.annotating import new_project
from tests.e2e.running_maskloop import E2E, RunningMaskloop
from tests.fixtures.pictures import picture

pytestmark = E2E

UPLOAD = re.compile(r"/api/v1/projects/[^/]+/images$")
LIST = re.compile(r"/api/v1/projects/[^/]+/images\?")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # While a service worker takes a page over, Playwright neither sees nor intercepts some of the page's requests.
    context = browser.new_context(service_workers="block")
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "bird.png"
    file.write_bytes(picture())
    return file


def test_an_image_is_listed_although_a_list_without_it_arrives_after_it(page: Page, file: Path) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(LIST, hold, times=1)
    with page.expect_request(LIST):
        new_project(page)
    upload(page, file, "stored")
    (first,) = held
    first.fulfill(json={"items": [], "total": 0})
    expect(page.get_by_test_id("image-card")).to_have_count(1)


def test_a_list_that_cannot_be_read_again_says_so_and_is_read_once_it_can(page: Page, file: Path) -> None:
    new_project(page)
    expect(page.get_by_role("heading", name="No images yet")).to_be_visible()
    page.route(LIST, lambda route: route.abort())
    upload(page, file, "stored")
    expect(page.get_by_test_id("out-of-date")).to_contain_text("The server cannot be reached")
    page.unroute(LIST)
    expect(page.get_by_test_id("image-card")).to_have_count(1)
    expect(page.get_by_test_id("out-of-date")).to_have_count(0)


def test_an_image_whose_first_upload_was_stored_unheard_is_listed_when_it_is_sent_again(
    page: Page, deployment: RunningMaskloop, file: Path
) -> None:
    project = new_project(page)
    expect(page.get_by_role("heading", name="No images yet")).to_be_visible()
    page.route(UPLOAD, lambda route: route.abort(), times=1)
    upload(page, file, "failed")
    with deployment.client() as client:
        sent = client.post(f"/projects/{project}/images", files={"file": (file.name, file.read_bytes())})
    assert sent.status_code == 201
    page.get_by_role("button", name="Retry failed").click()
    expect(page.get_by_test_id("upload-panel").get_by_role("listitem")).to_have_attribute("data-status", "duplicate")
    expect(page.get_by_test_id("image-card")).to_have_count(1)


def upload(page: Page, file: Path, outcome: str) -> None:
    page.get_by_test_id("upload-input").set_input_files(file)
    sent = page.get_by_test_id("upload-panel").get_by_role("listitem")
    expect(sent).to_have_attribute("data-status", outcome)
