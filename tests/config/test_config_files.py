"""Real-looking files: the shipped example, one with the shape of AgentJet's, and hostile ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from astuner_nb.config.examples import examples_directory
from astuner_nb.config.loader import MOST_BYTES, load_config
from astuner_nb.core.errors import BadConfig

AGENTJET_LIKE = Path(__file__).with_name("agentjet_like.yaml")
SHIPPED = {
    "lr": 1e-4,
    "kl_loss_coef": 0.01,
    "num_repeat": 8,
    "train_batch_size": 16,
    "temperature": 1.0,
    "clip_ratio": 0.2,
    "ppo_epochs": 2,
    "total_steps": 300,
    "test_freq": 20,
    "log_freq": 1,
    "save_freq": 5,
    "keep_last": 3,
    "keep_best": "reward",
    "max_response_length": 22,
    "seed": 0,
}


def complaint(source: object) -> str:
    with pytest.raises(BadConfig) as caught:
        load_config(source)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_shipped_example_is_found_by_its_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config("math_agent.yaml")
    assert config.values == SHIPPED
    assert (config.project, config.backbone, config.loggers, config.notices) == (
        "math_agent",
        "local",
        ("console",),
        (),
    )
    assert config.source == examples_directory() / "math_agent.yaml"


def test_a_file_of_the_working_directory_comes_before_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "math_agent.yaml").write_text("astuner:\n  project_name: mine\n")
    assert load_config("math_agent.yaml").project == "mine"
    assert "no configuration file" in complaint("elsewhere/math_agent.yaml")


def test_a_file_of_agentjets_shape_fills_the_values_it_gives() -> None:
    config = load_config(AGENTJET_LIKE)
    assert config.values == {
        "lr": 1e-6,
        "kl_loss_coef": 0.002,
        "num_repeat": 4,
        "train_batch_size": 264,
        "temperature": 0.7,
        "total_epochs": 99999,
        "max_response_length": 10000,
        "save_freq": 99999,
        "test_freq": 99999,
    }
    assert (config.project, config.experiment, config.backbone) == ("sums_with_tools", "agentjet_like", "trinity")
    assert config.loggers == ("swanlab",)
    assert config.notices == ()


def test_keys_of_other_engines_travel_on_and_secrets_do_not() -> None:
    text = load_config(AGENTJET_LIKE).updated({"lr": 3e-4, "total_steps": 82}).to_yaml()
    before, after = yaml.safe_load(AGENTJET_LIKE.read_text("utf-8")), yaml.safe_load(text)
    assert after["astuner"]["trainer_common"].pop("optim") == {
        "lr": 3e-4,
        "weight_decay": 0.01,
        "total_training_steps": -1,
    }
    assert after["astuner"]["trainer_common"].pop("total_training_steps") == 82
    assert after["astuner"]["task_judge"].pop("api_key") == "***"
    del before["astuner"]["trainer_common"]["optim"], before["astuner"]["trainer_common"]["total_training_steps"]
    del before["astuner"]["task_judge"]["api_key"]
    assert after == before


@pytest.mark.parametrize("root", ["astuner", "ajet", "astune"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_root_and_every_unicode_file_loads(tmp_path: Path, root: str, encoding: str) -> None:
    path = tmp_path / "配置 'a'; x.yaml"
    path.write_text(f"# 主要配置 ✨\n{root}:\n  project_name: 数学\n", encoding)
    config = load_config(path)
    assert (config.project, config.experiment, config.source) == ("数学", "", path)
    assert load_config(str(path)) == config


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("astuner:\n  project_name: 数学\n".encode("gbk"))
    assert complaint(path) == (
        f"{path} is not written in UTF-8: line 2 holds the byte 0xCA. Save it as UTF-8 in your editor."
    )


def test_a_missing_file_names_its_nearest_neighbours(tmp_path: Path) -> None:
    for name in ("my_agent.yaml", "other.yml", "notes.txt"):
        (tmp_path / name).write_text("astuner:\n")
    assert complaint(tmp_path / "my_agnt.yaml").endswith("my_agnt.yaml'. Did you mean my_agent.yaml?")
    assert complaint(tmp_path / "zzz").endswith("Choose one of my_agent.yaml, other.yml.")
    assert "nor its folder" in complaint(tmp_path / "gone" / "a.yaml")
    assert complaint(tmp_path).startswith(f"{tmp_path} is a folder")


def test_a_missing_bare_name_is_compared_with_the_examples_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    message = complaint("math_agnt.yaml")
    assert "neither here nor among the examples" in message
    assert message.endswith("Did you mean math_agent.yaml?")


def test_what_is_no_regular_file_or_too_large_is_refused_without_being_read(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe.yaml", tmp_path / "large.yaml"
    os.mkfifo(pipe)
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    assert "no regular file" in complaint(pipe)
    assert f"more than {MOST_BYTES} bytes" in complaint(large)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_read_permission_says_so(tmp_path: Path) -> None:
    path = tmp_path / "closed.yaml"
    path.write_text("astuner:\n")
    path.chmod(0)
    assert "Check its rights" in complaint(path)


@pytest.mark.parametrize("path", ["a\0b.yaml", "x" * 5000 + ".yaml", "~nobody_at_all/a.yaml"])
def test_impossible_paths_are_refused_in_a_sentence(path: str) -> None:
    assert "path" in complaint(path) or "no configuration file" in complaint(path)


def test_anything_else_is_refused() -> None:
    assert complaint(3) == "A configuration is a path, a text or a mapping, got a int. Give one of these."


def test_a_mapping_is_copied() -> None:
    mine = {"astuner": {"trainer_common": {"optim": {"lr": "3e-4"}}, "paths": (Path("a"), 1)}}
    config = load_config(mine)
    mine["astuner"]["trainer_common"] = {}
    assert config.values == {"lr": 3e-4}
    assert config.document["astuner"]["paths"] == ["a", 1]
    assert config.source is None


def test_what_a_mapping_cannot_hold_is_named() -> None:
    assert "astuner.model.hook is a function" in complaint({"astuner": {"model": {"hook": lambda: 0}}})
    assert "more than 300 digits" in complaint({"astuner": {"data": {"train_batch_size": 10**400}}})
    assert "A key is a tuple" in complaint({"astuner": {(1, 2): 3}})
    knot: dict[str, object] = {}
    knot["astuner"] = knot
    assert "holds itself" in complaint(knot)
