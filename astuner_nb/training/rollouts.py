"""Rollouts: prompts, a policy's responses to them, and what the judge says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from astuner_nb.training import task
from astuner_nb.training.policy import Floats, Policy
from astuner_nb.training.sampling import sample
from astuner_nb.training.task import END, PROMPT_TOKENS, VOCABULARY, Ints, Noise, Verdict, decode, prompts

Judge = Callable[[int, int, str], Verdict]
"""Takes both operands and the response's text; see `task.judge`."""
Row = dict[str, object]


@dataclass(frozen=True)
class Rollouts:
    """m responses; those to the same prompt are neighbours."""

    prompts: Ints
    """(m, 6) tokens."""
    responses: Ints
    """(m, T) tokens, padded to the longest."""
    lengths: Ints
    """(m,) tokens of each response, `$` included."""
    logprobs: Floats
    """(m, T) of the sampled tokens under the policy that sampled them."""
    entropy: Floats
    """(m, T) of the distributions they were drawn from, nats."""
    texts: list[str]
    rewards: Floats
    """(m,)"""
    success: Floats
    """(m,) 0 or 1."""
    well_formed: Floats
    """(m,) 0 or 1."""

    @property
    def mask(self) -> Floats:
        """(m, T) float32: 1 for a token that was sampled, 0 for padding."""
        return (np.arange(self.responses.shape[1]) < self.lengths[:, None]).astype(np.float32)

    def rows(self, step: int, count: int = 4) -> Iterator[Row]:
        """`count` rollouts as JSON objects, spread over the rewards: the best first, the worst last.

        The token arrays cover prompt and response; `loss_mask` is 1 where a token was sampled, elsewhere `logprobs`
        is null.
        """
        ranks = np.linspace(0, len(self.rewards) - 1, min(count, len(self.rewards))).round().astype(int)
        for i in np.argsort(-self.rewards, kind="stable")[ranks].tolist():
            yield self._row(step, i)

    def _row(self, step: int, i: int) -> Row:
        n = int(self.lengths[i])
        ids = [*self.prompts[i].tolist(), *self.responses[i, :n].tolist()]
        return {
            "step": step,
            "prompt": decode(self.prompts[i]),
            "response": self.texts[i],
            "reward": round(float(self.rewards[i]), 6),
            "success": bool(self.success[i]),
            "token_ids": ids,
            "tokens": [VOCABULARY[token] for token in ids],
            "logprobs": [None] * PROMPT_TOKENS + [round(float(x), 4) + 0.0 for x in self.logprobs[i, :n]],
            "loss_mask": [0] * PROMPT_TOKENS + [1] * n,
        }


def collect(
    policy: Policy,
    tasks: Ints,
    noise: Noise,
    repeat: int,
    temperature: float,
    judge: Judge = task.judge,
) -> Rollouts:
    """`repeat` judged responses of `policy` to each of `tasks` (b, 2); `noise` is (b · repeat, longest response)."""
    questions = prompts(tasks)
    tokens, logprobs, entropy = sample(policy, questions, repeat, noise, temperature)
    ends = tokens == END
    lengths = np.where(ends.any(1), ends.argmax(1) + 1, tokens.shape[1])
    texts = [decode(row[:n]) for row, n in zip(tokens.tolist(), lengths.tolist(), strict=True)]
    pairs = np.repeat(tasks, repeat, axis=0).tolist()
    verdicts = np.array([judge(a, b, text) for (a, b), text in zip(pairs, texts, strict=True)], np.float64)  # (m, 3)
    everything = np.repeat(questions, repeat, axis=0), tokens, lengths, logprobs, entropy, texts
    return Rollouts(*everything, *verdicts.T)
