"""Types, bounds, unknown keys, loggers, and writing values back."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.config.document import SECTIONS
from astuner_nb.config.engines import ENGINE_KEYS, OTHER_NAMES
from astuner_nb.config.keys import KEYS, write_at
from astuner_nb.config.loader import load_config
from astuner_nb.core.errors import BadConfig


def with_value(path: str, value: object) -> dict[str, object]:
    root: dict[str, object] = {}
    write_at(root, path, value)
    return {"astuner": root}


def complaint(source: object) -> str:
    with pytest.raises(BadConfig) as caught:
        load_config(source)  # type: ignore[arg-type]
    return str(caught.value)


def outcome(source: dict[str, object]) -> str:
    """What is said against `source`; empty where it loads."""
    try:
        load_config(source)
    except BadConfig as problem:
        return str(problem)
    return ""


REFUSED = [
    ("trainer_common.optim.lr", "abc", "a number above 0 and at most 1"),
    ("trainer_common.optim.lr", 0, "a number above 0"),
    ("trainer_common.optim.lr", -1e-4, "a number above 0"),
    ("trainer_common.optim.lr", True, "a number above 0"),
    ("trainer_common.optim.lr", math.nan, "a number above 0"),
    ("trainer_common.optim.lr", math.inf, "a number above 0"),
    ("trainer_common.optim.lr", "nan", "a number above 0"),
    ("trainer_common.optim.lr", "${oc.env:LR}", "a number above 0"),
    ("trainer_common.optim.lr", [1e-4], "a number above 0"),
    ("trainer_common.optim.lr", {"value": 1}, "a number above 0"),
    ("trainer_common.kl_loss_coef", -0.1, "a number at least 0"),
    ("trainer_common.clip_ratio", 0, "a number above 0"),
    ("trainer_common.ppo_epochs", 0, "a whole number at least 1"),
    ("trainer_common.total_steps", 3.5, "a whole number at least 1"),
    ("trainer_common.total_steps", 0, "a whole number at least 1"),
    ("trainer_common.total_training_steps", -2, "a whole number at least 1"),
    ("trainer_common.log_freq", 0, "a whole number at least 1"),
    ("trainer_common.save_freq", 1.5, "a whole number"),
    ("trainer_common.save_freq", 10**10, "a whole number at most 1000000000"),
    ("trainer_common.keep_last", -1, "a whole number at least 0"),
    ("trainer_common.max_actor_ckpt_to_keep", 1.5, "a whole number at least 0"),
    ("trainer_common.keep_best", "loss", "a metric where higher or lower is better, e.g. reward, or none"),
    ("trainer_common.keep_best", "kl", "a metric where higher or lower is better, e.g. reward, or none"),
    ("trainer_common.keep_best", ["reward"], "a metric where higher or lower is better, e.g. reward, or none"),
    ("trainer_common.seed", -1, "a whole number at least 0"),
    ("trainer_common.logger", "swanlb", "one or several of console, swanlab, wandb, tensorboard"),
    ("trainer_common.logger", 3, "one or several of console"),
    ("trainer_common.logger", {"a": 1}, "one or several of console"),
    ("rollout.num_repeat", 3.5, "a whole number at least 1"),
    ("rollout.num_repeat", "four", "a whole number at least 1"),
    ("rollout.temperature", 0, "a number above 0"),
    ("data.train_batch_size", False, "a whole number"),
    ("data.max_response_length", "9" * 5000, "a whole number"),
    ("project_name", ["a"], "a text"),
    ("project_name", "  ", "a text of 1 to 200 characters"),
    ("backbone", "x" * 201, "a text of 1 to 200 characters"),
    ("trainer_common", 5, "a section with keys of its own"),
    ("trainer_common.optim", [1], "a section with keys of its own"),
    ("hyper_parameters.width", [1], "a number, a text or true or false"),
]


@pytest.mark.parametrize(("path", "value", "expected"), REFUSED)
def test_a_bad_value_is_refused_with_key_value_and_what_is_expected(path: str, value: object, expected: str) -> None:
    message = complaint(with_value(path, value))
    shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
    assert f"{path} must be {expected}" in message
    assert f"got {shown}. " in message
    assert message.rstrip().endswith((".", "?")), "a sentence ends"
    assert "\n" not in message
    assert not re.search(r"pydantic|input_value|type=|validation error", message)


def test_every_problem_gets_its_own_line() -> None:
    lines = complaint("astuner:\n  rollout: {num_repeats: 8, temperature: hot}\n  data: {train_batch_size: 3.5}\n")
    assert lines.splitlines() == [
        "The text cannot be used. astuner has 3 problems:",
        "  - rollout.num_repeats = 8 is no known key. Did you mean rollout.num_repeat?",
        "  - rollout.temperature must be a number above 0 and at most 100, got 'hot'. Change it, or take the line out.",
        "  - data.train_batch_size must be a whole number at least 1 and at most 1000000000, got 3.5. "
        "Change it, or take the line out.",
    ]


@pytest.mark.parametrize(
    ("path", "value", "name", "kept"),
    [
        ("trainer_common.optim.lr", "1e-4", "lr", 1e-4),
        ("trainer_common.optim.lr", " 3E-4 ", "lr", 3e-4),
        ("rollout.num_repeat", 8.0, "num_repeat", 8),
        ("rollout.num_repeat", "8", "num_repeat", 8),
        ("trainer_common.seed", "012", "seed", 12),
        ("data.train_batch_size", "1e2", "train_batch_size", 100),
        ("trainer_common.kl_loss_coef", 0, "kl_loss_coef", 0.0),
        ("trainer_common.save_freq", -1, "save_freq", 0),
        ("trainer_common.test_freq", 0, "test_freq", 0),
        ("trainer_common.save_freq", 99999, "save_freq", 99999),
        ("trainer_common.total_training_steps", 25, "total_steps", 25),
        ("trainer_common.max_actor_ckpt_to_keep", 5, "keep_last", 5),
        ("trainer_common.keep_best", "", "keep_best", "none"),
        ("trainer_common.keep_best", "my/score", "keep_best", "my/score"),
        ("hyper_parameters.width", 64, "width", 64),
        ("hyper_parameters.activation", "relu", "activation", "relu"),
        ("hyper_parameters.norm", True, "norm", True),
    ],
)
def test_a_good_value_arrives_under_its_flat_name(path: str, value: object, name: str, kept: object) -> None:
    values = load_config(with_value(path, value)).values
    assert values == {name: kept}
    assert type(values[name]) is type(kept)


@pytest.mark.parametrize("path", ["trainer_common.total_steps", "trainer_common.total_training_steps"])
@pytest.mark.parametrize("value", [None, -1, "-1"])
def test_unset_totals_are_no_values(path: str, value: object) -> None:
    assert load_config(with_value(path, value)).values == {}


def test_two_spellings_must_agree() -> None:
    text = "astuner:\n  trainer_common: {total_steps: 5, total_training_steps: %s}\n"
    assert load_config(text % 5).values == {"total_steps": 5}
    assert load_config(text % -1).values == {"total_steps": 5}
    assert "total_steps = 5 and trainer_common.total_training_steps = 6" in complaint(text % 6)


def test_sections_may_be_empty_and_a_key_without_value_is_told() -> None:
    config = load_config("astuner:\n  trainer_common:\n    optim:\n      lr:\n  data:\n  rollout:\n")
    assert config.values == {}
    assert config.notices == ("trainer_common.optim.lr has no value; the backbone's own default stands",)
    assert load_config("astuner:\n").values == {}


TYPOS = [
    ("rollout.num_repeats", "rollout.num_repeat"),
    ("rollout.numRepeat", "rollout.num_repeat"),
    ("rollout.temprature", "rollout.temperature"),
    ("trainer_common.kl_los_coef", "trainer_common.kl_loss_coef"),
    ("trainer_common.clip-ratio", "trainer_common.clip_ratio"),
    ("trainer_common.total_step", "trainer_common.total_steps"),
    ("trainer_common.optims", "trainer_common.optim"),
    ("trainer_common.optim.lrr", "trainer_common.optim.lr"),
    ("trainer_common.optim.LR", "trainer_common.optim.lr"),
    ("data.train_batchsize", "data.train_batch_size"),
    ("data.max_respones_length", "data.max_response_length"),
    ("projectname", "project_name"),
    ("trainer_commom", "trainer_common"),
    ("rollouts", "rollout"),
    ("trainer_common.lr", "trainer_common.optim.lr"),
    ("trainer_common.num_repeat", "rollout.num_repeat"),
    ("num_repeat", "rollout.num_repeat"),
]


@pytest.mark.parametrize(("path", "meant"), TYPOS)
def test_a_slip_of_the_pen_is_refused_with_the_nearest_key(path: str, meant: str) -> None:
    assert f"{path} = 0.5 is no known key. Did you mean {meant}?" in complaint(with_value(path, 0.5))


@pytest.mark.parametrize("section", ["trainer_common", "rollout"])
def test_a_section_beside_the_root_is_refused(section: str) -> None:
    assert f"{section} stands beside astuner" in complaint({"astuner": {}, section: {"seed": 1}})


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, keys in ENGINE_KEYS.items() for key in sorted(keys)]
)
def test_keys_of_other_engines_pass_in_silence(section: str, key: str) -> None:
    config = load_config(with_value(f"{section}.{key}".lstrip("."), {"anything": [1, "x"]}))
    assert (config.values, config.notices) == ({}, ())
    assert "anything" in config.to_yaml()


def test_no_key_is_ours_and_an_engines() -> None:
    for section, model in SECTIONS.items():
        assert not ENGINE_KEYS[section] & set(model.model_fields)


def test_unlike_keys_are_kept_with_a_word() -> None:
    config = load_config(
        "astuner:\n  judge_llm: qwen\n  7: x\n  trainer_common: {trinity_only__x: 1, warp: 9}\n  data: {on: 1}\n"
    )
    assert config.notices == ("kept and passed on: judge_llm, 7, trainer_common.warp, data.True",)
    assert load_config(config.to_yaml()).document == config.document


@pytest.mark.parametrize(("name", "ours"), OTHER_NAMES.items())
def test_names_of_other_libraries_are_kept_and_pointed_out(name: str, ours: str) -> None:
    notices = load_config(with_value(f"data.{name}", 1)).notices
    assert notices == (f"kept and passed on: data.{name} (did you mean {KEYS[ours].path}?)",)


@pytest.mark.parametrize(
    ("given", "loggers"),
    [
        (None, ("console",)),
        ("wandb", ("wandb",)),
        (["console", "SwanLab", "console"], ("console", "swanlab")),
        ([], ()),
    ],
)
def test_loggers(given: object, loggers: tuple[str, ...]) -> None:
    config = load_config(with_value("trainer_common.logger", given))
    assert config.loggers == loggers
    assert config.notices == ()


def test_an_unknown_logger_names_the_nearest() -> None:
    assert complaint(with_value("trainer_common.logger", ["console", "Tensorbord"])).endswith(
        "got 'Tensorbord'. Did you mean 'tensorboard'?"
    )


def test_every_key_has_a_sentence_and_a_place() -> None:
    for key in KEYS.values():
        assert key.help.endswith(".")
        assert key.path.rpartition(".")[2] == key.name
    for model in SECTIONS.values():
        assert all(field.description for field in model.model_fields.values())


def test_a_project_has_always_a_name_and_an_experiment_only_where_the_file_says_so(tmp_path) -> None:
    config = load_config("astuner:\n  project_name: 2026\n")
    assert (config.project, config.experiment, config.backbone) == ("2026", "", "local")
    assert load_config("astuner:\n").project == "default"
    assert load_config("astuner:\n  experiment_name: warm start\n").experiment == "warm start"
    path = tmp_path / "hot.yaml"
    path.write_text("astuner:\n  experiment_name: read_yaml_name\n")
    assert (load_config(path).project, load_config(path).experiment) == ("hot", "hot")


def test_an_update_writes_under_the_spelling_in_use_and_leaves_the_original() -> None:
    old = load_config("ajet:\n  data:\n  trainer_common:\n    total_training_steps: -1\n")
    new = old.updated({"total_steps": 9, "train_batch_size": 4, "min_step_s": 0.0, "width": 3, "a.b": "x"})
    assert new.document == {
        "ajet": {
            "data": {"train_batch_size": 4},
            "trainer_common": {"total_training_steps": 9, "min_step_s": 0.0},
            "hyper_parameters": {"width": 3, "a.b": "x"},
        }
    }
    assert old.values == {}
    assert new.values == {"total_steps": 9, "train_batch_size": 4, "min_step_s": 0.0, "width": 3, "a.b": "x"}


def test_an_update_is_checked_like_a_file() -> None:
    with pytest.raises(BadConfig, match=r"trainer_common\.optim\.lr must be a number above 0"):
        load_config("astuner:\n").updated({"lr": -1})
    assert "Move it to trainer_common.optim.lr" in complaint(with_value("hyper_parameters.lr", 1e-4))


whole, positive = st.integers(1, 1000), st.floats(1e-9, 1.0)
peak = st.sampled_from(["reward", "val/success_rate", "my/score", "none"])
FLAT = st.fixed_dictionaries(
    {},
    optional={
        name: peak if name == "keep_best" else positive if "float" in str(key.field.annotation) else whole
        for name, key in KEYS.items()
    },
)


@given(FLAT, st.sampled_from(["astuner", "ajet", "astune"]))
def test_values_survive_the_way_through_the_file(values: dict[str, int | float], root: str) -> None:
    config = load_config({root: {"model": {"path": "x"}}}).updated(values)
    again = load_config(config.to_yaml())
    assert config.values == values
    assert (again.values, again.document) == (values, config.document)


@given(
    st.dictionaries(
        st.sampled_from([*KEYS, "logger", "optim", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
            max_leaves=4,
        ),
        max_size=4,
    ),
    st.sampled_from(["", "trainer_common", "trainer_common.optim", "rollout", "data", "hyper_parameters"]),
)
def test_any_value_anywhere_is_taken_or_refused_in_sentences(content: dict[str, object], section: str) -> None:
    message = outcome(with_value(section, content) if section else {"astuner": content})
    assert all(line.endswith((".", "?", ":")) for line in message.split("\n") if message)
    assert not re.search(r"pydantic|input_value|validation error", message)
