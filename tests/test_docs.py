"""Every page holds what it says: links lead somewhere, code compiles and runs, files load, commands parse."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import PurePosixPath
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from astuner_nb.cli import _parser
from astuner_nb.config.engines import ROOTS
from astuner_nb.config.loader import load_config

from .contracts.backbone import BackboneContract
from .markdown import ROOT, anchors, blocks, links, pages, text_of, undefined

PAGES = pages()
TRANSLATED = [page for page in PAGES if page.replace("_zh.md", ".md") != page]
WITH_RUNS = [page for page in PAGES if any(block.mark == "run" for block in blocks(text_of(page)))]


def test_there_are_pages():
    assert {"README.md", "README_zh.md", "docs/configuration.md", "docs/remote.md"} <= set(PAGES)
    assert {"docs/cloud_runs.md", "docs/remote.md", "docs/write_a_backbone.md"} <= set(WITH_RUNS)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    assert undefined(text_of(page)) == set()
    for link in links(text_of(page)):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme in ("https", "mailto"), link
            assert parts.scheme == "mailto" or re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc), link
            continue
        target = (ROOT / page).parent / unquote(parts.path) if parts.path else ROOT / page
        assert target.exists(), link
        if parts.fragment and target.suffix == ".md":
            assert unquote(parts.fragment) in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_python_is_python(page):
    for block in blocks(text_of(page), "python"):
        ast.parse(block.text)


@pytest.mark.parametrize("page", WITH_RUNS)
def test_what_is_marked_to_run_runs(page, tmp_path):
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    env = {**os.environ, "ASTUNER_RUNS": str(tmp_path / "runs"), "ASTUNER_CACHE": str(tmp_path / "cache")}
    env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    for block in blocks(text_of(page), "python"):
        if block.mark == "run":
            done = subprocess.run(
                [sys.executable, "-c", block.text], cwd=tmp_path, env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
        elif block.mark:
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_configurations_load(page):
    for block in blocks(text_of(page), "yaml"):
        if set(yaml.safe_load(block.text)) & set(ROOTS):
            assert "did you mean" not in " ".join(load_config(block.text).notices)


@pytest.mark.parametrize("page", PAGES)
def test_toml_is_toml(page):
    for block in blocks(text_of(page), "toml"):
        assert tomllib.loads(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page):
    commands = [line for block in blocks(text_of(page), "") for line in block.text.splitlines()]
    for command in commands:
        if command.startswith("$ astuner"):
            _parser().parse_args(shlex.split(command)[2:])


@pytest.mark.parametrize("page", PAGES)
def test_make_knows_what_it_is_told_to_make(page):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(page), re.M)) <= targets


@pytest.mark.parametrize("page", TRANSLATED)
def test_both_languages_tell_the_same(page):
    chinese, english = text_of(page), text_of(page.replace("_zh.md", ".md"))
    assert [_shape(block) for block in blocks(english)] == [_shape(block) for block in blocks(chinese)]
    for pattern in (r"^(#+) ", r"^(\|)", r"^(- )", r"(!\[)"):  # headings, rows, points, pictures
        assert re.findall(pattern, english, re.M) == re.findall(pattern, chinese, re.M)
    assert _targets(english) == _targets(chinese)


def _shape(block):
    """What of a block no translation changes."""
    if block.language == "python":
        return ast.dump(ast.parse(block.text))
    return re.sub(r"\s+#.*", "", block.text)


def _targets(text):
    """Where links lead, whatever the language and the place in the page."""
    return sorted({str(PurePosixPath(link.partition("#")[0])).replace("_zh.", ".") for link in links(text)})


class TestBackboneOfTheGuide(BackboneContract):
    @pytest.fixture
    def backbone(self):
        (block,) = [each for each in blocks(text_of("docs/write_a_backbone.md")) if each.mark == "file: my_backbone.py"]
        assert len(block.text.splitlines()) <= 40
        module = ModuleType("my_backbone")
        exec(block.text, module.__dict__)
        return module.MyTrainer()
