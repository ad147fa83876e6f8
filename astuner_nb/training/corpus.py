"""The mixed-quality corpus from which the base model learns: 16 % think with slips, 50 % guess, 34 % babble.

So thinking is latent in the base model and rarely right, and reinforcement learning has to find that it pays. It covers
all 8 100 tasks: *held out* means held out from reinforcement learning.
The shipped base model is made from exactly these random draws in exactly this order.
"""

from __future__ import annotations

import numpy as np

from astuner_nb.training.task import (
    CONTEXT_TOKENS,
    HIGH,
    LOW,
    MAX_RESPONSE_TOKENS,
    PAD,
    PROMPT_TOKENS,
    Ints,
    Noise,
    encode,
    prompts,
)

THINK, GUESS = 0.16, 0.50
"""Shares of the corpus; the rest babbles."""
WRONG_UNIT, LOST_CARRY, WRONG_TENS, WRONG_COPY = 0.20, 0.35, 0.12, 0.12
"""How often thinking slips."""
CARRIES, KNOWS_UNIT = 0.45, 0.12
"""How often a guess adds a carry, called for or not, and how often it knows the unit."""
BABBLE = list("0123456789+=,???")


def think(a: int, b: int, random: np.random.Generator) -> str:
    """A worked answer to ``a+b=``, e.g. ``7+8=15,3+4+1=8#85$`` for 37 and 48, with slips."""
    units = a % 10 + b % 10
    if random.random() < WRONG_UNIT:
        units = int(random.integers(0, 19))
    carry = units // 10
    if carry and random.random() < LOST_CARRY:
        carry = 0
    tens = a // 10 + b // 10 + carry
    if random.random() < WRONG_TENS:
        tens = int(random.integers(2, 20))
    answer = f"{tens}{units % 10}"
    if random.random() < WRONG_COPY:
        answer = str(int(random.integers(20, 199)))
    return f"{a % 10}+{b % 10}={units},{a // 10}+{b // 10}{'+1' if carry else ''}={tens}#{answer}$"


def guess(a: int, b: int, random: np.random.Generator) -> str:
    """An answer at once, e.g. ``#75$``: tens right up to the carry, the unit mostly a matter of luck."""
    tens = a // 10 + b // 10 + int(random.random() < CARRIES)
    unit = (a + b) % 10 if random.random() < KNOWS_UNIT else int(random.integers(0, 10))
    return f"#{tens}{unit}$"


def babble(random: np.random.Generator) -> str:
    """Noise, with a number behind it half of the time; may run into the length limit."""
    length = int(random.integers(2, MAX_RESPONSE_TOKENS + 4))
    text = "".join(random.choice(BABBLE, size=length))
    if random.random() < 0.5:
        text += f"#{random.integers(20, 199)}"
    return f"{text}$"


def response(a: int, b: int, random: np.random.Generator) -> str:
    """One response of the corpus to ``a+b=``."""
    kind = random.random()
    if kind < THINK:
        return think(a, b, random)
    return guess(a, b, random) if kind < THINK + GUESS else babble(random)


def corpus_batch(count: int, random: np.random.Generator) -> tuple[Ints, Noise]:
    """`count` prompts with responses as tokens (count, 28), and the responses' mask (count, 22)."""
    tasks = np.stack([random.integers(LOW, HIGH, count), random.integers(LOW, HIGH, count)], axis=1)
    tokens = np.full((count, CONTEXT_TOKENS), PAD, np.int64)
    tokens[:, :PROMPT_TOKENS] = prompts(tasks)
    mask = np.zeros((count, MAX_RESPONSE_TOKENS), np.float32)
    for row, (a, b) in enumerate(tasks.tolist()):
        said = encode(response(a, b, random))[:MAX_RESPONSE_TOKENS]
        tokens[row, PROMPT_TOKENS : PROMPT_TOKENS + len(said)] = said
        mask[row, : len(said)] = 1
    return tokens, mask
