"""Which key of which trainer is which metric and hyper-parameter: real key sets, hostile ones, and own tables."""

import importlib.util
import random
import re
import subprocess
import sys
import time
import tomllib
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.alias_rows import hyper_parameters_markdown, metrics_markdown, table
from astuner_nb.core.alias_table import alias_table, shipped_table
from astuner_nb.core.aliases import ASTUNER_ALIASES, DEFAULT_ALIASES, Aliases, aliases
from astuner_nb.core.errors import BadConfig, BadValue
from astuner_nb.core.key_match import Claim, Claims
from astuner_nb.core.metrics import FIVE, KNOWN, SECOND_ROW
from astuner_nb.core.series import History, Series

TRAINERS = tomllib.loads(Path(__file__).with_name("trainer_keys.toml").read_text(encoding="utf-8"))
CONFIGURED = {name: trainer for name, trainer in TRAINERS.items() if "config" in trainer}
SHIPPED_KEYS = sorted({key for entry in shipped_table().metrics.values() for key in entry.keys} | set(KNOWN))
CONFIG_KEYS = sorted({key for entry in shipped_table().hyper_parameters.values() for key in entry.keys})

keys_of_trainers = st.sampled_from(sorted({key for trainer in TRAINERS.values() for key in trainer["keys"]}))
keys = st.one_of(keys_of_trainers, st.sampled_from(SHIPPED_KEYS).map(lambda key: key.replace("*", "x")), st.text())
key_sets = st.lists(keys, unique=True, max_size=60)


def history_of(names):
    arrays = [np.arange(3.0) + number for number, _ in enumerate(names)]
    return History({name: Series(name, array, -array, array) for name, array in zip(names, arrays, strict=True)}, True)


# --- the trainers ---


@pytest.mark.parametrize("name", TRAINERS)
def test_each_trainers_keys_are_what_they_are(name):
    assert DEFAULT_ALIASES.canonical(TRAINERS[name]["keys"]) == TRAINERS[name]["canonical"]


@pytest.mark.parametrize("name", CONFIGURED)
def test_each_trainers_hyper_parameters_are_what_they_are(name):
    config, expected = CONFIGURED[name]["config"], CONFIGURED[name]["plain_config"]
    found = DEFAULT_ALIASES.canonical_config(config)
    assert {key: value for key, value in found.items() if key in DEFAULT_ALIASES.hyper_parameters} == expected
    assert len(found) == len(config)
    rest = {key: value for key, value in found.items() if key not in expected}
    assert rest.items() <= config.items()


def test_every_canonical_metric_is_logged_by_some_trainer():
    """A name that no fixture has is a name nobody checked."""
    assert {name for trainer in TRAINERS.values() for name in trainer["canonical"]} == set(KNOWN)


def test_every_canonical_hyper_parameter_is_set_by_some_trainer():
    found = {name for trainer in CONFIGURED.values() for name in trainer["plain_config"]}
    assert found == set(DEFAULT_ALIASES.hyper_parameters)


def test_the_kl_to_the_old_policy_is_never_the_kl():
    assert DEFAULT_ALIASES.canonical(["actor/ppo_kl", "train/ppo_kl", "actor/approxkl"]) == {"kl_old": "actor/ppo_kl"}
    assert not any("ppo_kl" in key for key in DEFAULT_ALIASES.metric_keys("kl"))


def test_the_raw_score_goes_before_the_reward_after_its_kl_penalty():
    found = DEFAULT_ALIASES.canonical(["critic/rewards/mean", "critic/score/mean"])
    assert found == {"reward": "critic/score/mean"}
    assert DEFAULT_ALIASES.canonical(["critic/rewards/mean"]) == {"reward": "critic/rewards/mean"}


def test_clip_ratio_is_a_hyper_parameter_and_as_a_metric_nobodys():
    assert DEFAULT_ALIASES.canonical(["clip_ratio"]) == {}
    assert DEFAULT_ALIASES.canonical_config({"clip_ratio": 0.2}) == {"clip_ratio": 0.2}


def test_tokens_of_a_step_and_tokens_so_far_are_two_things():
    assert not DEFAULT_ALIASES.metrics["tokens"].cumulative
    assert DEFAULT_ALIASES.metrics["tokens_total"].cumulative
    assert DEFAULT_ALIASES.canonical(["num_tokens", "perf/total_num_tokens"]) == {
        "tokens": "perf/total_num_tokens",
        "tokens_total": "num_tokens",
    }


