"""Pictures of the main pages for the documentation, in both colour schemes: `make screenshots`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import ARGUMENTS, CHROMIUM, ROOT, Watch, signed_in
from tests.browser.desk import Desk
from tests.support.live import LiveServer, wait_for

TARGET = ROOT / "docs/images"
SIZE = {"width": 1280, "height": 800}


def happen(server: LiveServer) -> str:
    """Something to look at; the id of the run that is shown."""
    contacts = (
        {
            "id": "c_1",
            "email": "lea@example.test",
            "first_name": "Léa",
            "last_name": "Martin",
            "country": "FR",
            "status": "trial",
        },
        {
            "id": "c_2",
            "email": "tom@example.test",
            "first_name": "Tom",
            "last_name": "Okafor",
            "country": "GB",
            "status": "trial",
        },
        {
            "id": "c_3",
            "email": "mia@example.test",
            "first_name": "Mia",
            "last_name": "Sato",
            "country": "JP",
            "status": "customer",
        },
    )
    with server.client() as api:
        for contact in contacts:
            fields = {name: value for name, value in contact.items() if name != "id"}
            assert api.put(f"/v1/contacts/{contact['id']}", json=fields).status_code in (200, 201)
        for id, stage in (("c_2", "MQL"), ("c_1", "MQL"), ("c_1", "SQL"), ("c_3", "Onboarding")):
            event = {"type": "stage.entered", "contact_id": id, "data": {"stage": stage}}
            assert api.post("/v1/events", json=event).status_code == 200
        wait_for(lambda: len(api.get("/v1/mailbox").json()["items"]) >= 2)
        runs = wait_for(lambda: api.get("/v1/runs", params={"rule": "Onboarding flow"}).json()["items"])
        return str(runs[0]["id"])


async def start(page: Page, run: str) -> None:
    """What somebody sees first."""
    await page.goto("/")


async def run_page(page: Page, run: str) -> None:
    """A run with its journal and its way."""
    await page.goto(f"/runs/{run}")


async def rules(page: Page, run: str) -> None:
    """A rule file with its pictures."""
    await page.goto("/rules/rules/sql.rules")


async def mailbox(page: Page, run: str) -> None:
    """A message of the development mailbox."""
    await page.goto("/")
    await page.locator("section[aria-labelledby=mailbox] a").first.click()


async def editor(page: Page, run: str) -> None:
    """A mistake in the text, with its fix."""
    await page.goto("/editor?file=rules/first.rules")
    desk = Desk(page)
    await desk.ready()
    text = await desk.text()
    await desk.type_over(text.replace("status = trial\ndo", "status = trail\ndo"))
    await expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    await page.get_by_role("tab", name="Catalogue").click()
    await page.get_by_label("Filter the catalogue").fill("tag")
    await page.locator("#catalogue summary").first.click()


async def simulate(page: Page, run: str) -> None:
    """A simulation beside the text."""
    await page.goto("/editor?file=rules/sql.rules")
    await Desk(page).ready()
    await page.get_by_role("tab", name="Simulate").click()
    await page.get_by_role("button", name="Run", exact=True).click()
    await page.get_by_role("button", name="Meeting booked").first.click()
    happens = page.get_by_role("region", name="What happens")
    await happens.get_by_role("button", name="assign").nth(1).click()


async def flow(page: Page, run: str) -> None:
    """The picture of a rule with the way of a simulated run."""
    await page.goto("/editor?file=rules/sql.rules")
    await Desk(page).ready()
    await page.get_by_role("button", name="Run", exact=True).click()
    await page.get_by_role("button", name="Meeting booked").first.click()
    await page.get_by_role("tab", name="Flow").click()
    await page.locator("#flow .node.done").first.wait_for()


PAGES: tuple[tuple[str, Callable[[Page, str], Awaitable[None]]], ...] = (
    ("start", start),
    ("run", run_page),
    ("rules", rules),
    ("mailbox", mailbox),
    ("editor", editor),
    ("simulate", simulate),
    ("flow", flow),
)


async def take(browser: Browser, server: LiveServer, scheme: str, run: str) -> None:
    """All pages in one colour scheme."""
    for name, show in PAGES:
        context = await signed_in(browser, server, Watch(server.url), viewport=SIZE, color_scheme=scheme)
        page = await context.new_page()
        await show(page, run)
        await page.wait_for_timeout(400)
        await page.screenshot(path=TARGET / f"{name}-{scheme}.png")
        await context.close()


async def main() -> None:
    """Take all pictures of the example workspace."""
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium; on Debian: apt-get install chromium")
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        shutil.copytree(ROOT / "examples/workspace", root)
        with LiveServer(root) as server:
            run = happen(server)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
                for scheme in ("light", "dark"):
                    await take(browser, server, scheme, run)
                await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
