"""The author's story in a real browser, from a mistake to a run."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.support.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RULE = """rule "Say hello" for contact
  on tag added "hello"
  when status = trail
do
  add tag "greeted"
  wait 2h
  notify owner "{{ contact.first_name }} was greeted"
end
"""


async def test_from_a_mistake_to_a_run(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.ready()

    # A new file, with a slip in the rule.
    await page.get_by_role("button", name="New…").click()
    await page.get_by_label("Path").fill("rules/hello.rules")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("rules/hello.rules")
    await desk.type_over(RULE)

    # The message is under the right word, and says what to do.
    mistake = page.locator(".cm-lintRange-error")
    await expect(mistake).to_have_text("trail")
    problems = page.get_by_label("Mistakes")
    await expect(problems).to_contain_text("trail is no value of status")
    await expect(page.get_by_role("button", name="Go live…")).to_be_disabled()

    # The fix is one button away, in the list as under the mouse.
    await mistake.hover()
    await expect(page.locator(".cm-tooltip .cm-diagnosticAction").first).to_be_visible()
    await problems.get_by_role("button", name=re.compile("trial")).click()
    await expect(mistake).to_have_count(0)
    assert "when status = trial\n" in await desk.text()
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))

    # Simulated on the virtual clock: Léa is tagged, two hours later her owner is told.
    await desk.sample_events('[{"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "hello"}}]')
    await page.get_by_role("button", name="Run", exact=True).click()
    timeline = page.get_by_role("region", name="What happens")
    await expect(timeline.get_by_text("Say hello").first).to_be_visible()
    await expect(timeline.locator(".gap")).to_contain_text([re.compile("20"), re.compile("2 h later")])
    await expect(page.locator(".cm-marks .mark.all")).not_to_have_count(0)

    # Both ways: an entry points at its line, a line at its entries.
    await timeline.get_by_role("button", name=re.compile("waits")).click()
    await expect(page.locator(".cm-linked")).to_contain_text("wait 2h")
    await desk.click_line('add tag "greeted"')
    await expect(timeline.locator("[aria-current=true]")).to_contain_text('add tag "greeted"')

    # Live, after the plan was shown.
    await page.mouse.move(5, 5)
    await page.get_by_role("button", name="Go live…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("row", name=re.compile("Say hello"))).to_contain_text("new")
    await dialog.get_by_role("button", name="Go live").click()
    await expect(page.locator("#said")).to_have_text("rules/hello.rules is in force.")
    await expect(page.locator("#state")).to_have_text("in force")

    # An event over HTTP starts a run, which the pages show.
    with server.client("records:write", "events:write") as api:
        contact = {"email": "lea@example.test", "first_name": "Léa", "status": "trial"}
        assert api.put("/v1/contacts/c_1", json=contact).status_code in (200, 201)
        event = {"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "hello"}}
        assert api.post("/v1/events", json=event).status_code == 200
    await page.get_by_role("link", name="Runs").click()
    await page.get_by_role("link", name="Say hello").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Say hello")
    await expect(page.locator(".facts .state")).to_have_text("waiting")


HTML = """---
subject: Hello {{ contact.first_name }}
format: html
---
<h1 style="color: rgb(1, 2, 3)">Hello {{ contact.first_name }}</h1>
"""


async def test_mails_are_previewed_in_a_frame_that_runs_nothing(page: Page) -> None:
    desk = Desk(page)
    await desk.open("templates/welcome.liquid")
    await desk.type_over(HTML)
    await desk.open("rules/onboarding.rules")
    await page.get_by_role("button", name="Run", exact=True).click()
    mail = page.get_by_role("region", name="Messages").locator("details", has_text="Hello Tom")
    await mail.locator("summary").click()
    await expect(mail.locator(".mail-text")).to_contain_text("Hello Tom")
    await mail.get_by_role("button", name="Show as HTML").click()
    heading = mail.frame_locator("iframe").get_by_role("heading")
    await expect(heading).to_have_text("Hello Tom")
    await expect(heading).to_have_css("color", "rgb(1, 2, 3)")


async def test_completion_hover_format_and_search(page: Page) -> None:
    desk = Desk(page)
    await desk.open("rules/first.rules")
    await desk.type_over('rule "X"\non stage enter "SQL"\ndo\nadd tag "x"\nsta')
    await page.keyboard.press("Control+Space")
    options = page.locator(".cm-tooltip-autocomplete")
    await expect(options.get_by_role("option", name=re.compile("^start rule")).first).to_be_visible()
    await page.keyboard.press("Escape")
    await desk.type_over('rule "X"\non stage enter "SQL"\ndo\nadd tag "x"\nend\n')
    await page.get_by_role("button", name="Format").click()
    await expect(page.locator(".cm-line").nth(1)).to_have_text('  on stage enter "SQL"')
    await desk.click_line('add tag "x"')
    await page.keyboard.press("F1")
    await expect(page.locator(".explanation")).to_contain_text("tag")
    await page.keyboard.press("Control+Shift+F")
    await page.keyboard.type("customer_since")
    await expect(page.locator("#search [role=status]")).to_contain_text("places in")
    await page.locator("#search").get_by_role("button", name=re.compile("customer_since")).first.click()
    await expect(page.locator(".cm-content")).to_be_focused()
    await page.get_by_role("tab", name="Files").click()
    await page.locator('#files button[data-path="rules/sql.rules"]').click()
    await desk.click_line("set qualified", 90)
    await page.keyboard.press("F12")
    await expect(page.get_by_role("heading", level=1)).to_have_text("schema.rules")
    await expect(page.locator(".cm-activeLine")).to_contain_text("qualified: yes/no")
    await page.get_by_role("tab", name="Outline").click()
    await expect(page.locator("#outline button").first).to_be_visible()


async def test_the_catalogue_is_filtered_and_inserted(page: Page) -> None:
    desk = Desk(page)
    await desk.open("rules/first.rules")
    await page.get_by_role("tab", name="Catalogue").click()
    await page.get_by_label("Filter the catalogue").fill("person owner")
    entries = page.locator("#catalogue .entry")
    await expect(entries.filter(has_text="stage enter")).to_have_count(0)
    entry = entries.filter(has_text="make a person the owner").first
    await entry.locator("summary").click()
    example = await entry.locator("pre").inner_text()
    await entry.get_by_role("button", name="Insert the example").click()
    before, found, after = (await desk.text()).partition(f"\n\n{example.strip()}\n")
    assert found
    # It stands between two rules, and takes neither from its comment.
    assert before.endswith('hyper("confirm the meeting")')
    assert after.startswith("\n# The same with a name")
    await expect(page.locator("#count")).to_have_text(re.compile("No mistakes"))


async def test_the_picture_leads_to_the_text_and_back(page: Page) -> None:
    desk = Desk(page)
    await desk.open("rules/sql.rules")
    await page.get_by_role("button", name="Run", exact=True).click()
    await page.get_by_role("button", name=re.compile("Meeting booked")).first.click()
    await page.get_by_role("tab", name="Flow").click()
    picture = page.locator("#flow svg")
    await expect(picture.locator(".node.done")).not_to_have_count(0)
    await expect(page.get_by_label("Way of")).to_have_value("simulated")
    await expect(page.locator("#flow-run option:checked")).to_contain_text("contact c_1, completed")
    await picture.locator("text", has_text="set qualified").click()
    await expect(page.locator(".cm-linked")).to_have_text("set qualified = true")
    await desk.click_line("webhook post")
    await expect(picture.locator(".here")).to_contain_text("webhook")


async def test_tests_run_in_the_page(page: Page) -> None:
    desk = Desk(page)
    await desk.open("tests/sales.test.rules")
    await page.get_by_role("tab", name="Tests").click()
    await page.get_by_role("button", name="Run this file's").click()
    said = page.locator("#tests .said")
    await expect(said).to_contain_text("passed")
    text = await desk.text()
    await desk.type_over(text.replace("after 29m", "after 31m", 1))
    await page.get_by_role("button", name="Run this file's").click()
    await expect(said).to_contain_text("1 test of")
    failed = page.locator("#tests li.failed")
    await expect(failed.locator("pre")).to_contain_text("rules/first#1")
    await failed.get_by_role("button").first.click()
    await expect(page.locator(".cm-activeLine")).to_contain_text("expect no email")


async def test_going_live_tells_how_tests_end_and_forbids_nothing(page: Page, server: LiveServer) -> None:
    desk = Desk(page)
    await desk.open("rules/first.rules")
    text = await desk.text()
    await desk.type_over(f"{text}\n# Nothing else.\n")
    verdict = await _verdict(page)
    await expect(verdict).to_have_text(re.compile(r"\d\d tests of the workspace pass with this\."))
    await page.get_by_role("dialog").get_by_role("button", name="Not yet").click()

    assert "wait 30m" in text
    await desk.type_over(text.replace("wait 30m", "wait 40m"))
    verdict = await _verdict(page)
    await expect(verdict).to_contain_text("1 test of the workspace fails with this.")
    await expect(verdict.get_by_role("listitem")).to_have_text(
        re.compile(r"tests/sales\.test\.rules:\d+ the one-line rule waits half an hour")
    )
    await page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    await expect(page.locator("#said")).to_have_text("rules/first.rules is in force.")
    assert "wait 40m" in (server.root / "rules/first.rules").read_text()


async def _verdict(page: Page) -> Locator:
    """What the dialog says of the tests."""
    await page.get_by_role("button", name="Go live…").click()
    return page.get_by_role("dialog").get_by_role("status")
