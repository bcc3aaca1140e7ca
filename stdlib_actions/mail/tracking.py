"""HTML of a message made ready to leave: styles inlined, links and opens noted where the operator wants that."""

from __future__ import annotations

import re
from html import escape, unescape

import css_inline
from msgspec.structs import replace

from runtime.links import Link, Links

_LINK = re.compile(r"""(<a\b[^>]*?\shref=(["']))(https?://.*?)(?=\2)""", re.I)
_END = re.compile(r"</body\s*>", re.I)


def with_inline_styles(html: str) -> str:
    """The document with the rules of its `<style>` elements in `style` attributes, as mail programs need them.

    Nothing is loaded. A document without such rules, or one that cannot be read, stays as it is.
    """
    if "<style" not in html.lower():
        return html
    try:
        return css_inline.inline(html, load_remote_stylesheets=False, keep_style_tags=True)
    except css_inline.InlineError:
        return html


def with_tracked_links(html: str, links: Links, about: Link) -> str:
    """The document with its links leading through our server. `about` is an unsubscribe link: that of this message."""
    own = f"{links.public_url}/"

    def tracked(match: re.Match[str]) -> str:
        url = unescape(match[3])
        if url.startswith(own):
            return match[0]
        address = links.address(replace(about, kind="c", topic="", url=url))
        return f"{match[1]}{escape(address)}"

    return _LINK.sub(tracked, html)


def with_pixel(html: str, links: Links, about: Link) -> str:
    """The document with an image of one pixel that tells when it is opened."""
    address = escape(links.address(replace(about, kind="o", topic="")))
    return _before_end(html, f'<img src="{address}" width="1" height="1" alt="" style="display:none">')


def with_footer(html: str, words: str, address: str) -> str:
    """The document with a link to unsubscribe at its end."""
    return _before_end(html, f'<p style="font-size:12px"><a href="{escape(address)}">{escape(words)}</a></p>')


def _before_end(html: str, piece: str) -> str:
    ends = [match.start() for match in _END.finditer(html)]
    at = ends[-1] if ends else len(html)
    return html[:at] + piece + html[at:]
