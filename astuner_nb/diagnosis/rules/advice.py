"""What to try, with the run's own numbers where its configuration is known."""

from __future__ import annotations

from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.words import at, number


def lower_lr(case: Case) -> str:
    """`Lower lr from 0.01 to 0.001–0.003`."""
    lr = case.number("lr")
    return f"Lower lr from {number(lr)} to {number(lr / 10)}–{number(lr / 3)}" if lr else "Lower lr by 3–10 ×"


def raise_lr(case: Case) -> str:
    """The same upwards."""
    lr = case.number("lr")
    return f"Raise lr from {number(lr)} to {number(3 * lr)}–{number(10 * lr)}" if lr else "Raise lr by 3–10 ×"


def raise_kl(case: Case) -> str:
    """`raise kl_loss_coef from 0.01 to 0.03–0.1`."""
    beta = case.number("kl_loss_coef")
    if beta is None:
        return "raise kl_loss_coef"
    return f"raise kl_loss_coef from {number(beta)} to " + (
        f"{number(3 * beta)}–{number(10 * beta)}" if beta else "0.01"
    )


def lower_kl(case: Case) -> str:
    """`Lower kl_loss_coef from 1 to 0.01–0.1`."""
    beta = case.number("kl_loss_coef")
    return (
        f"Lower kl_loss_coef from {number(beta)} to {number(beta / 100)}–{number(beta / 10)}"
        if beta
        else "Lower kl_loss_coef"
    )


def clip(case: Case) -> str:
    """What to do about clipping: a sentence, empty where nothing is wrong with it."""
    ratio = case.number("clip_ratio")
    return f" Set clip_ratio from {number(ratio)}, which is off, to 0.2." if ratio is not None and ratio >= 1 else ""


def go_back(step: float) -> str:
    """Which checkpoint to take."""
    return f"go back to the last checkpoint up to step {at(step)}"
