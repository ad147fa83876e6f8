"""The pages of the project, and what stands in them: links, anchors, blocks of code."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(?:^<!-- (?P<mark>run|file: \S+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(
    r"""\]\(\s*(?:<([^>]+)>|([^)\s<]+))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)|^\[[^]]+\]:\s+(\S+)|(?:href|src)="([^"]+)\"""",
    re.M,
)
_REFERENCE = re.compile(r"\]\[([\w-]+)\]")
_DEFINITION = re.compile(r"^\[([\w-]+)\]: ", re.M)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str
    mark: str = ""
    """What an HTML comment above it says: `run`, or `file: NAME` for what is put into the folder where blocks run."""


def pages() -> list[str]:
    """Every tracked Markdown file, relative to the root; sources of notebooks have tests of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md", ":!notebooks/source"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def text_of(page: str) -> str:
    """The text of `page`."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[Block]:
    """The fenced blocks, all of them where no language is named."""
    found = [Block(each["language"], each["text"], each["mark"] or "") for each in _BLOCK.finditer(text)]
    return [block for block in found if not languages or block.language in languages]


def links(text: str) -> list[str]:
    """What is linked to, code left out."""
    return [next(filter(None, groups)) for groups in _LINK.findall(_prose(text))]


def undefined(text: str) -> set[str]:
    """The names of links that no line at the end of the page says where to."""
    return set(_REFERENCE.findall(_prose(text))) - set(_DEFINITION.findall(text))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    found: list[str] = []
    for heading in _HEADING.findall(_BLOCK.sub("", text)):
        words = re.sub(r"\]\([^)]*\)", "", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


def _prose(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "``", _BLOCK.sub("", text))
