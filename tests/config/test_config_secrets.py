"""No API key in a run directory or a message."""

from __future__ import annotations

import pytest

from astuner_nb.config.loader import load_config
from astuner_nb.config.secret_values import masked
from astuner_nb.core.errors import BadConfig

SECRET = "q8Zr0b1TnotASecretButLooksLikeOne"


TELLING = """
api_key apiKey API-KEY OPENAI_API_KEY SWANLAB_API_KEY api_keys token hf_token access_token accessToken secret
private_key aws_secret_access_key password db_passwd user_pwd passphrase credentials authorization
"""


@pytest.mark.parametrize("key", TELLING.split())
def test_a_telling_key_hides_its_value(key: str) -> None:
    assert masked({"a": [{key: SECRET}]}) == {"a": [{key: "***"}]}


@pytest.mark.parametrize("value", [["one", "two"], {"x": "one"}, 123456])
def test_all_beneath_a_telling_key_is_hidden(value: object) -> None:
    shown = masked({"passwords": value})
    assert "one" not in str(shown)
    assert "123456" not in str(shown)


@pytest.mark.parametrize(
    "text",
    [
        "sk-0123456789abcdef0123",
        "run with sk-proj-0123456789abcdef0123 please",
        "hf_abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "https://alice:0123456789abcdef0123@host/x",
        "OPENAI_API_KEY=0123456789abcdef0123",
        "curl -H 'Authorization: Bearer 0123456789abcdef0123'",
        "https://host/x?access_token=0123456789abcdef0123&y=1",
    ],
)
def test_a_secret_inside_a_text_is_hidden_and_the_rest_stays(text: str) -> None:
    shown = masked([text])[0]
    assert "***" in shown
    assert "0123456789abcdef" not in shown
    assert "abcdefghijklmnop" not in shown
    assert shown.partition("***")[0] == text[: len(shown.partition("***")[0])]


@pytest.mark.parametrize(
    "document",
    [
        {"max_token_len_per_gpu": 13000, "max_tokens": 5, "tokenizer": "Qwen/Qwen2", "token": 5, "eos_token": "</s>"},
        {"fix_retokenization_drift": True, "query_key": "main_query", "monkey": "x", "author": "alice"},
        {"api_key": None, "password": "", "token": "${oc.env:HF_TOKEN}", "secret": "$SECRET", "use_secret": True},
        {"base_url": "https://host:8080/v1", "dir": "saved/${now:%Y}", "path": "task-force/risk-assessment-of-things"},
        {"command": "--max_token=100 --seed=1"},
    ],
)
def test_what_is_no_secret_stays(document: dict[str, object]) -> None:
    assert masked(document) == document


def test_masking_leaves_the_original_alone_and_messages_show_no_secret() -> None:
    config = load_config({"astuner": {"task_judge": {"api_key": SECRET}}})
    assert SECRET not in config.to_yaml()
    assert config.document["astuner"]["task_judge"]["api_key"] == SECRET
    with pytest.raises(BadConfig) as caught:
        load_config({"astuner": {"trainer_common": {"logger": {"api_key": SECRET}}}})
    assert SECRET not in str(caught.value)
    with pytest.raises(BadConfig) as caught:
        load_config({"no_root": 1, "api_key": SECRET})
    assert SECRET not in str(caught.value)
