"""Which hyper-parameters an outcome depends on, by fANOVA: how much of its variance each explains by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import numpy as np

from astuner_nb.analysis.differences import Found, kind_of, number_in, sameness
from astuner_nb.core.errors import BadValue, NotInstalled
from astuner_nb.core.series import Floats

LEAST_RUNS = 8
"""Fewer runs than this say nothing, however few hyper-parameters vary."""
RUNS_A_PARAMETER = 2
"""There must be more runs than this for each hyper-parameter that varies."""
MOST_CATEGORIES = 20
"""With more the forest does not come to an end."""
TREES = 64
SEED = 0
"""The forest grows from this seed: the same runs have the same importance each time."""


def importance(params: Mapping[str, Sequence[Found]], outcome: Sequence[float]) -> dict[str, float]:
    """Hyper-parameter → its share of what each explains by itself, from 0 to 1, the largest first; they sum to 1.

    By Optuna's fANOVA (Hutter, Hoos and Leyton-Brown, ICML 2014): a random forest learns the outcome, and its variance
    is divided among the hyper-parameters. Numbers that span two decades are taken by their logarithm. Texts, booleans
    and what is mixed or missing in some runs are categories. What is the same in all runs, and texts that are different
    in each (a name, a folder), can explain nothing and are left out; so are categories of more than 20. Takes about a
    second for 200 runs and half a minute for 1,000: not for the thread that paints.

    Args:
        params: name → its value in each run.
        outcome: a number for each run, e.g. the best reward; runs whose outcome is no finite number are left out.

    Raises:
        BadValue: where there are too few runs (below 8, or not more than twice the hyper-parameters that vary), where
            nothing varies, or where lengths differ.
        NotInstalled: where Optuna or scikit-learn is missing.
    """
    kept = _runs_with(params, outcome)
    scores = _in_unit(np.array([outcome[run] for run in kept], np.float64))
    columns = {name: _coded([values[run] for run in kept]) for name, values in params.items()}
    varied = {name: column for name, column in columns.items() if column is not None}
    _check(len(kept), len(varied), bool(scores.any()))
    return _shares(_fanova(varied, scores.tolist()))


Column = tuple[list[float] | list[str], tuple[str, ...]]
"""A hyper-parameter as Optuna is told: numbers from 0 to 1 and (), or categories and which there are."""


def _runs_with(params: Mapping[str, Sequence[Found]], outcome: Sequence[float]) -> list[int]:
    """Indices of the runs that have an outcome. Raises `BadValue` where a parameter is not of as many runs."""
    for name, values in params.items():
        if len(values) != len(outcome):
            raise BadValue(f"{name} has {len(values)} values for {len(outcome)} outcomes. Give one for each run.")
    return [run for run, value in enumerate(outcome) if math.isfinite(value)]


def _check(runs: int, parameters: int, outcome_varies: bool) -> None:
    if runs < LEAST_RUNS:
        raise BadValue(f"Importance needs {LEAST_RUNS} runs with an outcome, there are {runs}. Add runs.")
    if not parameters:
        raise BadValue(f"No hyper-parameter varies among these {runs} runs. Add runs that differ.")
    if not outcome_varies:
        raise BadValue(f"The outcome is the same in all {runs} runs, so nothing explains it. Choose another outcome.")
    if runs <= RUNS_A_PARAMETER * parameters:
        raise BadValue(
            f"Importance of {parameters} hyper-parameters needs more than {RUNS_A_PARAMETER * parameters} runs with an "
            f"outcome, there are {runs}. Add runs or choose fewer hyper-parameters."
        )


def _coded(values: list[Found]) -> Column | None:
    """One hyper-parameter as Optuna is told; None where it can explain nothing."""
    numbers = [number_in(value) for value in values]
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    if len(finite) == len(values):
        array = np.array(finite, np.float64)
        unit = _in_unit(np.log10(array) if kind_of(values) == "log" else array)
        return (unit.tolist(), ()) if unit.any() else None
    names = {same: f"{index}" for index, same in enumerate(dict.fromkeys(map(sameness, values)))}
    if len(names) in (1, len(values)) or len(names) > MOST_CATEGORIES:
        return None
    return [names[sameness(value)] for value in values], tuple(names.values())


def _in_unit(array: Floats) -> Floats:
    """From 0 to 1: the forest calculates in float32. All 0 where nothing varies."""
    half = array * 0.5  # a range between two ends of float64 would overflow
    half -= half.min(initial=np.inf)
    span = half.max(initial=0)
    return np.clip(half / span, 0, 1) if span > 0 else np.zeros(len(array))


def _fanova(columns: Mapping[str, Column], scores: Sequence[float]) -> dict[str, float]:
    """The variance that each of `columns` explains by itself, as Optuna says it."""
    optuna = _optuna()
    kinds = optuna.distributions
    distributions = {
        name: kinds.CategoricalDistribution(choices) if choices else kinds.FloatDistribution(0, 1)
        for name, (_, choices) in columns.items()
    }
    rows = [{name: column[row] for name, (column, _) in columns.items()} for row in range(len(scores))]
    with _quiet(optuna):
        study = optuna.create_study()
        study.add_trials(
            optuna.trial.create_trial(params=row, distributions=distributions, value=score)
            for row, score in zip(rows, scores, strict=True)
        )
        # named, because Optuna 5 takes PED-ANOVA by default, which asks what the best runs have in common
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=SEED)
        return {name: float(value) for name, value in evaluator.evaluate(study, params=list(columns)).items()}


def _shares(explained: Mapping[str, float]) -> dict[str, float]:
    """`explained` as shares of their sum, the largest first; all 0 where none explains anything."""
    total = sum(explained.values())
    ordered = sorted(explained, key=lambda name: -explained[name])
    return {name: explained[name] / total if total > 0 else 0.0 for name in ordered}


def _optuna() -> ModuleType:
    try:
        import_module("sklearn.ensemble")
        return import_module("optuna")
    except ImportError as error:
        raise NotInstalled(
            f"Importance needs Optuna and scikit-learn ({error}). Run `pip install optuna scikit-learn`."
        ) from error


@contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    """Optuna without its lines about studies; as loud as before afterwards."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