def test_more_negative_madness_is_worse():
    assert DEFAULT_ALIASES.metrics["madness_rate"].better == "higher"


def test_an_ambiguous_pattern_is_passed_over_for_an_exact_key_that_comes_later():
    two = ["eval/a/reward/mean@4", "eval/b/reward/mean@4"]
    assert DEFAULT_ALIASES.canonical(two) == {}
    assert DEFAULT_ALIASES.canonical([*two, "eval/reward"]) == {"val/reward": "eval/reward"}


# --- the tables ---


def test_the_panel_keeps_its_order():
    assert [metric.name for metric in FIVE] == ["reward", "success_rate", "loss", "response_length", "kl"]
    assert [metric.name for metric in SECOND_ROW[:4]] == ["reward_std", "entropy", "grad_norm", "clip_frac"]
    assert list(KNOWN.values()) == [*FIVE, *SECOND_ROW] == list(DEFAULT_ALIASES.metrics.values())


def test_no_key_stands_under_two_names_and_none_is_a_name():
    for entries in (shipped_table().metrics, shipped_table().hyper_parameters):
        every = [key for entry in entries.values() for key in entry.keys]
        assert len(every) == len(set(every))
        assert not set(every) & set(entries)


def test_no_two_shipped_patterns_of_different_names_can_find_the_same_key():
    patterns = [(name, key) for name, entry in shipped_table().metrics.items() for key in entry.keys if "*" in key]
    assert len(patterns) > 10
    for (name, one), (other, two) in combinations(patterns, 2):
        if name != other:
            assert not overlap(letters(one), letters(two)), (name, one, other, two)


def overlap(one, two):
    """Whether some text fits both patterns, given as lists of letters and stars."""
    if not one or not two:
        return not set(one + two) - {"*", "**"}
    if one[0] in ("*", "**") and two[0] in ("*", "**"):
        return overlap(one[1:], two) or overlap(one, two[1:])
    if one[0] in ("*", "**"):
        return overlap(one[1:], two) or ((one[0] == "**" or two[0] != "/") and overlap(one, two[1:]))
    if two[0] in ("*", "**"):
        return overlap(two, one)
    return one[0] == two[0] and overlap(one[1:], two[1:])


def letters(pattern):
    return re.findall(r"\*\*?|.", pattern)


def test_the_overlap_of_patterns_is_seen():
    assert overlap(letters("a/**/c"), letters("a/b/*"))
    assert overlap(letters("*x"), letters("x*"))
    assert not overlap(letters("a/*/c"), letters("a/b*"))
    assert not overlap(letters("a/*/c"), letters("a/*/d"))


def test_the_tables_ship_beside_the_code():
    folder = Path(importlib.util.find_spec("astuner_nb.core").origin).parent
    assert (folder / "metrics.toml").is_file()
    assert (folder / "hyper_parameters.toml").is_file()


def test_importing_reads_no_table():
    code = "import astuner_nb.core.aliases, sys; print('tomllib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_three_hundred_keys_take_no_time():
    """Measured at 0.17 ms at most; a bound far above it, for busy machines, still tells another order of growth."""
    many = [key for trainer in TRAINERS.values() for key in trainer["keys"]]
    many = list(dict.fromkeys([*many, *(f"eval/{n}/accuracy/std@{n}" for n in range(300))]))[:300]
    DEFAULT_ALIASES.canonical(many)
    took = []
    for _ in range(50):
        begin = time.perf_counter()
        DEFAULT_ALIASES.canonical(many)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.003


def test_the_table_for_the_documentation_has_every_name_and_key():
    rows = {row.canonical: row for row in table()}
    assert list(rows) == list(KNOWN)
    assert rows["kl"].keys[0] == "actor/kl_loss"
    assert "| `tokens_total` | tokens | neither | yes | `train/num_tokens` `num_tokens`" in metrics_markdown()
    assert "| `lr` | number | `actor_rollout_ref.actor.optim.lr`" in hyper_parameters_markdown()
    assert len(metrics_markdown().splitlines()) == len(KNOWN) + 2
    mine = DEFAULT_ALIASES.with_metrics({"odd": ["a|b"]})
    assert r"`a\|b`" in metrics_markdown(mine)


