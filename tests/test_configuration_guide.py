"""The configuration guide agrees with what the rest of the project knows."""

import re
import tomllib

from astuner_nb.config.document import SECTIONS
from astuner_nb.config.keys import KEYS
from astuner_nb.core.aliases import DEFAULT_ALIASES
from astuner_nb.core.metrics import FIVE

from .markdown import ROOT, text_of


def facts(name):
    return tomllib.loads((ROOT / "docs" / f"{name}.toml").read_text(encoding="utf-8"))


def test_engines_call_hyper_parameters_as_the_table_of_names_has_it():
    of = facts("engine_keys")
    known = [key for key in KEYS.values() if key.path in of and key.name in DEFAULT_ALIASES.hyper_parameters]
    assert len(known) > 10
    for key in known:
        names = DEFAULT_ALIASES.hyper_parameter_keys(key.name)
        theirs = {of[key.path][engine] for engine in ("trinity", "verl") if engine in of[key.path]}
        assert theirs <= set(names), key.path


def test_every_sentence_of_a_key_is_translated():
    fields = [(section, *item) for section, model in SECTIONS.items() for item in model.model_fields.items()]
    said = {field.description for section, leaf, field in fields if f"{section}.{leaf}".strip(".") not in SECTIONS}
    assert said - set(facts("zh")) == set()


def test_the_five_curves_are_the_five():
    for page in ("docs/configuration.md", "docs/configuration_zh.md"):
        (chapter,) = re.findall(r"^## (?:Monitoring|观察)\n(.*?)^## ", text_of(page), re.M | re.S)
        assert re.findall(r"^\| `(\w+)`", chapter, re.M) == [metric.name for metric in FIVE]
