"""What an author does at the page, in the words of tests."""

from __future__ import annotations

from playwright.async_api import Page, expect


class Desk:
    """The editor's page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def ready(self) -> None:
        """Wait until the page has begun."""
        await self.page.locator("#main[data-ready]").wait_for()

    async def open(self, path: str) -> None:
        """Open a file by its button."""
        await self.ready()
        await self.page.locator(f'#files button[data-path="{path}"]').click()
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(path)
        await expect(self.page.locator("#count")).not_to_have_text("")

    async def text(self) -> str:
        """The text that is shown."""
        text: str = await self.page.evaluate(
            'async () => document.querySelector(".cm-content").cmTile.view.state.doc.toString()'
        )
        return text

    async def type_over(self, text: str) -> None:
        """Put a text in place of all, as a paste does."""
        content = self.page.locator("#text .cm-content")
        await content.focus()
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def click_line(self, text: str, x: int = 40) -> None:
        """Put the cursor on the first line that holds a text."""
        line = self.page.locator("#text .cm-line", has_text=text).first
        await line.wait_for()
        # The editor measures its lines in the frame after a change; nobody clicks sooner than that.
        await self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
        )
        await line.click(position={"x": x, "y": 8})

    async def sample_events(self, text: str) -> None:
        """Put these events, as JSON, in place of the samples."""
        group = self.page.locator('details[data-kind="events"]')
        await group.get_by_role("button", name="Edit as JSON").click()
        await group.get_by_role("textbox").fill(text)