# --- properties ---


@given(key_sets, st.randoms())
def test_no_key_goes_to_two_names_and_order_does_not_matter(found, rng):
    canonical = DEFAULT_ALIASES.canonical(found)
    assert set(canonical.values()) <= set(found)
    assert len(set(canonical.values())) == len(canonical)
    assert set(canonical) <= set(KNOWN)
    shuffled = random.Random(rng.random()).sample(found, len(found))
    assert DEFAULT_ALIASES.canonical(shuffled) == canonical
    assert list(DEFAULT_ALIASES.canonical(shuffled)) == list(canonical)


@given(key_sets)
def test_a_metric_logged_under_its_canonical_name_is_that_metric(found):
    for name, key in DEFAULT_ALIASES.canonical(found).items():
        assert key == name or name not in found


@given(key_sets, st.sampled_from(sorted(KNOWN)), st.text(st.characters(exclude_characters="*"), min_size=1))
def test_what_a_user_adds_wins(found, name, key):
    mine = DEFAULT_ALIASES.with_metrics({name: [key]})
    canonical = mine.canonical([*found, key])
    assert canonical[name] == key
    assert len(set(canonical.values())) == len(canonical)


@given(key_sets, st.lists(st.one_of(keys, st.sampled_from(sorted(KNOWN)))))
def test_picking_keeps_every_point(found, wanted):
    history = history_of(found)
    picked = DEFAULT_ALIASES.pick(history, wanted)
    assert set(picked) <= set(wanted)
    assert set(found) & set(wanted) <= set(picked)
    assert picked.sampled
    for name, series in picked.items():
        assert series.name == name
        assert series.step is history[series.key].step
        assert series.value is history[series.key].value
        assert series.time is history[series.key].time


@given(key_sets)
def test_under_canonical_names_no_metric_is_lost(found):
    history = history_of(found)
    shown = DEFAULT_ALIASES.canonicalised(history)
    assert [series.key for series in shown.values()] == found
    assert all(shown[name].key == key for name, key in DEFAULT_ALIASES.canonical(found).items())


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(CONFIG_KEYS), st.sampled_from(CONFIG_KEYS).map("ajet.{}".format), st.text()),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
        max_size=30,
    )
)
def test_no_hyper_parameter_is_lost(config):
    found = DEFAULT_ALIASES.canonical_config(config)
    assert len(found) == len(config)
    untouched = {key: value for key, value in found.items() if key in config}
    for key, value in untouched.items():
        assert value == config[key] or isinstance(config[key], str)


@given(st.lists(st.sampled_from(["a", "b", "/", "*", "**", "x"]), max_size=7), st.text("abx/", max_size=12))
def test_a_pattern_finds_what_it_says(pieces, key):
    pattern = "".join(pieces)
    if "*" not in pattern or "***" in pattern or pattern.count("**") > 1:
        return
    found = Claims([Claim("name", pattern)]).settle([key]) == {"name": key}
    assert found is slow_match(pattern, key)


def slow_match(pattern, key):
    """The rule, spelled out: `*` takes letters up to a slash, `**` any."""
    if not pattern:
        return not key
    if pattern.startswith("**"):
        return any(slow_match(pattern[2:], key[n:]) for n in range(len(key) + 1))
    if pattern.startswith("*"):
        return any(slow_match(pattern[1:], key[n:]) for n in range(len(key.partition("/")[0]) + 1))
    return key[:1] == pattern[0] and slow_match(pattern[1:], key[1:])


# --- hostile keys ---


def test_hostile_keys_are_keys():
    odd = ["", " ", "/", "*", "**", "reward\n", "Reward", "reward ", "a" * 100_000, "num_pass_n_tasks(pass@4)", "\x00"]
    assert DEFAULT_ALIASES.canonical(odd) == {}
    assert list(DEFAULT_ALIASES.canonicalised(history_of(odd))) == odd
    assert list(DEFAULT_ALIASES.pick(history_of(odd), odd)) == odd


def test_a_key_with_an_at_sign_is_known_as_mlflow_spells_it():
    logged = ["task_pass_rate_at_1", "mean_reward", "num_all_success_tasks"]
    assert DEFAULT_ALIASES.canonical(logged)["val/success_rate"] == "task_pass_rate_at_1"


