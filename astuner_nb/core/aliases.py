"""Names that line up: which key of which trainer is which canonical metric, and the same for hyper-parameters.

The tables are data: `metrics.toml` and `hyper_parameters.toml` beside this file, read on first use. For each canonical
name the keys stand in the order in which they are preferred; `*` stands for any text without a slash, `**` for any.
Where one pattern matches several keys of a run nobody can tell which is meant: none is taken.

Keys that a user adds go before all others. Then comes a metric that is logged under the canonical name itself, then
the shipped keys.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from astuner_nb.core import metrics as canonical
from astuner_nb.core.alias_table import AliasTable, Entry, alias_table, read_alias_table, shipped_table
from astuner_nb.core.key_match import Claim, Claims
from astuner_nb.core.metrics import Metric
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.series import History

ASTUNER_ALIASES = "ASTUNER_ALIASES"
"""The environment variable that names a TOML file of own aliases."""

Added = Mapping[str, Sequence[str] | Mapping[str, Any]]
"""Canonical name → its keys, or a table as in the file: `{"keys": […], "title": "tool calls", "better": "lower"}`."""


@dataclass(frozen=True, eq=False)
class Aliases:
    """Canonical name → the keys it may stand under. A value: what adds to it returns another."""

    added: tuple[AliasTable, ...] = ()
    """What lies above the shipped table, the newest first."""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """The shipped names with those of a TOML file above them. Raises `BadConfig`.

        The file looks like the shipped ones: `[metrics.reward]` with `keys = ["env/return"]`, and `title`, `unit`,
        `better`, `cumulative` where they should differ; `[hyper_parameters.lr]` with `keys` and `kind`. Short:
        `reward = ["env/return"]` below `[metrics]`.
        """
        return cls((read_alias_table(Path(os.path.expanduser(path))),))

    def with_metrics(self, metrics: Added) -> Self:
        """These with keys added before those there are; a name that is new becomes canonical. Raises `BadValue`."""
        return self._with({"metrics": metrics})

    def with_hyper_parameters(self, hyper_parameters: Added) -> Self:
        """These with keys of hyper-parameters added, likewise. Raises `BadValue`."""
        return self._with({"hyper_parameters": hyper_parameters})

    def canonical(self, keys: Iterable[str]) -> dict[str, str]:
        """Canonical name → the one of `keys` that stands for it; names without one are left out."""
        return _in_order(self._metric_claims.settle(keys), self.metrics)

    def resolve(self, keys: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
        """Each of `wanted` → the one of `keys` it means, a canonical name or a key; those that mean none are left out.

        `keys` must be all keys of the run: among a part of them another may be taken.
        """
        own = list(keys)
        meant = {**{key: key for key in own}, **self.canonical(own)}
        return {name: meant[name] for name in dict.fromkeys(wanted) if name in meant}

    def pick(self, history: History, metrics: Sequence[str] | None) -> History:
        """The `metrics` of `history`, by canonical name or own key; all under their own keys where None."""
        if metrics is None:
            return history
        found = self.resolve(history, metrics)
        return History({name: history[key].renamed(name) for name, key in found.items()}, history.sampled)

    def canonicalised(self, history: History) -> History:
        """All of `history`, under canonical names where there is one, the others as they are.

        A canonical name is never given to two: where another key stands for it, what was logged under the name itself
        is left out.
        """
        found = self.canonical(history)
        names = {key: name for name, key in found.items()}
        shown = {names.get(key, key): key for key in history if key in names or key not in found}
        return History({name: history[key].renamed(name) for name, key in shown.items()}, history.sampled)

    def canonical_config(self, config: Mapping[str, ConfigValue]) -> dict[str, ConfigValue]:
        """`config` with the keys that have one under their canonical name, the others as they are.

        Canonical ones come first; a number that was written as text is one again.
        """
        spelled = _spelled(config, self._roots)
        plain = _in_order(self._parameter_claims.settle(spelled), self.hyper_parameters)
        found = {name: spelled[key] for name, key in plain.items()}
        taken = set(found.values())
        named = {name: _number(config[key], self.hyper_parameters[name]) for name, key in found.items()}
        return named | {key: value for key, value in config.items() if key not in taken and key not in named}

    def describe(self, name: str) -> Metric:
        """The metric called `name`; an unknown one is shown under its own name."""
        return self.metrics.get(name) or Metric(name, name)

    def metric_keys(self, name: str) -> list[str]:
        """The keys of the canonical metric `name`, the preferred one first."""
        return _keys_of(name, [table.metrics for table in self._tables])

    def hyper_parameter_keys(self, name: str) -> list[str]:
        """The dotted paths of the canonical hyper-parameter `name`, the preferred one first."""
        return _keys_of(name, [table.hyper_parameters for table in self._tables])

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Canonical name → how it is shown: the five, the second row, then what was added."""
        shown = dict(canonical.KNOWN)
        for table in reversed(self.added):
            for name, entry in table.metrics.items():
                shown[name] = replace(shown.get(name) or Metric(name, name), **entry.about)
        return shown

    @cached_property
    def hyper_parameters(self) -> Mapping[str, str]:
        """Canonical name → its kind: `number`, `whole` number or `text`."""
        kinds: dict[str, str] = {}
        for table in reversed(self._tables):
            for name, entry in table.hyper_parameters.items():
                kinds[name] = entry.about.get("kind") or kinds.get(name, "text")
        return kinds

    @property
    def _tables(self) -> tuple[AliasTable, ...]:
        return (*self.added, shipped_table())

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(root for table in self._tables for root in table.roots)

    @cached_property
    def _metric_claims(self) -> Claims:
        return Claims(_claims([table.metrics for table in self._tables], self.metrics))

    @cached_property
    def _parameter_claims(self) -> Claims:
        layers = [table.hyper_parameters for table in self._tables]
        claims = _claims(layers, self.hyper_parameters)
        return Claims((_plain_claim(claim, self._roots) for claim in claims), separator=".")

    def _with(self, document: Mapping[str, Any]) -> Self:
        return replace(self, added=(alias_table(document), *self.added))


