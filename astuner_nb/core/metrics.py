"""The canonical metrics: what each is called on a figure, its unit, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Metric:
    """How one metric is shown."""

    name: str
    """The key under which it is logged."""
    title: str
    """What stands above its figure."""
    unit: str = ""
    better: Better = "neither"


FIVE = (
    Metric("reward", "reward", better="higher"),
    Metric("success_rate", "success rate", better="higher"),
    Metric("loss", "loss"),  # a policy-gradient loss is no quality measure
    Metric("response_length", "response length", unit="tokens"),
    Metric("kl", "KL divergence", unit="nats/token"),
)
"""The five curves of the training-visualisation page, in the order of the panel."""

SECOND_ROW = (
    Metric("reward_std", "reward std"),
    Metric("entropy", "entropy", unit="nats/token"),
    Metric("grad_norm", "gradient norm"),
    Metric("clip_frac", "clip fraction"),
    Metric("val/success_rate", "success rate, held out", better="higher"),
    Metric("val/reward", "reward, held out", better="higher"),
)

KNOWN: dict[str, Metric] = {metric.name: metric for metric in FIVE + SECOND_ROW}


def is_sparse(name: str) -> bool:
    """Whether `name` is measured now and then (validation): shown as points, never joined to its neighbours."""
    return name.startswith(("val/", "val-", "eval/", "eval_"))


def describe(name: str) -> Metric:
    """The metric called `name`; an unknown one is shown under its own name."""
    return KNOWN.get(name) or Metric(name, name)


def known_first(names: Iterable[str]) -> list[str]:
    """`names` with the canonical ones first and in panel order, the others as they came."""
    order = {name: index for index, name in enumerate(KNOWN)}
    unique = list(dict.fromkeys(names))
    return sorted(unique, key=lambda name: order.get(name, len(order)))


def figure_of(name: str) -> str:
    """The metric in whose figure `name` is drawn: held-out `val/reward` as points over `reward`."""
    for prefix in ("val/", "eval/"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name