def test_no_key_makes_a_pattern_take_long():
    mine = DEFAULT_ALIASES.with_metrics({"odd": ["*a*a*a*a*a*a*a*a*c", "x**a*a*a*a*a*a/"]})
    begin = time.perf_counter()
    assert mine.canonical(["b" + "a" * 3_000 + "/b", "x" + "a" * 3_000]) == {}
    assert time.perf_counter() - begin < 5


# --- picking ---


def test_metrics_are_picked_by_canonical_name_and_by_own_key():
    history = history_of(["critic/score/mean", "actor/pg_loss", "other"])
    picked = DEFAULT_ALIASES.pick(history, ["loss", "reward", "critic/score/mean", "nothing", "loss"])
    assert [(name, series.key) for name, series in picked.items()] == [
        ("loss", "actor/pg_loss"),
        ("reward", "critic/score/mean"),
        ("critic/score/mean", "critic/score/mean"),
    ]
    assert DEFAULT_ALIASES.pick(history, None) is history
    assert dict(DEFAULT_ALIASES.pick(history, [])) == {}


def test_all_metrics_under_canonical_names_keep_their_order_and_their_key():
    shown = DEFAULT_ALIASES.canonicalised(history_of(["other", "actor/pg_loss", "critic/score/mean"]))
    assert [(name, series.key) for name, series in shown.items()] == [
        ("other", "other"),
        ("loss", "actor/pg_loss"),
        ("reward", "critic/score/mean"),
    ]


def test_a_server_is_asked_for_the_keys_that_the_names_mean():
    logged = ["mean_reward", "num_all_success_tasks", "critic/real_reward"]
    assert DEFAULT_ALIASES.resolve(logged, ["val/reward", "kl", "mean_reward"]) == {
        "val/reward": "mean_reward",
        "mean_reward": "mean_reward",
    }


# --- hyper-parameters ---


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "1e-6", 1e-6),
        ("lr", " 0.5 ", 0.5),
        ("num_repeat", "8", 8),
        ("num_repeat", "8.0", 8),
        ("num_repeat", "1e3", 1000),
        ("num_repeat", "1_000", 1000),
        ("seed", "9007199254740993", 9007199254740993),
        ("num_repeat", "8.5", 8.5),
        ("lr", "auto", "auto"),
        ("lr", "nan", "nan"),
        ("lr", "inf", "inf"),
        ("lr", "", ""),
        ("adv_estimator", "1e-6", "1e-6"),
        ("my_own", "1e-6", "1e-6"),
        ("lr", True, True),
        ("lr", None, None),
    ],
)
def test_a_number_written_as_text_is_one_again(name, text, value):
    found = DEFAULT_ALIASES.canonical_config({name: text})
    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    "key",
    ["actor.adam.lr", "--actor.adam.lr", "config.actor.adam.lr", "args.config.actor.adam.lr", "ajet.learning-rate"],
)
def test_a_path_may_stand_below_a_root_or_be_spelled_as_an_option(key):
    assert DEFAULT_ALIASES.canonical_config({key: 1e-6, "other": 1}) == {"lr": 1e-6, "other": 1}


def test_a_path_in_another_place_is_another_thing():
    config = {"critic.optim.lr": 1e-5, "val_kwargs.temperature": 0, "my.seed": 1}
    assert DEFAULT_ALIASES.canonical_config(config) == config


def test_one_path_below_two_roots_is_ambiguous():
    two = {"ajet.rollout.num_repeat": 4, "astuner.rollout.num_repeat": 8}
    assert DEFAULT_ALIASES.canonical_config(two) == two
    assert DEFAULT_ALIASES.canonical_config({**two, "rollout.num_repeat": 2}) == {"num_repeat": 2, **two}


def test_the_own_name_of_a_hyper_parameter_goes_first():
    config = {"learning_rate": 1, "lr": 2}
    assert DEFAULT_ALIASES.canonical_config(config) == {"lr": 2, "learning_rate": 1}


# --- own names ---


