"""Configurations of many runs: the quick way says what the plain one says."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.aliases import Aliases
from astuner_nb.views.tables.configs import canonical_configs, config_of_all, differing

from ..trackers.places import MadeRun

KEYS = [
    "learning_rate", "actor_rollout_ref.actor.optim.lr", "lr", "beta", "num_generations", "seed", "args.seed",
    "args.lr", "config.beta", "anything", "1e-3", "reward", "", "--actor.eps-clip",
]  # fmt: skip
VALUES = st.sampled_from(["1e-5", "x", "", "nan", "12", 3, 0.5, True, None])
OWN = Aliases().with_hyper_parameters({"kl_loss_coef": ["lr"], "lr": {"keys": ["1e-3"], "kind": "number"}})


@given(
    st.lists(st.tuples(st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from([Aliases(), OWN])), max_size=6)
)
def test_many_configurations_are_named_as_each_by_itself(configs):
    runs = [MadeRun(f"r{place}", config=config, aliases=names) for place, (config, names) in enumerate(configs)]
    found = canonical_configs(runs)
    for run in runs:
        plain = run.aliases.canonical_config(run.config)
        assert list(found[run.key].items()) == list(plain.items())


def test_lists_are_texts_and_numpys_numbers_are_pythons():
    run = MadeRun("r", config={"betas": [0.9, 0.95], "n": np.int64(3), "x": np.float64("nan"), "deep": {}})
    config = canonical_configs([run])[run.key]
    assert (config["betas"], config["n"], config["deep"]) == ("[0.9, 0.95]", 3, "{}")
    assert [type(value) for value in config.values()] == [str, int, float, str]
    assert config_of_all([run])(run)["betas"] == "[0.9, 0.95]"


def test_a_filter_may_name_either_key_and_a_run_that_came_later_is_known():
    runs = [MadeRun("a", config={"learning_rate": "1e-4"}), MadeRun("b", config={"learning_rate": 2})]
    config_of = config_of_all(runs[:1])
    assert config_of(runs[0]) == {"learning_rate": "1e-4", "lr": 1e-4}
    assert config_of(runs[1])["lr"] == 2


def test_canonical_differences_come_first_and_those_of_one_trainer_last():
    a = MadeRun("a", config={"mine": 1, "note": "x", "same": 0, "seed": 1, "args.lr": 1})
    b = MadeRun("b", config={"note": "y", "same": 0, "seed": 1.0, "learning_rate": 2})
    assert differing([a, b], canonical_configs([a, b])) == ["lr", "note", "mine"]
    assert differing([a], canonical_configs([a])) == []
    assert differing([], {}) == []


def test_a_thousand_runs_of_400_keys_are_named_quickly():
    runs = [MadeRun(f"r{run}", config={f"group.key_{key}": key for key in range(400)}) for run in range(1000)]
    begin = time.perf_counter()
    assert len(canonical_configs(runs)) == 1000
    assert time.perf_counter() - begin < 1.0  # 0.08 s on a quiet machine
