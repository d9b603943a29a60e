"""Links of the built site: each leads somewhere, and no page loads anything from elsewhere.

It looks at the files that were built and asks no network. A link to another site is followed by
readers only, so it is not looked at; `sphinx -b linkcheck` does that where there is a network.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
"""By tag, what a browser fetches by itself."""
ELSEWHERE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in LOADS and LOADS[tag] in given:
            self.loads.append(given[LOADS[tag]])


def wrong(site: Path) -> Iterator[str]:
    """A line for each link that leads nowhere, and for all that is loaded from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site)
        yield from (f"{where}: loads {each}" for each in page.loads if urlsplit(each).netloc)
        for link in (*page.links, *page.loads):
            target, anchor = _target(path, link)
            if target is None:
                continue
            if not target.exists():
                yield f"{where}: {link} leads nowhere"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{where}: {link} has no such anchor"
    for path in sorted(site.rglob("*.css")):
        for each in ELSEWHERE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {each}"


def _target(page: Path, link: str) -> tuple[Path | None, str]:
    """The file of the site that a link of a page leads to, and the anchor in it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return file / "index.html" if file.is_dir() else file, unquote(parts.fragment)


def check(app: "Sphinx", failed: Exception | None) -> None:
    """Stop where a link is wrong, once all pages are there."""
    from sphinx.errors import SphinxError

    if failed is None and app.builder.name == "html":
        lines = list(wrong(Path(app.outdir).resolve()))
        if lines:
            raise SphinxError("\n".join(["links:", *lines]))


def setup(app: "Sphinx") -> dict[str, bool]:
    """Look at the site when it has been built."""
    app.connect("build-finished", check, priority=900)  # after all that write files at the end
    return {"parallel_read_safe": True, "parallel_write_safe": True}