def test_a_users_key_goes_before_the_name_itself_which_is_then_left_out():
    mine = DEFAULT_ALIASES.with_metrics({"reward": ["env/return"]})
    for found in (["reward", "env/return"], ["env/return", "reward"]):
        history = history_of(found)
        assert mine.pick(history, ["reward"])["reward"].key == "env/return"
        assert [series.key for series in mine.canonicalised(history).values()] == ["env/return"]
    assert mine.canonical(["reward"]) == {"reward": "reward"}
    assert mine.canonical(["critic/score/mean"]) == {"reward": "critic/score/mean"}


def test_a_key_taken_for_one_name_is_lost_to_another():
    mine = DEFAULT_ALIASES.with_metrics({"success_rate": ["critic/score/mean", "reward"]})
    assert mine.canonical(["critic/score/mean"]) == {"success_rate": "critic/score/mean"}
    assert mine.canonical(["reward", "train/reward"]) == {"success_rate": "reward", "reward": "train/reward"}


def test_what_is_added_last_goes_first():
    mine = DEFAULT_ALIASES.with_metrics({"reward": ["a"]}).with_metrics({"reward": ["b"], "loss": ["a"]})
    assert mine.canonical(["a", "b"]) == {"reward": "b", "loss": "a"}
    assert mine.metric_keys("reward")[:2] == ["b", "a"]
    assert DEFAULT_ALIASES.canonical(["a", "b"]) == {}


def test_a_condition_of_the_shipped_table_does_not_bind_a_user():
    mine = DEFAULT_ALIASES.with_metrics({"reward": ["mean_reward"]})
    assert mine.canonical(["mean_reward"]) == {"reward": "mean_reward"}


def test_a_new_name_says_how_it_is_shown():
    mine = DEFAULT_ALIASES.with_metrics(
        {"tool_calls": {"keys": ["tools/*/calls"], "title": "tool calls", "better": "lower"}, "plain": ["p"]}
    )
    assert mine.describe("tool_calls").title == "tool calls"
    assert mine.describe("tool_calls").better == "lower"
    assert mine.describe("plain").title == "plain"
    assert mine.describe("nowhere").title == "nowhere"
    assert list(mine.metrics)[-2:] == ["tool_calls", "plain"]
    assert mine.canonical(["tools/search/calls", "p"]) == {"tool_calls": "tools/search/calls", "plain": "p"}
    assert mine.canonical(["tools/search/calls", "tools/click/calls"]) == {}


def test_a_known_name_keeps_what_is_not_said_anew():
    mine = DEFAULT_ALIASES.with_metrics({"kl": {"title": "my KL"}})
    assert (mine.describe("kl").title, mine.describe("kl").unit) == ("my KL", "nats/token")
    assert mine.canonical(["actor/kl_loss"]) == {"kl": "actor/kl_loss"}


def test_a_users_pattern_takes_no_key_that_stands_in_a_table():
    mine = DEFAULT_ALIASES.with_metrics({"mine": ["rollout/*/mean"]})
    assert mine.canonical(["rollout/accuracy/mean"]) == {"success_rate": "rollout/accuracy/mean"}
    assert mine.canonical(["rollout/patience/mean"]) == {"mine": "rollout/patience/mean"}


def test_of_two_patterns_that_find_one_key_the_first_has_it():
    mine = DEFAULT_ALIASES.with_metrics({"one": ["x/*"], "two": ["*/y"]})
    assert mine.canonical(["x/y"]) == {"one": "x/y"}
    assert mine.canonical(["x/y", "x/z"]) == {"two": "x/y"}


def test_hyper_parameters_are_added_likewise():
    mine = DEFAULT_ALIASES.with_hyper_parameters({"lr": ["my-lr"], "rank": {"keys": ["lora.*.r"], "kind": "whole"}})
    assert mine.canonical_config({"my-lr": "1e-3", "lr": 1, "lora.q.r": "8"}) == {"lr": 1e-3, "rank": 8}
    assert mine.canonical_config({"lora.q.r": 8, "lora.v.r": 4}) == {"lora.q.r": 8, "lora.v.r": 4}
    assert mine.canonical_config({"lora.q.proj.r": 8}) == {"lora.q.proj.r": 8}
    assert mine.hyper_parameter_keys("rank") == ["lora.*.r"]


