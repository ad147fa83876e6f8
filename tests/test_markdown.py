"""The checks of the pages see what is there to be seen."""

from .markdown import Block, anchors, blocks, links, undefined

PAGE = """# A *title*: of `code`, twice

[one](a.md#b) ![two](<c d.png> "words") [three][ref] `[no](x.md)` <a href="e.md">e</a>

## 你好, world

## 你好, world

<!-- file: f.py -->
```python
[x](y)
# no heading
```

```
$ astuner runs
```

[ref]: https://example.org/
"""


def test_links_are_found_wherever_they_stand_but_in_code():
    assert links("[one](a.md#b) ![two](c.png 'x')\n`[no](x)`\n\n```\n[no](y)\n```\n") == ["a.md#b", "c.png"]
    assert links(PAGE) == ["a.md#b", "c d.png", "e.md", "https://example.org/"]


def test_a_link_that_leads_nowhere_is_told():
    assert undefined(PAGE) == set()
    assert undefined("[three][ref]") == {"ref"}


def test_anchors_are_those_of_github():
    assert anchors(PAGE) == {"a-title-of-code-twice", "你好-world", "你好-world-1"}


def test_blocks_have_their_language_and_their_mark():
    assert blocks(PAGE) == [
        Block("python", "[x](y)\n# no heading\n", "file: f.py"),
        Block("", "$ astuner runs\n"),
    ]
    assert blocks(PAGE, "yaml") == []
