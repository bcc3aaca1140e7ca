"""Files, other tabs, runs under way, readers: what is around the text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Visitor, Watch, signed_in
from tests.browser.desk import Desk
from tests.support.live import LiveServer, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FIRST = "rules/first.rules"


def waiting(server: LiveServer) -> str:
    """A run of `Watch me` that waits for twenty seconds; its id."""
    with server.client() as api:
        contact = {"email": "lea@example.test", "status": "trial"}
        assert api.put("/v1/contacts/c_1", json=contact).status_code in (200, 201)
        event = {"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "demo"}}
        run: str = api.post("/v1/events", json=event).json()["runs"][0]
        wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "waiting")
    return run


async def test_files_are_made_in_folders_moved_and_removed(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.ready()
    await page.get_by_role("button", name="New…").click()
    await page.get_by_label("Path").fill("rules/winback/mail.rules")
    await page.get_by_role("button", name="Make").click()
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))
    await page.get_by_role("button", name="Go live…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    await expect(page.locator("#state")).to_have_text("in force")

    await page.get_by_role("button", name="Rename…").click()
    await page.get_by_label("New path").fill("rules/back/mail.rules")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("rules/back/mail.rules")
    await expect(page.locator("#files summary")).to_contain_text(["rules", "back", "templates", "tests"])
    assert (server.root / "rules/back/mail.rules").is_file()
    assert not (server.root / "rules/winback/mail.rules").exists()

    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.locator('#files button[data-path="rules/back/mail.rules"]')).to_have_count(0)
    assert not (server.root / "rules/back/mail.rules").exists()


async def test_a_file_that_others_need_is_not_removed(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.open("schema.rules")
    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog", name="That did not work")).to_contain_text("nothing was changed")
    assert (server.root / "schema.rules").is_file()


async def test_two_tabs_of_one_author_show_one_text(page: Page, context: BrowserContext) -> None:
    desk = Desk(page)
    await desk.open(FIRST)
    other = Desk(await context.new_page())
    await other.page.goto(f"/editor?file={FIRST}")
    await other.ready()
    await desk.page.locator("#text .cm-content").focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.insert_text("# From the first tab.\n")
    await expect(other.page.locator(".cm-content")).to_contain_text("From the first tab.")
    await other.page.locator("#text .cm-content").focus()
    await other.page.keyboard.press("Control+End")
    await other.page.keyboard.insert_text("# From the second.\n")
    await expect(page.locator(".cm-content")).to_contain_text("From the second.")
    assert await desk.text() == await other.text()


async def test_runs_under_way_are_moved_when_their_author_says_so(page: Page, server: LiveServer) -> None:
    run = waiting(server)
    desk = Desk(page)
    await desk.open(FIRST)
    await desk.type_over((await desk.text()).replace("wait 20s", "wait 90d"))
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))
    await page.get_by_role("button", name="Go live…").click()
    dialog = page.get_by_role("dialog")
    row = dialog.get_by_role("row", name=re.compile("Watch me"))
    await expect(row.locator(".changes")).to_contain_text("20s")
    await row.get_by_label("Runs of Watch me").select_option("move")
    await dialog.get_by_role("button", name="Go live").click()
    await expect(page.locator("#state")).to_have_text("in force")
    with server.client("runs:read") as api:
        wait_for(lambda: any(e["kind"] == "moved" for e in api.get(f"/v1/runs/{run}").json()["journal"]))


async def test_a_field_is_renamed_everywhere_and_goes_live_in_one_moment(
    page: Page, server: LiveServer
) -> None:
    desk = Desk(page)
    await desk.open("rules/sql.rules")
    await desk.click_line("set qualified", 90)
    await page.keyboard.press("F2")
    name = page.get_by_label("New name")
    await expect(name).to_have_value("qualified")
    await name.fill("is_ready")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.locator("#said")).to_have_text("Renamed in 2 files.")
    assert "set is_ready = true" in await desk.text()

    # Alone, neither of the two could.
    await page.get_by_role("button", name="Go live…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Only rules/sql.rules").click()
    await expect(page.get_by_role("dialog")).to_contain_text("is_ready")
    await expect(page.get_by_role("dialog").get_by_role("button", name="Go live")).to_have_count(0)
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Go live…").click()
    await page.get_by_role("dialog").get_by_role("button", name="All 2 files").click()
    await expect(page.get_by_role("dialog")).to_contain_text("is_ready: yes/no")
    await page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    await expect(page.locator("#said")).to_have_text("2 files are in force.")
    await expect(page.locator("#state")).to_have_text("in force")
    assert "is_ready: yes/no" in (server.root / "schema.rules").read_text("utf-8")
    assert "set is_ready" in (server.root / "rules/sql.rules").read_text("utf-8")


async def test_pictures_on_the_pages_lead_to_their_lines(visit: Visitor, server: LiveServer) -> None:
    run = waiting(server)
    page = await visit("/rules/rules/first.rules")
    await expect(page.locator(".source .t-keyword")).not_to_have_count(0)
    await page.locator(".picture text", has_text="wait 20s").click()
    await expect(page).to_have_url(re.compile("#L10$"))
    await page.goto(f"/editor?file={FIRST}&line=10")
    await page.get_by_role("tab", name="Flow").click()
    await page.get_by_label("Way of").select_option(run)
    await expect(page.locator("#flow .node.done")).to_have_count(1)
    await expect(page.locator("#flow .node.waiting")).to_contain_text("wait 20s")

    await page.goto(f"/runs/{run}")
    await expect(page.locator(".picture .node.done")).to_have_count(1)
    step = page.locator(".picture .node.waiting")
    await expect(step).to_contain_text("wait 20s")
    await step.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".cm-activeLine")).to_contain_text("wait 20s")


async def test_a_reader_tries_out_and_changes_nothing(visit: Visitor, server: LiveServer) -> None:
    page = await visit("/sign-in")
    await page.context.clear_cookies()
    await page.goto("/sign-in")
    await page.get_by_label("API key").fill(server.key("rules:read"))
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="Editor", exact=True).click()
    desk = Desk(page)
    await desk.open(FIRST)
    await desk.type_over((await desk.text()).replace("wait 20s", "wait 90d"))
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.locator("#simulate .said")).to_contain_text("runs")
    for name in ("New…", "Rename…", "Delete…", "Save draft", "Go live…"):
        await expect(page.get_by_role("button", name=name)).to_be_disabled()


async def test_a_workspace_without_files_and_a_file_that_is_gone(browser: Browser, tmp_path: Path) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    with LiveServer(root) as server:
        watch = Watch(server.url)
        context = await signed_in(browser, server, watch)
        page = await context.new_page()
        await page.goto("/editor?file=rules/gone.rules")
        await expect(page.get_by_role("dialog")).to_contain_text("no file")
        await page.get_by_role("dialog").get_by_role("button").click()
        desk = Desk(page)
        await desk.ready()
        for panel in ("Simulate", "Flow", "Tests", "Catalogue"):
            await page.get_by_role("tab", name=panel).click()
        await page.get_by_role("button", name="New…").click()
        await page.get_by_role("button", name="Make").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("rules/new.rules")
        await expect(page.locator("#count")).not_to_have_text("")
        await context.close()
    assert not watch.bad, watch.bad


async def test_a_new_file_gets_the_ending_of_its_folder(page: Page) -> None:
    desk = Desk(page)
    await desk.ready()
    endings = {
        "rules/live": "rules/live.rules",
        "tests/live": "tests/live.test.rules",
        "live.test": "live.test.rules",
    }
    for typed, made in {**endings, "templates/live": "templates/live.liquid"}.items():
        await page.get_by_role("button", name="New…").click()
        await page.get_by_label("Path").fill(typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(made)
    await page.get_by_role("button", name="New…").click()
    await page.get_by_label("Path").fill("rules/mouse")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("rules/mouse.rules")


async def test_a_path_that_cannot_be_says_what_is_expected(page: Page) -> None:
    desk = Desk(page)
    await desk.ready()
    await page.get_by_role("button", name="New…").click()
    path = page.get_by_label("Path")
    await path.fill("rules/what is this")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("dialog", name="New file")).to_contain_text("Rules end in .rules")
    assert await path.evaluate("(input) => input.title.includes('.rules') && !input.validity.valid")
