"""The hyper-parameters of many runs side by side, under canonical names: quick for 1,000 runs with 400 keys each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from astuner_nb.analysis import differences
from astuner_nb.analysis.differences import MISSING, Config, Found
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue

ConfigOf = Callable[[Run], Config]
"""The hyper-parameters of a run under own and canonical names, as `RunSet.config_of` has them."""

_PLAIN = {str, int, float, bool, type(None)}


def canonical_configs(runs: Iterable[Run]) -> dict[str, Config]:
    """Run key → its hyper-parameters, as `Aliases.canonical_config` names them; lists as their JSON text.

    Which key stands for which name depends on the keys alone: runs that have the same ones are looked at once.
    """
    shapes: dict[tuple[object, ...], dict[str, str] | None] = {}
    found = {}
    for run in runs:
        config = plain_config(run.config)
        shape = (id(run.aliases), *config)
        if shape not in shapes:
            shapes[shape] = _sources(run.aliases, config)
        sources = shapes[shape]
        quick = None if sources is None else _renamed(run.aliases, config, sources)
        found[run.key] = run.aliases.canonical_config(config) if quick is None else quick
    return found


def config_of_all(runs: Iterable[Run], configs: Mapping[str, Config] | None = None) -> ConfigOf:
    """What knows each of `runs` under own and canonical names, as a filter may name them; others are looked at anew."""
    known = dict(canonical_configs(runs) if configs is None else configs)

    def config_of(run: Run) -> Config:
        if run.key not in known:
            known.update(canonical_configs([run]))
        return {**plain_config(run.config), **known[run.key]}

    return config_of


def plain_config(config: Mapping[str, Any]) -> Mapping[str, ConfigValue]:
    """`config` with lists as their JSON text and numpy's numbers as Python's; most are so already."""
    if set(map(type, config.values())) <= _PLAIN:
        return config
    return {name: value if type(value) in _PLAIN else _plain(value) for name, value in config.items()}


def side_by_side(configs: Sequence[Config]) -> dict[str, list[Found]]:
    """Hyper-parameter → its value in each of `configs`, `MISSING` where it has none; names in the order they come."""
    names = dict.fromkeys(chain.from_iterable(configs))
    return {name: [config.get(name, MISSING) for config in configs] for name in names}


def canonical_first(names: Iterable[str], runs: Iterable[Run]) -> list[str]:
    """`names`, the canonical ones first and in the order of the tables, the others as they come."""
    known = dict.fromkeys(chain.from_iterable(table.hyper_parameters for table in _tables(runs)))
    order = {name: place for place, name in enumerate(known)}
    return sorted(dict.fromkeys(names), key=lambda name: order.get(name, len(order)))


def differing(runs: Sequence[Run], configs: Mapping[str, Config]) -> list[str]:
    """The hyper-parameters that are not the same in all of `runs`.

    Canonical ones come first, then those that all runs have, then those that some have: another trainer's mostly.
    """
    of_runs = [configs[run.key] for run in runs]
    found = canonical_first(differences.differing(of_runs), runs)
    canonical = {name for table in _tables(runs) for name in table.hyper_parameters}
    return sorted(found, key=lambda name: name not in canonical and any(name not in config for config in of_runs))


def _tables(runs: Iterable[Run]) -> list[Aliases]:
    """The tables that `runs` are named by: one, mostly."""
    return list({id(run.aliases): run.aliases for run in runs}.values())


def _plain(value: Any) -> ConfigValue:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | int | float):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _sources(names: Aliases, config: Config) -> dict[str, str] | None:
    """Name → the key of `config` that it stands for; None where a key looks like a number and became one."""
    found = names.canonical_config({key: key for key in config})
    sources = {name: key for name, key in found.items() if isinstance(key, str)}
    return sources if len(sources) == len(found) else None


def _renamed(names: Aliases, config: Config, sources: Mapping[str, str]) -> Config | None:
    """`config` by `sources`; None where a text may have to become a number and cannot be looked at by itself."""
    renamed = {name: config[key] for name, key in sources.items()}
    texts = [name for name, kind in names.hyper_parameters.items() if kind != "text" and _is_text(renamed.get(name))]
    if not texts:
        return renamed
    read = names.canonical_config({name: renamed[name] for name in texts})
    return {**renamed, **read} if read.keys() == set(texts) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