def test_a_file_lies_above_the_shipped_table(tmp_path, monkeypatch):
    path = tmp_path / "mine 'a'.toml"
    path.write_text(
        'roots = ["my"]\n[metrics]\nreward = ["env/return"]\n'
        '[metrics."val/x"]\nkeys = ["x"]\nunit = "m"\ncumulative = true\n'
        '[hyper_parameters.lr]\nkeys = ["rate"]\n'
    )
    mine = Aliases.from_file(path)
    assert mine.canonical(["env/return", "critic/score/mean", "x"]) == {"reward": "env/return", "val/x": "x"}
    assert (mine.describe("val/x").unit, mine.describe("val/x").cumulative) == ("m", True)
    assert mine.canonical_config({"my.rate": "1e-3"}) == {"lr": 1e-3}
    monkeypatch.delenv(ASTUNER_ALIASES, raising=False)
    assert aliases() is DEFAULT_ALIASES
    monkeypatch.setenv(ASTUNER_ALIASES, str(path))
    assert aliases().canonical(["env/return"]) == {"reward": "env/return"}
    monkeypatch.setenv(ASTUNER_ALIASES, str(tmp_path / "nowhere.toml"))
    with pytest.raises(BadConfig, match=r"nowhere\.toml cannot be read: No such file or directory\. Give"):
        aliases()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[metrics", "is no TOML"),
        ("x = " + "[" * 5_000, "is no TOML"),
        ("[metrics]\nreward = 1\n", "metrics.reward.keys must be a list of texts, got 1"),
        ('[metrics]\nreward = "a"\n', r"must be a list of texts, got 'a'"),
        ('[metrics]\nreward = ["a", 1]\n', "must be a list of texts"),
        ('[metrics]\nreward = [""]\n', "must be a list of texts"),
        ('[metrics]\nreward = ["a**b**c"]\n', r"has \*\* more than once"),
        ('[metrics]\nreward = ["a"]\nloss = ["a"]\n', "The key 'a' stands under reward and under loss"),
        ('[metrics]\n"a*" = ["a"]\n', r"'a\*' cannot be a name in metrics"),
        ('[metrics]\n" " = ["a"]\n', "cannot be a name"),
        ('[metrics.reward]\nbetter = "up"\n', "must be one of higher, lower, neither, got 'up'"),
        ("[metrics.reward]\nbetter = []\n", r"must be one of higher, lower, neither, got \[\]"),
        ("[metrics.reward]\ntitle = 1\n", "metrics.reward.title must be a text, got 1"),
        ("[metrics.reward]\ncumulative = 1\n", "must be true or false, got 1"),
        ('[metrics.reward]\ntitel = "x"\n', r"has no 'titel' \(did you mean 'title'\?\)"),
        ('[metrics.reward]\nkeys = ["a"]\nbeside = { b = ["c"] }\n', "must be a table of some of its keys"),
        ('[metrics.reward]\nkeys = ["a"]\nbeside = { a = "c" }\n', "metrics.reward.beside.a must be a list of texts"),
        ('[hyper_parameters.lr]\nkind = "float"\n', "must be one of number, whole, text"),
        ("[metric.reward]\n", r"There is no section 'metric' \(did you mean 'metrics'\?\)"),
        ("metrics = 1\n", "metrics must hold canonical names, got 1"),
        ("roots = 'ajet'\n", "roots must be a list of texts"),
        ("x = " + "1" * 5_000, "is no TOML"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path, text, complaint):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadConfig, match=complaint) as caught:
        Aliases.from_file(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_what_is_no_text_or_no_file_is_refused(tmp_path):
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path, tmp_path / "b.toml", "nul\0.toml"):
        with pytest.raises(BadConfig):
            Aliases.from_file(path)


def test_a_call_is_refused_as_a_file_is():
    with pytest.raises(BadValue, match=r"metrics\.reward\.keys must be a list of texts"):
        DEFAULT_ALIASES.with_metrics({"reward": "env/return"})
    with pytest.raises(BadValue, match="There is no section"):
        alias_table({"metrix": {}})


def test_shipped_patterns_fit_something():
    """Each pattern of the table is met by a key of some trainer, or it may be a slip of the pen."""
    logged = {key for trainer in TRAINERS.values() for key in trainer["keys"]}
    patterns = [key for entry in shipped_table().metrics.values() for key in entry.keys if "*" in key]
    unmet = [pattern for pattern in patterns if not any(fnmatchcase(key, pattern) for key in logged)]
    assert unmet == []
