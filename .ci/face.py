"""Lists the public API of a crate: each item with its declaration, methods and implementations.

Reads the HTML that rustdoc wrote: `python3 .ci/face.py target/doc/envelope_runtime`. CI compares the list with
`envelope-runtime/face.txt`, so that review sees each change of the API.
"""

import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

# Sections of a page that are the same for every type.
SKIPPED = {"synthetic-implementations", "blanket-implementations", "implementors", "foreign-impls"}


class Page(HTMLParser):
    """The text of an item's declaration and of each `code-header` of the page."""

    def __init__(self):
        super().__init__()
        self.section = ""
        self.open = []
        self.text = None
        self.depth = 0
        self.found = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        classes = (attributes.get("class") or "").split()
        if tag == "h2" and "id" in attributes:
            self.section = attributes["id"]
        if self.text is not None:
            self.depth += tag not in ("br", "wbr", "hr", "img")
        elif "code-header" in classes or "item-decl" in classes:
            self.text, self.depth = "", 1

    def handle_endtag(self, tag):
        if self.text is None or tag in ("br", "wbr"):
            return
        self.depth -= 1
        if self.depth == 0:
            text = " ".join(self.text.split())
            of_a_trait = self.section == "trait-implementations" and not text.startswith(("impl", "unsafe"))
            if self.section not in SKIPPED and not of_a_trait:
                self.found.append(text)
            self.text = None

    def handle_data(self, data):
        if self.text is not None:
            self.text += data


def tidy(text):
    text = re.sub(r"Show \d+ \w+|/\* private fields \*/|// (?:Required|Provided) methods?", "", text)
    return re.sub(r"\s+", " ", text).replace("( ", "(").strip()


def main():
    root = Path(sys.argv[1])
    index = (root / "index.html").read_text()
    for use in sorted(set(re.findall(r"<code>(pub use .*?)</code>", index))):
        print(html.unescape(re.sub(r"<[^>]*>", "", use)))
    names = re.findall(r'<a href="([^"#]+\.html)">', (root / "all.html").read_text())
    for name in sorted(name for name in set(names) if not name.startswith("..")):
        page = Page()
        page.feed((root / name).read_text())
        path = "::".join(Path(name).with_suffix("").parts)
        print(re.sub(r"(\w+)\.(\w+)$", r"\2 (\1)", path))
        seen = set()
        for text in map(tidy, page.found):
            if text not in seen:
                seen.add(text)
                print("   ", text)


main()
