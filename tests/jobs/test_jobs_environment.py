"""What a job inherits, what it does not, and that no secret gets to the disk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.jobs.environment import REMOVED, SET, job_environment
from astuner_nb.jobs.secret_names import MASK, is_secret_name, masked_argv

RUN = Path("/runs/demo/1")


def test_what_belongs_to_the_kernel_stays_there():
    base = dict.fromkeys(REMOVED, "x") | {"PATH": "/bin", "LANG": "C.UTF-8"}
    env = job_environment(base, {}, RUN)
    assert not REMOVED.keys() & env.keys()
    assert (env["PATH"], env["LANG"]) == ("/bin", "C.UTF-8")


def test_what_every_job_gets():
    env = job_environment({}, {}, RUN)
    assert env.items() >= SET.items()
    assert (env["ASTUNER_RUN_DIR"], env["WANDB_DIR"]) == (str(RUN), str(RUN))


def test_keys_are_handed_on_only_where_asked():
    base = {"WANDB_API_KEY": "a", "HF_TOKEN": "b", "AWS_SECRET_ACCESS_KEY": "c", "DB_PASSWORD": "d"}
    assert not {"a", "b", "c", "d"} & set(job_environment(base, {}, RUN).values())
    assert job_environment(base, {"HF_TOKEN": "mine"}, RUN)["HF_TOKEN"] == "mine"


def test_names_that_only_look_like_secrets_are_handed_on():
    base = {"TOKENIZERS_PARALLELISM": "false", "KEYBOARD": "de"}
    assert job_environment(base, {}, RUN).items() >= base.items()


@pytest.mark.parametrize(("mode", "key"), [("WANDB_MODE", "WANDB_API_KEY"), ("SWANLAB_MODE", "SWANLAB_API_KEY")])
def test_a_tracker_is_offline_unless_it_has_a_key_or_was_told(mode, key):
    assert job_environment({}, {}, RUN)[mode] == "offline"
    assert job_environment({key: "the kernel's"}, {}, RUN)[mode] == "offline"
    assert mode not in job_environment({}, {key: "abc"}, RUN)
    assert job_environment({mode: "disabled"}, {}, RUN)[mode] == "disabled"
    assert job_environment({}, {mode: "online"}, RUN)[mode] == "online"


def test_a_nested_job_gets_its_own_directory():
    assert job_environment({"ASTUNER_RUN_DIR": "/outer"}, {}, RUN)["ASTUNER_RUN_DIR"] == str(RUN)


@pytest.mark.parametrize(
    ("argv", "masked"),
    [
        (["train", "--lr", "1e-3"], ["train", "--lr", "1e-3"]),
        (["train", "--api-key", "abc", "--lr", "1"], ["train", "--api-key", MASK, "--lr", "1"]),
        (["train", "--api-key=abc"], ["train", f"--api-key={MASK}"]),
        (["sh", "-c", "HF_TOKEN=abc python x.py"], ["sh", "-c", f"HF_TOKEN={MASK} python x.py"]),
        (["train", "--password", "--verbose"], ["train", "--password", "--verbose"]),
        (["train", "--tokenizer", "gpt2"], ["train", "--tokenizer", "gpt2"]),
    ],
)
def test_a_command_line_is_masked(argv, masked):
    assert masked_argv(argv, {}) == masked


@given(
    name=st.from_regex(r"[A-Z]{1,5}_(KEY|TOKEN|SECRET|PASSWORD)", fullmatch=True),
    value=st.text(st.characters(min_codepoint=33, max_codepoint=1000), min_size=8, max_size=20),
    around=st.lists(st.text(max_size=8), max_size=4),
)
def test_a_secret_of_the_environment_is_masked_wherever_it_stands(name, value, around):
    assert is_secret_name(name)
    if value in MASK * 3:
        return
    argv = [*around, f"--x={value}", value, *(part + value + part for part in around)]
    assert not [part for part in masked_argv(argv, {name: value}) if value in part]
