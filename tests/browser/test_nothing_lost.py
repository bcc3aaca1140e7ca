"""What an author typed survives others, a reload, and a server that goes away."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import Visitor, session_cookie
from tests.browser.desk import Desk
from tests.support.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATH = "rules/at_risk.rules"
MINE = "# Mine.\n"
THEIRS = "# Theirs.\n"


def change_elsewhere(server: LiveServer, path: str, before: str, after: str) -> str:
    """Somebody else goes live with another text; the text is given back."""
    with server.client() as api:
        file = api.get(f"/v1/editor/files/{path}").json()
        text: str = file["text"].replace(before, after, 1)
        assert text != file["text"]
        body = {"text": text, "base_version": file["version"]}
        assert api.put(f"/v1/editor/files/{path}", json=body).status_code == 200
    return text


def in_force(server: LiveServer, path: str) -> str:
    with server.client("rules:read") as api:
        text: str = api.get(f"/v1/editor/files/{path}").json()["text"]
    return text


async def write_at_end(desk: Desk, text: str) -> None:
    await desk.page.locator("#text .cm-content").focus()
    await desk.page.keyboard.press("Control+End")
    await desk.page.keyboard.insert_text(text)


async def test_two_people_change_a_file_and_neither_loses_a_word(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.open(PATH)
    await write_at_end(desk, MINE)
    theirs = change_elsewhere(server, PATH, "# The engagement", f"{THEIRS}# The engagement")

    # Whoever is slower learns of it from the page, or from the server at the latest.
    banner = page.locator("#banner")
    await expect(banner).to_contain_text("changed by somebody else")
    await banner.get_by_role("button", name="Compare and merge").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Theirs.")
    await dialog.get_by_role("button", name="Take this change").first.click()
    await dialog.get_by_role("button", name="Keep the right side").click()
    assert await desk.text() == theirs + MINE
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))
    await page.get_by_role("button", name="Go live…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    await expect(page.locator("#state")).to_have_text("in force")
    assert in_force(server, PATH) == theirs + MINE


async def test_going_live_after_somebody_faster_shows_both(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.open(PATH)
    await write_at_end(desk, MINE)
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))
    await page.get_by_role("button", name="Go live…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("No rule changes")
    theirs = change_elsewhere(server, PATH, "# The engagement", f"{THEIRS}# The engagement")
    await dialog.get_by_role("button", name="Go live").click()
    merging = page.get_by_role("dialog", name=f"{PATH}: two versions")
    await expect(merging).to_contain_text("Theirs.")
    assert in_force(server, PATH) == theirs
    await merging.get_by_role("button", name="Take theirs").click()
    assert await desk.text() == theirs
    await expect(page.locator("#state")).to_have_text("in force")


async def test_a_reload_loses_nothing(page: Page) -> None:
    desk = Desk(page)
    await desk.open("rules/first.rules")
    await desk.open(PATH)
    await write_at_end(desk, MINE)
    await page.reload()
    await desk.ready()
    await expect(page.get_by_role("heading", level=1)).to_have_text(PATH)
    assert (await desk.text()).endswith(MINE)
    await expect(page.get_by_label("Open files").get_by_role("button", name="Close")).to_have_count(2)


async def test_a_draft_follows_its_author_to_another_browser(visit: Visitor, page: Page) -> None:
    desk = Desk(page)
    await desk.open(PATH)
    await write_at_end(desk, MINE)
    await page.keyboard.press("Control+s")
    await expect(page.locator("#state")).to_have_text("draft saved")
    other = Desk(await visit(f"/editor?file={PATH}"))
    await other.ready()
    assert (await other.text()).endswith(MINE)
    await expect(other.page.locator("#state")).to_have_text("draft saved")
    await other.page.get_by_role("button", name="Discard").click()
    await other.page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    await expect(other.page.locator("#state")).to_have_text("in force")
    assert not (await other.text()).endswith(MINE)


async def test_drafts_from_two_browsers_are_merged(visit: Visitor, page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.open(PATH)
    with server.stopped():
        await write_at_end(desk, MINE)
        await expect(page.locator("#banner")).to_contain_text("cannot be reached")
        await page.evaluate("window.stop()")
        await page.goto("about:blank")
    other = Desk(await visit(f"/editor?file={PATH}"))
    await other.ready()
    await write_at_end(other, "# From the other browser.\n")
    await other.page.keyboard.press("Control+s")
    await expect(other.page.locator("#state")).to_have_text("draft saved")

    await page.context.add_cookies([session_cookie(server)])
    await page.goto(f"/editor?file={PATH}")
    await desk.ready()
    assert (await desk.text()).endswith(MINE)
    await page.locator("#banner").get_by_role("button", name="Compare and merge").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("From the other browser.")
    await dialog.get_by_role("button", name="Take the other").click()
    await expect(page.locator("#state")).to_have_text("draft saved")
    assert (await desk.text()).endswith("# From the other browser.\n")


async def test_the_server_goes_away_and_comes_back(
    context: BrowserContext, page: Page, server: LiveServer
) -> None:
    desk = Desk(page)
    await desk.open(PATH)
    await write_at_end(desk, MINE)
    banner = page.locator("#banner")
    with server.stopped():
        await write_at_end(desk, "# Written without a server.\n")
        await expect(banner).to_contain_text("cannot be reached")
        await expect(page.locator("#state")).to_have_text("kept in this browser")

    # A restart ends sessions: the page says so, and goes on once its author has signed in.
    await expect(banner).to_contain_text("signed out")
    await context.add_cookies([session_cookie(server)])
    await expect(page.locator("#state")).to_have_text("draft saved")
    await expect(banner).to_be_hidden()
    draft = (await (await page.request.get(f"/v1/editor/files/{PATH}")).json())["draft"]
    assert draft["text"].endswith("# Mine.\n# Written without a server.\n")
