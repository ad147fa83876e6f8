"""Which hyper-parameters tell runs apart: a frame for many, a line for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from astuner_nb.analysis import differences
from astuner_nb.analysis.differences import MISSING, Config
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import joined, said
from astuner_nb.views.tables.configs import canonical_configs, differing

if TYPE_CHECKING:
    import pandas as pd

NOT_SET = "–"
"""What stands where a run does not have a hyper-parameter; None and NaN are values."""


def diff(
    runs: Sequence[Run],
    baseline: Run | None = None,
    labels: Mapping[str, str] | None = None,
    configs: Mapping[str, Config] | None = None,
) -> pd.DataFrame:
    """Index: each hyper-parameter that is not the same in all runs; columns: the runs, the baseline first.

    However many runs there are, and of however many trackers: hyper-parameters stand under canonical names where they
    have one, those first, then those that all runs have, then those that only some have (`–` where one has none).

    Args:
        runs: those to compare.
        baseline: is compared too, whether it is among `runs` or not.
        labels: run key → title of its column, all different; the key where not given.
        configs: run key → canonical configuration, where that is known already.
    """
    import pandas as pd

    compared = list({run.key: run for run in [*([baseline] if baseline is not None else []), *runs]}.values())
    known = {**canonical_configs(run for run in compared if run.key not in (configs or {})), **(configs or {})}
    names = differing(compared, known)
    titles = [(labels or {}).get(run.key, run.key) for run in compared]
    columns = [[_cell(known[run.key], name) for name in names] for run in compared]
    index = pd.Index(names, name="hyper-parameter", dtype=object)
    cells = {place: pd.Series(column, index=index, dtype=object) for place, column in enumerate(columns)}
    frame = pd.DataFrame(cells, index=index)
    frame.columns = pd.Index(titles, name="run", dtype=object)
    return frame


def what_changed(run: Run, baseline: Run, configs: Mapping[str, Config] | None = None, limit: int = 4) -> str:
    """One line: `lr 1e-4 → 3e-4 · seed 0 → 1`, canonical names first; `no difference` where there is none.

    Of runs by different trainers, what only one of them has is counted, not named.
    """
    known = configs or canonical_configs([run, baseline])
    new, old = known[run.key], known[baseline.key]
    both = [name for name in differing([run, baseline], known) if name in new and name in old]
    parts = {name: new[name] for name in both}, {name: old[name] for name in both}
    line = differences.what_changed(*parts, limit)
    alone = len(new.keys() ^ old.keys())
    if not alone:
        return line
    if len(both) + alone <= limit:
        return differences.what_changed(new, old, limit)
    only = said("{n} set in one of them only", n=alone)
    return joined([line if both else "", only], " · ")


def _cell(config: Config, name: str) -> object:
    found = config.get(name, MISSING)
    return NOT_SET if found is MISSING else found
