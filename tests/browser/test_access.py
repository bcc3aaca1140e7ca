"""The pages for everybody: by keyboard alone, at 200 %, in both colour schemes, and by the rules of WCAG (axe-core)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.desk import Desk
from tests.browser.frontend import installed
from tests.support.live import LiveServer, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCHEMES = ("light", "dark")
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What else there is does not depend on the colours.
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
RULES = {"light": ALL, "dark": CONTRAST}


async def violations(page: Page, scheme: str) -> list[str]:
    """What axe-core finds wrong with a page."""
    source = (installed() / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    await page.evaluate(source)
    found: list[dict[str, Any]] = await page.evaluate(
        "async (rules) => (await axe.run(document, { runOnly: rules })).violations", RULES[scheme]
    )
    return [f"{v['id']}: {n['html'][:150]} {n['failureSummary'][:300]}" for v in found for n in v["nodes"]]


def happen(server: LiveServer) -> str:
    """Runs, messages and an effect to look at; the id of a run that waits."""
    with server.client() as api:
        contact = {"email": "lea@example.test", "first_name": "Léa", "status": "trial"}
        assert api.put("/v1/contacts/c_1", json=contact).status_code in (200, 201)
        for data in ({"tag": "demo"}, {"tag": "other"}):
            event = {"type": "contact.tag_added", "contact_id": "c_1", "data": data}
            assert api.post("/v1/events", json=event).status_code == 200
        event = {"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}
        run: str = api.post("/v1/events", json=event).json()["runs"][0]
        wait_for(lambda: api.get("/v1/runs", params={"status": "waiting"}).json()["items"])
    return run


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_pages_follow_the_guidelines(visit: Visitor, server: LiveServer, scheme: str) -> None:
    run = happen(server)
    page = await visit("/", color_scheme=scheme)
    for path in ("/", f"/runs/{run}", "/rules/rules/sql.rules", "/rules/nothing", "/sign-in"):
        await page.goto(path)
        assert not (found := await violations(page, scheme)), f"{path}: {found}"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_editor_follows_the_guidelines(visit: Visitor, scheme: str) -> None:
    page = await visit("/editor?file=rules/sql.rules", color_scheme=scheme)
    desk = Desk(page)
    await desk.ready()
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_role("region", name="What happens")).to_be_visible()
    await page.locator("#simulate summary").first.click()
    await page.get_by_role("region", name="Messages").locator("summary").first.click()
    assert not (found := await violations(page, scheme)), found
    text = await desk.text()
    await desk.type_over(text.replace("country in", "contry in", 1))
    await expect(page.locator(".cm-lintRange-error")).not_to_have_count(0)
    for panel in ("Flow", "Tests", "Catalogue"):
        await page.get_by_role("tab", name=panel).click()
        assert not (found := await violations(page, scheme)), f"{panel}: {found}"
    await page.get_by_role("button", name="Compare").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert not (found := await violations(page, scheme)), found


async def test_by_keyboard_alone(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.ready()
    press = page.keyboard.press

    # The first Tab offers to skip the navigation.
    await press("Tab")
    await expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    await press("Enter")
    await press("F6")
    await expect(page.get_by_role("tab", name="Simulate")).to_be_focused()
    await press("F6")
    await expect(page.get_by_role("tab", name="Files")).to_be_focused()

    # A file is made; the dialog takes the focus and gives it back.
    await press("Tab")
    await press("Enter")
    await expect(page.get_by_label("Path")).to_be_focused()
    await page.keyboard.type("rules/keys.rules")
    await press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("rules/keys.rules")

    # Written, with a completion that is chosen by arrow keys.
    content = page.locator("#text .cm-content")
    while not await content.evaluate("e => e === document.activeElement"):
        await press("F6")
    await press("Control+a")
    await page.keyboard.type('on tag added "keys" do\nadd')
    await press("Control+Space")
    await expect(page.get_by_role("option").first).to_be_visible()
    await press("Escape")
    await page.keyboard.type(' tag "seen"\nend\n')
    await press("Shift+Alt+f")
    await expect(page.locator(".cm-line").nth(1)).to_have_text('  add tag "seen"')

    # Tab indents; after Escape it leaves the text.
    await press("Escape")
    await press("Tab")
    await expect(content).not_to_be_focused()

    # Simulated from wherever the focus is, then live.
    await press("Control+Enter")
    await expect(page.locator("#simulate .said")).to_contain_text(re.compile(r"\d runs?"))
    live = page.get_by_role("button", name="Go live…")
    await expect(live).to_be_enabled()
    for _ in range(60):
        if await live.evaluate("e => e === document.activeElement"):
            break
        await press("Shift+Tab")
    await expect(live).to_be_focused()
    await press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    go = page.get_by_role("dialog").get_by_role("button", name="Go live")
    while not await go.evaluate("e => e === document.activeElement"):
        await press("Tab")
    await press("Enter")
    await expect(page.locator("#state")).to_have_text("in force")
    with server.client("rules:read") as api:
        assert "keys" in api.get("/v1/rules/rules/keys.rules").text


async def test_the_focus_is_visible_everywhere(page: Page) -> None:
    desk = Desk(page)
    await desk.ready()
    seen = 0
    for _ in range(45):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break
        # The text draws its outline around the whole editor.
        focused = page.locator(".cm-editor.cm-focused, :focus:not(.cm-content)").last
        await expect(focused).to_have_css("outline-style", "solid")
        seen += 1
        if await page.evaluate('document.activeElement.closest(".cm-content") !== null'):
            await page.keyboard.press("Escape")
    assert seen > 25


@pytest.mark.parametrize("width", [720, 360])
async def test_nothing_runs_off_the_page_when_it_is_zoomed(
    visit: Visitor, server: LiveServer, width: int
) -> None:
    """A window of 1440 pixels is 720 wide at 200 %, and 360 at 400 %."""
    run = happen(server)
    page = await visit("/", viewport={"width": width, "height": 450})
    for path in ("/", f"/runs/{run}", "/rules/rules/sql.rules", "/editor?file=rules/sql.rules"):
        await page.goto(path)
        if path.startswith("/editor"):
            await Desk(page).ready()
            await page.get_by_role("button", name="Run", exact=True).click()
            await expect(page.get_by_role("region", name="What happens")).to_be_visible()
        over = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{path} is {over} pixels too wide"
