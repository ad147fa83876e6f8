"""`swanlab://WORKSPACE/PROJECT`: the runs of a project on SwanLab's cloud or a server of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astuner_nb.core.aliases import DEFAULT_ALIASES, Aliases
from astuner_nb.core.errors import BadValue, ServerFailed
from astuner_nb.core.said import said
from astuner_nb.core.series import History
from astuner_nb.trackers.cloud_run import CloudRun
from astuner_nb.trackers.history_cache import HistoryCache
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.swanlab.client import SwanLabClient
from astuner_nb.trackers.swanlab.curves import MOST_SAMPLED, ends_early, history_of
from astuner_nb.trackers.swanlab.describe import flat_config, labels_of, moment, state_of
from astuner_nb.trackers.swanlab.filters import filters_of
from astuner_nb.trackers.where import Where

if TYPE_CHECKING:
    import swanlab
    from swanlab.api.experiment import Experiment

NAME = re.compile(r"(?!\.+$)[\w.+\-]+")
"""What a workspace and a project may be called."""
RUN_ID = re.compile(r"(?!\.+$)[^/\\#?%:\s]([^/\\#?%:\x00-\x1f]*[^/\\#?%:\s])?")
"""What a run's id may be: more than a name may, for `swanlab.init` takes almost any."""
AT_ONCE = 64
"""How many runs are described between two words on how far it is."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
Address = dict[str, Any]
"""What the server's own description says of where a run's points are: ids and the time since when."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SwanLabRun(CloudRun):
    """A run that a SwanLab server keeps."""

    client: SwanLabClient
    path: str
    """`workspace/project`."""
    address: Address

    def keys(self, patience: Patience) -> Sequence[str]:
        """The keys of its scalars, system metrics left out. Raises `TrackerError`."""
        return self.client.ask(lambda api: [each.key for each in self._experiment(api).series()], self._who, patience)

    def fetch(self, keys: Sequence[str], limit: float | None, patience: Patience) -> History:
        """The curves of `keys`. A server samples at 1,500 points at most: for more, all are asked for."""
        asked = [key for key in keys if key.strip()]
        if not asked:
            return History({})
        if limit is not None and limit > MOST_SAMPLED:
            return self._all(asked, patience)
        count = MOST_SAMPLED if limit is None else int(limit)
        answer = self.client.ask(lambda api: self._experiment(api).metrics(asked, sample=count), self._who, patience)
        return history_of(answer, count)

    def refreshed(self, patience: Patience) -> SwanLabRun:
        """The same run as the server describes it now. Raises `TrackerError`, `NotFound` where it was deleted."""
        return SwanLabCloud(self.path, self.cache, self.aliases, self.client).one(self.id, patience)

    def _all(self, keys: list[str], patience: Patience) -> History:
        answer = self.client.ask(lambda api: self._experiment(api).metrics(keys, all=True), self._who, patience)
        history = history_of(answer, None)
        if self.state.ended and (key := ends_early(answer, history)):
            raise ServerFailed(
                f"The table of all points of {self._who} on {self.place.partition('/')[0]} ends before "
                f"the newest point of {key!r}. Try again later, or read it sampled, without max_points."
            )
        return history

    def _experiment(self, api: swanlab.Api) -> Experiment:
        from swanlab.api.experiment import Experiment

        return Experiment(api._ctx, path=f"{self.path}/{self.id}", data=self.address.copy())

    @property
    def _who(self) -> str:
        return f"run {self.id} of {self.path}"


