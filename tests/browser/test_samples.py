"""Sample records of the simulation: they have a column for what the open rule looks at."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RULE = """rule "A year" for contact
  on reminder 3d before customer_since at 10:00
do
  add tag "soon"
end
"""


async def test_a_field_of_the_rule_gets_a_column(page: Page) -> None:
    desk = Desk(page)
    await desk.open("rules/first.rules")
    contacts = page.get_by_role("region", name="contacts")
    await expect(contacts.get_by_role("columnheader", name="email")).to_be_visible()
    await expect(contacts.get_by_role("columnheader", name="customer_since")).to_have_count(0)
    await desk.type_over(RULE)
    await expect(contacts.get_by_role("columnheader", name="customer_since")).to_be_visible()

    await desk.sample_events("[]")
    await page.get_by_label("From").fill("2026-03-01")
    await page.get_by_label("For", exact=True).fill("10d")
    await page.get_by_role("button", name="Run", exact=True).click()
    runs = page.get_by_role("region", name="Runs")
    await expect(runs).to_contain_text("No sample contact has a value for customer_since.")

    await page.get_by_text("Sample records and events").click()
    await page.get_by_label("customer_since of c_1").fill("2026-03-08")
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(runs.get_by_role("button")).to_contain_text("A year")
    await expect(page.get_by_role("region", name="What happens")).to_contain_text("10:00")
