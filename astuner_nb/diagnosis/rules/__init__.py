"""The rules that ship. What comes first is the more telling where findings are equally severe.

=================== ========= ==============================================================================
kind                severity  what it means
=================== ========= ==============================================================================
nan                 alarm     a metric is no number any more; a warning where it came back
collapse            alarm     quality fell and did not come back
reward_hacking      alarm     reward rises while what it stands for falls
kl_runaway          warning   the policy is far from its reference
silence             warning   a run that goes on has said nothing for long
oscillation         warning   quality goes up and down
drop                note      quality fell and came back; a warning where it has not yet, or more than once
plateau_capped      warning   it learned something, and is held back
plateau_low         warning   nothing was learned
entropy_collapse    warning   nothing new is tried although the task is not solved
zero_advantage      warning   most groups teach nothing; a note where that is because the task is solved
length_blowup       warning   responses grow, quality does not
length_collapse     warning   responses shrink, quality does not rise
truncation          warning   responses are cut off at the limit
kl_spike            warning   KL divergence jumps; a note where once
grad_spike          note      the gradient jumps; a warning where quality falls behind it
saturated           note      solved from the start
plateau_converged   note      it learned, and has come to rest
rise                note      it learns, or has learned
too_short           note      too few records to read anything
=================== ========= ==============================================================================
"""

from __future__ import annotations

from astuner_nb.diagnosis.rule import MAIN, Rule
from astuner_nb.diagnosis.rules.plateaus import find_flat, find_settled
from astuner_nb.diagnosis.rules.policy import find_entropy_collapse, find_grad_spikes, find_kl_runaway, find_kl_spikes
from astuner_nb.diagnosis.rules.progress import find_rise, find_too_short
from astuner_nb.diagnosis.rules.records import find_nan, find_silence
from astuner_nb.diagnosis.rules.responses import find_length, find_truncation
from astuner_nb.diagnosis.rules.rewards import find_hacking, find_zero_advantage
from astuner_nb.diagnosis.rules.setbacks import find_drops, find_oscillation

RULES: tuple[Rule, ...] = (
    Rule("numbers that are none", ("nan",), (), find_nan),
    Rule("falls", ("collapse", "drop"), (MAIN,), find_drops),
    Rule("reward hacking", ("reward_hacking",), ("reward",), find_hacking),
    Rule("KL running away", ("kl_runaway",), ("kl",), find_kl_runaway),
    Rule("silence", ("silence",), (), find_silence),
    Rule("oscillation", ("oscillation",), (MAIN,), find_oscillation),
    Rule("plateaus after a rise", ("plateau_capped", "plateau_converged"), (MAIN,), find_settled),
    Rule("flat from the start", ("plateau_low", "saturated"), (MAIN,), find_flat),
    Rule("entropy", ("entropy_collapse",), (MAIN, "entropy"), find_entropy_collapse),
    Rule("groups without advantage", ("zero_advantage",), ("dead_groups",), find_zero_advantage),
    Rule("response length", ("length_blowup", "length_collapse"), (MAIN, "response_length"), find_length),
    Rule("truncation", ("truncation",), (), find_truncation),
    Rule("KL spikes", ("kl_spike",), ("kl",), find_kl_spikes),
    Rule("gradient spikes", ("grad_spike",), ("grad_norm",), find_grad_spikes),
    Rule("rise", ("rise",), (MAIN,), find_rise),
    Rule("too short", ("too_short",), (), find_too_short),
)

ORDER = (
    "nan",
    "collapse",
    "reward_hacking",
    "silence",
    "oscillation",
    "plateau_capped",
    "plateau_low",
    "kl_runaway",
    "drop",
    "entropy_collapse",
    "zero_advantage",
    "length_blowup",
    "length_collapse",
    "truncation",
    "kl_spike",
    "grad_spike",
    "saturated",
    "plateau_converged",
    "rise",
    "too_short",
)
"""The kinds, the most telling first; those of others come behind."""
