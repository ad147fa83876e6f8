"""The policy: a tiny causal transformer with a backward pass written by hand, in numpy.

Pre-norm (RMSNorm), ReLU MLP of four times the width, learned positions, no biases, untied head. The shipped one has
2 layers, width 64, 4 heads: 102 848 parameters. All arithmetic follows the type of the weights: float32 in training,
float64 in the gradient's test.

Weights by name, with V tokens, S positions, D width (i counts the layers)::

    tok (V, D)   pos (S, D)   head (D, V)   lnf (D,)
    ln1_i (D,)   qkv_i (D, 3D)   o_i (D, D)   ln2_i (D,)   w1_i (D, 4D)   w2_i (4D, D)

Shapes in comments: b sequences of n tokens, H heads of width d = D/H.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from astuner_nb.training.task import Ints

Floats = NDArray[np.floating[Any]]
Weights = dict[str, Floats]
Normed = tuple[Floats, Floats]
"""What RMSNorm's backward needs: x̂ (m, D) and 1/rms (m, 1)."""

EPSILON = 1e-6


@dataclass(frozen=True)
class Policy:
    """Weights and the one number that their shapes do not tell."""

    weights: Weights
    heads: int

    @property
    def layers(self) -> int:
        """How many transformer blocks it has."""
        return sum(name.startswith("qkv_") for name in self.weights)

    @property
    def width(self) -> int:
        """D, the width of the residual stream."""
        return int(self.weights["tok"].shape[1])

    def copy(self) -> Policy:
        """A policy with weights of its own."""
        return Policy({name: weight.copy() for name, weight in self.weights.items()}, self.heads)


class Block(NamedTuple):
    """What one layer's backward needs from its forward; m = b · n."""

    h1: Floats  # (m, D) normed input of the attention
    norm1: Normed
    q: Floats  # (b, H, n, d)
    k: Floats  # (b, H, n, d)
    v: Floats  # (b, H, n, d)
    attention: Floats  # (b, H, n, n) softmaxed
    mixed: Floats  # (m, D) attention · v, heads side by side
    h2: Floats  # (m, D) normed input of the MLP
    norm2: Normed
    hidden: Floats  # (m, 4D) after the ReLU


@dataclass
class Tape:
    """What `backward` needs from `forward`."""

    tokens: Ints
    first: int
    blocks: list[Block] = field(default_factory=list)
    top: Floats = field(default_factory=lambda: np.empty(0))
    norm: Normed = field(default_factory=lambda: (np.empty(0), np.empty(0)))


def forward(policy: Policy, tokens: Ints, first: int = 0, tape: Tape | None = None) -> Floats:
    """The logits (b, n - first, V) after each of `tokens` (b, n) from position `first` on.

    A `tape` made for the same `tokens` and `first` is filled with what `backward` needs.
    """
    w, (b, n) = policy.weights, tokens.shape
    x: Floats = (w["tok"][tokens] + w["pos"][:n]).reshape(b * n, -1)  # (m, D)
    for i in range(policy.layers):
        x, block = _block(policy, i, x, b)
        if tape:
            tape.blocks.append(block)
    top, norm = rms_norm(x.reshape(b, n, -1)[:, first:].reshape(b * (n - first), -1), w["lnf"])
    if tape:
        tape.top, tape.norm = top, norm
    return (top @ w["head"]).reshape(b, n - first, -1)


def _block(policy: Policy, i: int, x: Floats, b: int) -> tuple[Floats, Block]:
    w = policy.weights
    h1, norm1 = rms_norm(x, w[f"ln1_{i}"])
    q, k, v = np.ascontiguousarray(split_heads(h1 @ w[f"qkv_{i}"], b, policy.heads))
    attention = softmax(scores(q, k))
    mixed = np.ascontiguousarray((attention @ v).transpose(0, 2, 1, 3)).reshape(x.shape)
    x = x + mixed @ w[f"o_{i}"]
    h2, norm2 = rms_norm(x, w[f"ln2_{i}"])
    hidden = h2 @ w[f"w1_{i}"]
    np.maximum(hidden, 0, out=hidden)
    return x + hidden @ w[f"w2_{i}"], Block(h1, norm1, q, k, v, attention, mixed, h2, norm2, hidden)


