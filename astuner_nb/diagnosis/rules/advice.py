"""What to try, with the run's own numbers where its configuration is known."""

from __future__ import annotations

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.words import at, number


def lower_lr(case: Case) -> str:
    """`Lower lr from 0.01 to 0.001–0.003`."""
    lr = case.number("lr")
    if not lr:
        return said("Lower lr by 3–10 ×")
    return said("Lower lr from {lr} to {low}–{high}", lr=number(lr), low=number(lr / 10), high=number(lr / 3))


def raise_lr(case: Case) -> str:
    """The same upwards."""
    lr = case.number("lr")
    if not lr:
        return said("Raise lr by 3–10 ×")
    return said("Raise lr from {lr} to {low}–{high}", lr=number(lr), low=number(3 * lr), high=number(10 * lr))


def raise_kl(case: Case) -> str:
    """`raise kl_loss_coef from 0.01 to 0.03–0.1`."""
    beta = case.number("kl_loss_coef")
    if beta is None:
        return said("raise kl_loss_coef")
    wanted = f"{number(3 * beta)}–{number(10 * beta)}" if beta else "0.01"
    return said("raise kl_loss_coef from {beta} to {wanted}", beta=number(beta), wanted=wanted)


def lower_kl(case: Case) -> str:
    """`Lower kl_loss_coef from 1 to 0.01–0.1`."""
    beta = case.number("kl_loss_coef")
    if not beta:
        return said("Lower kl_loss_coef")
    wanted = f"{number(beta / 100)}–{number(beta / 10)}"
    return said("Lower kl_loss_coef from {beta} to {wanted}", beta=number(beta), wanted=wanted)


def clip(case: Case) -> str:
    """What to do about clipping: a sentence, empty where nothing is wrong with it."""
    ratio = case.number("clip_ratio")
    if ratio is None or ratio < 1:
        return ""
    return said(" Set clip_ratio from {ratio}, which is off, to 0.2.", ratio=number(ratio))


def go_back(step: float) -> str:
    """Which checkpoint to take."""
    return said("go back to the last checkpoint up to step {step}", step=at(step))
