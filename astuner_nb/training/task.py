"""The math agent's task: vocabulary, prompts, judge, the split into training and held-out tasks, and their draws.

A prompt is ``37+48=``, both operands from 10 to 99. There are two ways to answer: at once, ``#85$``, or by thinking,
``7+8=15,3+4+1=8#85$`` (units, then carry and tens). ``#`` marks the answer, ``$`` ends the turn.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Noise = NDArray[np.float32]

VOCABULARY = "0123456789+=,#$^?[]"
"""One character a token: `$` end of turn, `#` answer mark, `^` padding, `?` babble, `[ ]` kept for a tool call."""
TOKEN = {character: index for index, character in enumerate(VOCABULARY)}
END, PAD = TOKEN["$"], TOKEN["^"]

PROMPT_TOKENS = 6
MAX_RESPONSE_TOKENS = 22
CONTEXT_TOKENS = PROMPT_TOKENS + MAX_RESPONSE_TOKENS

LOW, HIGH = 10, 100
"""Operands are drawn from `range(LOW, HIGH)`."""
TASKS = (HIGH - LOW) ** 2
HELD_OUT = TASKS // 10

_ANSWERED = re.compile(r"[^#$]*#([1-9][0-9]{1,2})\$")
_THOUGHT = re.compile(r"[0-9]\+[0-9]=[0-9]+,[0-9]\+[0-9]")


def encode(text: str) -> list[int]:
    """The tokens of `text`. Raises `ValueError` for a character that is not in the vocabulary."""
    unknown = sorted(set(text) - set(VOCABULARY))
    if unknown:
        raise ValueError(f"There is no token for {unknown[0]!r}. Use only the characters of {VOCABULARY!r}.")
    return [TOKEN[character] for character in text]


def decode(tokens: Ints | list[int]) -> str:
    """The text of `tokens`, each from 0 to 18."""
    return "".join([VOCABULARY[token] for token in tokens])


def prompts(tasks: Ints) -> Ints:
    """The prompts ``aa+bb=`` of `tasks` (n, 2) as tokens (n, 6). A digit's token is the digit itself."""
    a, b = tasks[:, 0], tasks[:, 1]
    plus, equals = np.full_like(a, TOKEN["+"]), np.full_like(a, TOKEN["="])
    return np.stack([a // 10, a % 10, plus, b // 10, b % 10, equals], axis=1)


class Verdict(NamedTuple):
    """What the judge says of one response."""

    reward: float
    """0.8 · right + 0.1 · well formed + 0.1 · (share of right digits), from 0 to 1."""
    success: float
    """1 for the right answer, else 0."""
    well_formed: float
    """1 for exactly one `#`, then 2 or 3 digits without a leading zero, then `$`; else 0."""


def judge(a: int, b: int, text: str) -> Verdict:
    """The verdict on `text`, the response to ``a+b=`` up to and including `$` if there is one.

    The share of right digits counts only where the answer is as long as the sum.
    """
    found = _ANSWERED.fullmatch(text)
    if not found:
        return Verdict(0.0, 0.0, 0.0)
    answer, truth = found[1], str(a + b)
    success = float(answer == truth)
    share = sum(map(str.__eq__, answer, truth)) / len(truth) if len(answer) == len(truth) else 0.0
    return Verdict(0.8 * success + 0.1 + 0.1 * share, success, 1.0)


def thinks(text: str) -> bool:
    """Whether a response works out units and tens before it answers, rightly or not."""
    return _THOUGHT.match(text) is not None


@cache
def split() -> tuple[Ints, Ints]:
    """All 8 100 tasks as (7290, 2) to train on and (810, 2) held out: disjoint, always the same ones.

    `RandomState` because numpy promises never to change its stream (NEP 19).
    """
    order = np.random.RandomState(8100).permutation(TASKS)
    tasks = np.stack([LOW + order // (HIGH - LOW), LOW + order % (HIGH - LOW)], axis=1)
    tasks.flags.writeable = False  # shared by all callers
    return tasks[HELD_OUT:], tasks[:HELD_OUT]


def training_draw(seed: int, step: int, batch: int, repeat: int) -> tuple[Ints, Noise]:
    """`batch` training tasks (batch, 2) and a uniform in [0, 1) for each token of each response (batch · repeat, 22).

    A pure function of its arguments (Philox is a counter-based generator, so no state has to be saved):
    a run resumed at step n draws what the uninterrupted run draws.
    """
    tasks, _ = split()
    random = _generator(seed, step)
    return tasks[random.integers(0, len(tasks), batch)], _noise(random, batch * repeat)


def held_out_draw(count: int) -> tuple[Ints, Noise]:
    """The first `count` (at most 810) held-out tasks (count, 2) and their noise (count, 22): the same in all runs.

    Common noise, so that two evaluations differ by their policies alone. Its key cannot belong to a training step:
    seeds and steps stay below 2⁶³.
    """
    _, tasks = split()
    if not 1 <= count <= HELD_OUT:
        raise ValueError(f"There are {HELD_OUT} held-out tasks, {count} were asked for. Ask for 1 to {HELD_OUT}.")
    return tasks[:count], _noise(_generator(2**64 - 1, 2**64 - 1), count)


def _generator(seed: int, step: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, step], np.uint64)))


def _noise(random: np.random.Generator, rollouts: int) -> Noise:
    return random.random((rollouts, MAX_RESPONSE_TOKENS), dtype=np.float32)