def backward(policy: Policy, tape: Tape, dlogits: Floats) -> Weights:
    """The gradient of a loss for every weight, from `dlogits` (b, n - first, V), its gradient for the logits."""
    w, gradient = policy.weights, Weights()
    b, n = tape.tokens.shape
    flat = dlogits.reshape(len(tape.top), -1)
    gradient["head"] = tape.top.T @ flat
    dtop, gradient["lnf"] = rms_norm_back(flat @ w["head"].T, w["lnf"], tape.norm)
    padded = np.zeros((b, n, policy.width), dtop.dtype)
    padded[:, tape.first :] = dtop.reshape(b, n - tape.first, -1)
    dx: Floats = padded.reshape(b * n, -1)  # (m, D)
    for i in reversed(range(policy.layers)):
        dx = _mlp_back(w, i, tape.blocks[i], dx, gradient)
        dx = _attention_back(w, i, tape.blocks[i], dx, gradient)
    gradient["pos"] = np.zeros_like(w["pos"])
    gradient["pos"][:n] = dx.reshape(b, n, -1).sum(0)
    gradient["tok"] = np.eye(len(w["tok"]), dtype=dx.dtype)[tape.tokens.reshape(-1)].T @ dx  # scatter-add by one-hot
    return gradient


def _mlp_back(w: Weights, i: int, block: Block, dx: Floats, gradient: Weights) -> Floats:
    gradient[f"w2_{i}"] = block.hidden.T @ dx
    dhidden = dx @ w[f"w2_{i}"].T
    dhidden *= block.hidden > 0
    gradient[f"w1_{i}"] = block.h2.T @ dhidden
    dh2, gradient[f"ln2_{i}"] = rms_norm_back(dhidden @ w[f"w1_{i}"].T, w[f"ln2_{i}"], block.norm2)
    return dx + dh2


def _attention_back(w: Weights, i: int, block: Block, dx: Floats, gradient: Weights) -> Floats:
    b, heads, n, d = block.q.shape
    a = block.attention
    gradient[f"o_{i}"] = block.mixed.T @ dx
    dmixed = np.ascontiguousarray((dx @ w[f"o_{i}"].T).reshape(b, n, heads, d).transpose(0, 2, 1, 3))  # (b, H, n, d)
    dscores = dmixed @ block.v.swapaxes(-1, -2)  # (b, H, n, n), through the softmax: a · (da - Σ a · da)
    dscores -= (dscores * a).sum(-1, keepdims=True)
    dscores *= a
    dscores *= d**-0.5
    dqkv = np.empty((b, n, 3, heads, d), dx.dtype)
    dqkv[:, :, 0] = (dscores @ block.k).transpose(0, 2, 1, 3)
    dqkv[:, :, 1] = (dscores.swapaxes(-1, -2) @ block.q).transpose(0, 2, 1, 3)
    dqkv[:, :, 2] = (a.swapaxes(-1, -2) @ dmixed).transpose(0, 2, 1, 3)
    flat = dqkv.reshape(b * n, -1)  # (m, 3D)
    gradient[f"qkv_{i}"] = block.h1.T @ flat
    dh1, gradient[f"ln1_{i}"] = rms_norm_back(flat @ w[f"qkv_{i}"].T, w[f"ln1_{i}"], block.norm1)
    return dx + dh1


def rms_norm(x: Floats, gain: Floats) -> tuple[Floats, Normed]:
    """``gain · x / sqrt(mean(x²) + 1e-6)`` of the rows of `x` (m, D), arXiv:1910.07467, and what its backward needs."""
    inverse = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
    unit = x * inverse
    return unit * gain, (unit, inverse)


def rms_norm_back(dy: Floats, gain: Floats, normed: Normed) -> tuple[Floats, Floats]:
    """The gradients for `x` (m, D) and for `gain` (D,)."""
    unit, inverse = normed
    dgain = np.einsum("ij,ij->j", dy, unit)
    dunit = dy * gain
    return inverse * (dunit - unit * (dunit * unit).mean(-1, keepdims=True)), dgain


def softmax(x: Floats) -> Floats:
    """Softmax along the last axis."""
    x = x - x.max(-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(-1, keepdims=True)
    return x


def log_softmax(x: Floats) -> Floats:
    """Logarithm of the softmax along the last axis."""
    x = x - x.max(-1, keepdims=True)
    x -= np.log(np.exp(x).sum(-1, keepdims=True))
    return x


def split_heads(qkv: Floats, b: int, heads: int) -> Floats:
    """(b · n, 3D) → (3, b, H, n, d): queries, keys, values of every head."""
    return qkv.reshape(b, len(qkv) // b, 3, heads, -1).transpose(2, 0, 3, 1, 4)


def scores(q: Floats, k: Floats) -> Floats:
    """How much each token attends to each, before the softmax (b, H, n, n); -1e9 and less for what lies ahead of it."""
    product = q @ k.swapaxes(-1, -2)
    product *= q.shape[-1] ** -0.5
    product += np.triu(np.full(product.shape[-2:], -1e9, product.dtype), 1)
    return product