DEFAULT_ALIASES = Aliases()


def aliases() -> Aliases:
    """The shipped names, with those of the file that `ASTUNER_ALIASES` names above them. Raises `BadConfig`."""
    path = os.environ.get(ASTUNER_ALIASES)
    return Aliases.from_file(path) if path else DEFAULT_ALIASES


def _claims(layers: Sequence[Mapping[str, Entry]], names: Iterable[str]) -> Iterator[Claim]:
    """Who claims what, the strongest claim first: what was added, each name itself, what is shipped."""
    *added, last = layers
    for layer in added:
        yield from _claims_of(layer)
    yield from (Claim(name, name) for name in names)
    yield from _claims_of(last)


def _claims_of(layer: Mapping[str, Entry]) -> Iterator[Claim]:
    for name, entry in layer.items():
        for key in entry.keys:
            company = entry.beside.get(key, ())
            for spelling in dict.fromkeys((key, key.replace("@", "_at_"))):  # as MLflow has it
                yield Claim(name, spelling, company)


def _in_order(found: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: found[name] for name in names if name in found}


def _keys_of(name: str, layers: Iterable[Mapping[str, Entry]]) -> list[str]:
    return list(dict.fromkeys(key for layer in layers if name in layer for key in layer[name].keys))


def _plain_claim(claim: Claim, roots: frozenset[str]) -> Claim:
    return Claim(claim.name, _plain(claim.key, roots), tuple(_plain(key, roots) for key in claim.beside))


def _plain(key: str, roots: frozenset[str]) -> str:
    """`key` without dashes and without the roots above it: `ajet.rollout.num_repeat` → `rollout.num_repeat`."""
    rest = key.lstrip("-").replace("-", "_")
    while (parts := rest.partition("."))[2] and parts[0] in roots:
        rest = parts[2]
    return rest


def _spelled(config: Mapping[str, ConfigValue], roots: frozenset[str]) -> dict[str, str]:
    """Plain key → the key of `config`; one that stands under several roots, and not by itself, is left out."""
    spellings: dict[str, list[str]] = {}
    for key in config:
        spellings.setdefault(_plain(key, roots), []).append(key)
    return {
        plain: plain if plain in keys else keys[0]
        for plain, keys in spellings.items()
        if plain in keys or len(keys) == 1
    }


def _number(value: ConfigValue, kind: str) -> ConfigValue:
    """`value` as the number that it writes; as it is where it writes none, or should not."""
    if kind == "text" or not isinstance(value, str):
        return value
    if kind == "whole" and (whole := _read(value, int)) is not None:
        return whole  # exactly: a seed may have more digits than a float
    number = _read(value, float)
    if number is None or not math.isfinite(number):
        return value
    return int(number) if kind == "whole" and number.is_integer() else number


def _read(text: str, kind: Callable[[str], float]) -> float | None:
    try:
        return kind(text)
    except ValueError:
        return None
