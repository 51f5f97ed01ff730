"""One running deployment and one browser for all end-to-end tests; each test signs in by its own link."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.e2e.running_maskloop import TOUR_TAKEN, RunningMaskloop, launch_chromium, running_maskloop

# Slow machines are slow, not broken.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMaskloop]:
    with running_maskloop(tmp_path_factory.mktemp("deployment") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = launch_chromium(playwright)
    yield chromium
    chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    context.add_init_script(TOUR_TAKEN)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, deployment: RunningMaskloop) -> Iterator[Page]:
    """A signed-in page on the list of projects. The test fails if the page throws or the server does."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if is_error(message) else None)
    page.on("response", lambda answer: errors.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    page.goto(deployment.new_link())
    page.wait_for_url("**/projects")
    yield page
    assert errors == []


def is_error(message: ConsoleMessage) -> bool:
    # Chromium logs every answer of 400 and above; asking who is signed in, or for a model that is not there yet, is
    # how the page finds out.
    return message.type == "error" and not message.text.startswith("Failed to load resource")
