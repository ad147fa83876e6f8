"""Responses from a policy, token by token, with a key/value cache.

What keeps it quick: the responses to one prompt share its first pass; a finished response leaves the batch, its place
in the cache is taken by the last one still going on; at most `AT_ONCE` responses are in the cache at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from astuner_nb.training.policy import Floats, Policy, rms_norm, scores, softmax, split_heads
from astuner_nb.training.task import END, PAD, PROMPT_TOKENS, Ints, Noise

AT_ONCE = 512
"""Responses sampled together at most: bounds the cache to 15 MB."""


class Samples(NamedTuple):
    """Responses, padded to the longest: `tokens` with `^`, the others with 0."""

    tokens: Ints  # (m, T)
    logprobs: Floats  # (m, T) of the sampled tokens, at the sampling temperature
    entropy: Floats  # (m, T) of the distributions they were drawn from, nats


class Cache(NamedTuple):
    """Keys and values of every layer, head and position so far."""

    keys: Floats  # (L, m, H, S, d)
    values: Floats  # (L, m, H, S, d)

    def move(self, source: Ints, target: Ints) -> None:
        """Let the rollouts `source` take the places `target`."""
        for array in self:
            array[:, target] = array[:, source]


def sample(policy: Policy, prompts: Ints, repeat: int, noise: Noise, temperature: float) -> Samples:
    """`repeat` responses to each of `prompts` (b, P), neighbours in the result; m = b · repeat.

    Args:
        policy: whom to ask.
        prompts: (b, P) tokens.
        repeat: responses a prompt.
        noise: (m, T) uniforms in [0, 1); T is the longest response, in tokens with its `$`.
        temperature: the logits are divided by it, > 0.
    """
    at_once = max(1, AT_ONCE // repeat)
    parts = [
        _sample(policy, prompts[i : i + at_once], repeat, noise[i * repeat : (i + at_once) * repeat], temperature)
        for i in range(0, len(prompts), at_once)
    ]
    width = max(part.tokens.shape[1] for part in parts)
    fields = zip(zip(*parts, strict=True), (PAD, 0, 0), strict=True)
    return Samples(*(np.concatenate([_widen(array, width, fill) for array in arrays]) for arrays, fill in fields))


def _widen(array: NDArray[np.generic], width: int, fill: int) -> NDArray[np.generic]:
    return np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=fill)


def _sample(policy: Policy, prompts: Ints, repeat: int, noise: Noise, temperature: float) -> Samples:
    m, longest = noise.shape
    x, cache = _read_prompts(policy, prompts, repeat, longest)
    tokens = np.full((m, longest), PAD, np.int64)
    logprobs, entropy = np.zeros((m, longest), x.dtype), np.zeros((m, longest), x.dtype)
    live = np.arange(m)  # which rollout sits in which place of the cache
    for t in range(longest):
        chosen, logprobs[live, t], entropy[live, t] = _choose(policy, x, noise[live, t], temperature)
        tokens[live, t] = chosen
        live, chosen = _keep_live(live, chosen, cache)
        if t == longest - 1 or not len(live):
            break
        x = _next_token(policy, chosen, PROMPT_TOKENS + t, cache)
    return Samples(tokens[:, : t + 1], logprobs[:, : t + 1], entropy[:, : t + 1])


def _read_prompts(policy: Policy, prompts: Ints, repeat: int, longest: int) -> tuple[Floats, Cache]:
    """The residual stream after each prompt's last token, for each response (m, D), and a cache holding the prompts."""
    w, heads, (b, n) = policy.weights, policy.heads, prompts.shape
    shape = (policy.layers, b * repeat, heads, n + longest, policy.width // heads)
    cache = Cache(np.empty(shape, w["tok"].dtype), np.empty(shape, w["tok"].dtype))
    x: Floats = (w["tok"][prompts] + w["pos"][:n]).reshape(b * n, -1)
    for i in range(policy.layers):
        q, k, v = split_heads(rms_norm(x, w[f"ln1_{i}"])[0] @ w[f"qkv_{i}"], b, heads)
        cache.keys[i, :, :, :n], cache.values[i, :, :, :n] = np.repeat(k, repeat, 0), np.repeat(v, repeat, 0)
        mixed = softmax(scores(q, k)) @ v
        x = _mlp(policy, i, x + mixed.transpose(0, 2, 1, 3).reshape(x.shape) @ w[f"o_{i}"])
    return np.repeat(x.reshape(b, n, -1)[:, -1], repeat, 0), cache


def _choose(policy: Policy, x: Floats, noise: Noise, temperature: float) -> tuple[Ints, Floats, Floats]:
    """The next tokens (m,), drawn by inverting the cumulative distribution, their log-probs and the entropies."""
    z = (rms_norm(x, policy.weights["lnf"])[0] @ policy.weights["head"]) * (1 / temperature)
    z -= z.max(-1, keepdims=True)
    probs = np.exp(z)
    total = probs.sum(-1, keepdims=True)
    probs /= total
    z -= np.log(total)  # log-probs
    below = np.cumsum(probs, -1)  # (m, V)
    chosen = np.minimum((below < noise[:, None] * below[:, -1:]).sum(-1), probs.shape[1] - 1)
    return chosen, z[np.arange(len(z)), chosen], -(probs * z).sum(-1)


def _keep_live(live: Ints, chosen: Ints, cache: Cache) -> tuple[Ints, Ints]:
    """`live` and `chosen` without the finished rollouts; the last live ones fill their places in the cache."""
    alive = chosen != END
    count = int(alive.sum())
    if count == len(live):
        return live, chosen
    places, movers = np.flatnonzero(~alive[:count]), count + np.flatnonzero(alive[count:])
    cache.move(movers, places)
    live[places], chosen[places] = live[movers], chosen[movers]
    return live[:count], chosen[:count]


def _next_token(policy: Policy, chosen: Ints, position: int, cache: Cache) -> Floats:
    """The residual stream (m, D) after one more token of each live rollout; its keys and values join the cache."""
    w, m = policy.weights, len(chosen)
    x: Floats = w["tok"][chosen] + w["pos"][position]
    for i in range(policy.layers):
        qkv = (rms_norm(x, w[f"ln1_{i}"])[0] @ w[f"qkv_{i}"]).reshape(m, 3, policy.heads, -1)  # (m, 3, H, d)
        keys, values = cache.keys[i, :m, :, : position + 1], cache.values[i, :m, :, : position + 1]
        keys[:, :, -1], values[:, :, -1] = qkv[:, 1], qkv[:, 2]
        attention = softmax((keys @ qkv[:, 0, :, :, None])[..., 0] * keys.shape[-1] ** -0.5)  # (m, H, S)
        mixed = (attention[:, :, None] @ values)[:, :, 0]  # (m, H, d)
        x = _mlp(policy, i, x + mixed.reshape(m, -1) @ w[f"o_{i}"])
    return x


def _mlp(policy: Policy, i: int, x: Floats) -> Floats:
    w = policy.weights
    hidden: Floats = np.maximum(rms_norm(x, w[f"ln2_{i}"])[0] @ w[f"w1_{i}"], 0)
    return x + hidden @ w[f"w2_{i}"]