class SwanLabCloud:
    """The runs of one project, or one of them.

    Host and key are those of SwanLab's own client: SWANLAB_API_HOST and SWANLAB_API_KEY, its files, or a
    `swanlab.login` in this process.

    Args:
        text: `WORKSPACE/PROJECT` or `WORKSPACE/PROJECT/RUN_ID`.
        cache: where curves of ended runs are kept.
        aliases: how metrics and hyper-parameters are called here.
        client: one that is logged in already.

    Raises:
        BadValue: for any other text.
    """

    def __init__(
        self,
        text: str,
        cache: HistoryCache | None = None,
        aliases: Aliases = DEFAULT_ALIASES,
        client: SwanLabClient | None = None,
    ) -> None:
        parts = text.strip().strip("/").split("/")
        if (
            len(parts) not in (2, 3)
            or not all(NAME.fullmatch(part) for part in parts[:2])
            or not all(RUN_ID.fullmatch(part) for part in parts[2:])
        ):
            raise BadValue(
                f"swanlab://{text} names no project. Write swanlab://WORKSPACE/PROJECT, e.g. swanlab://alice/math, "
                "with /RUN_ID behind it for one run."
            )
        self.path = "/".join(parts[:2])
        self.run_id = parts[2] if len(parts) == 3 else ""
        self._cache, self._aliases = cache or HistoryCache(), aliases
        self._client = client or SwanLabClient()

    def __repr__(self) -> str:
        return f"<SwanLabCloud {self.path}{'/' if self.run_id else ''}{self.run_id}>"

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The newest `limit` of the runs that fit `where`. Raises `TrackerError`."""
        if self.run_id:
            fitting = [run for run in [self.one(self.run_id, patience)] if self._fits(run, where)]
            return Listing(fitting[:limit], complete=len(fitting) <= limit)
        filters = filters_of(where, self._aliases.hyper_parameters)
        return self._client.ask(
            lambda api: self._listed(api, filters, where, limit, patience), f"project {self.path}", patience
        )

    def one(self, run_id: str, patience: Patience) -> SwanLabRun:
        """One run of the project. Raises `TrackerError`, `NotFound` where there is none."""

        def question(api: swanlab.Api) -> SwanLabRun:
            experiment = api.run(f"{self.path}/{run_id}")
            return self._described(experiment, api, experiment.run_id and experiment.project_id)

        return self._client.ask(question, f"run {run_id} of {self.path}", patience)

    def _listed(
        self, api: swanlab.Api, filters: Sequence[dict[str, Any]], where: Where, limit: int, patience: Patience
    ) -> Listing:
        """Looks at the newest runs first, and at no more than it takes: some servers want a request for each."""
        project_id = api.project(self.path).project_id
        found = sorted(api.runs(self.path, filters=[*filters]), key=_created, reverse=True)
        fitting: list[SwanLabRun] = []
        skipped: list[str] = []
        for start in range(0, len(found), AT_ONCE):
            described = patience.map(
                lambda each: self._described_or_why_not(each, api, project_id),
                found[start : start + AT_ONCE],
                f"describing the runs of {self.path}",
                tell=False,
            )
            skipped += [one for one in described if isinstance(one, str)]
            fitting += [one for one in described if not isinstance(one, str) and self._fits(one, where)]
            patience.tell(said("runs"), min(start + AT_ONCE, len(found)), len(found))
            if len(fitting) > limit:
                break
        return Listing(fitting[:limit], complete=len(fitting) <= limit, skipped=skipped)

    def _fits(self, run: SwanLabRun, where: Where) -> bool:
        return where.fits(run, {**run.config, **self._aliases.canonical_config(run.config)})

    def _described_or_why_not(self, experiment: Experiment, api: swanlab.Api, project_id: str) -> SwanLabRun | str:
        if not experiment.run_id:
            return f"A run of {self.path} that has no id was left out."
        try:
            return self._described(experiment, api, project_id)
        except (TypeError, ValueError, AttributeError) as error:
            return f"Run {experiment.run_id} of {self.path} was left out: its description makes no sense ({error})."

    def _described(self, experiment: Experiment, api: swanlab.Api, project_id: str) -> SwanLabRun:
        id = experiment.run_id
        state, detail = state_of(experiment.state)
        return SwanLabRun(
            source="swanlab",
            place=f"{urlsplit(api._ctx.api_host).netloc}/{self.path}",
            id=id,
            name=str(experiment.name or id),
            project=self.path.split("/")[1],
            state=state,
            detail=detail,
            config=flat_config(experiment.profile),
            tags=labels_of(experiment.labels or ()),
            group=str(experiment.group or ""),
            created=moment(experiment.created_at),
            finished=moment(experiment.finished_at) if state.ended else None,
            url=experiment.url,
            aliases=self._aliases,
            cache=self._cache,
            client=self._client,
            path=self.path,
            address={
                "cuid": id,
                "name": str(experiment.name or id),
                "createdAt": experiment.created_at,
                "project_id": project_id,
                "rootProId": experiment.root_pro_id,
                "rootExpId": experiment.root_exp_id,
            },
        )


def _created(experiment: Experiment) -> datetime:
    return moment(experiment.created_at) or LONG_AGO
