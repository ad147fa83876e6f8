"""Policies as files: the shipped base model, or one of the user's own, checked before it is used."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.training.policy import Policy
from astuner_nb.training.task import CONTEXT_TOKENS, VOCABULARY

BASE_MODEL = Path(__file__).with_name("base_model.npz")
_REMEDY = "Give a file made by astuner_nb.training.make_base_model."


def load_policy(path: str | Path | None = None) -> Policy:
    """The policy in an ``.npz`` file as float32; the shipped base model where `path` is None.

    Raises:
        ValueError: if the file cannot be read or is no policy for this task; the message says what to do.
    """
    path = Path(path) if path else BASE_MODEL
    arrays = read_arrays(path, "base model")
    heads = arrays.pop("H", np.zeros(()))
    if heads.shape or any(array.dtype.kind != "f" for array in arrays.values()):
        raise ValueError(f"{path} is no policy: it holds other things than weights. {_REMEDY}")
    policy = Policy({name: array.astype(np.float32) for name, array in arrays.items()}, int(heads))
    check_policy(policy, path)
    return policy


def save_policy(path: Path, policy: Policy) -> None:
    """Write `policy` to an ``.npz`` file in half precision (210 kB for the shipped shape)."""
    arrays: dict[str, Any] = {name: weight.astype(np.float16) for name, weight in policy.weights.items()}
    np.savez(path, H=np.int32(policy.heads), **arrays)


def check_policy(policy: Policy, source: object) -> None:
    """Nothing, or a `ValueError` that says which weight of the policy from `source` does not fit this task."""
    found = {name: weight.shape for name, weight in policy.weights.items()}
    width = found["tok"][-1] if found.get("tok") else 0
    expected = expected_shapes(policy.layers, width)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            wrong = f"the shape of {name} is {found.get(name)}, needed is {expected.get(name)}"
            raise ValueError(f"{source} is no policy for this task: {wrong}. {_REMEDY}")
    if policy.heads < 1 or width % policy.heads:
        raise ValueError(f"{source} is no policy: its {policy.heads} heads do not divide its width {width}. {_REMEDY}")
    if not all(np.isfinite(weight).all() for weight in policy.weights.values()):
        raise ValueError(f"{source} is no policy: it holds NaN or infinite weights. {_REMEDY}")


def expected_shapes(layers: int, width: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight of a policy for this task."""
    shapes: dict[str, tuple[int, ...]] = {
        "tok": (len(VOCABULARY), width),
        "pos": (CONTEXT_TOKENS, width),
        "head": (width, len(VOCABULARY)),
        "lnf": (width,),
    }
    for i in range(layers):
        shapes |= {f"ln1_{i}": (width,), f"ln2_{i}": (width,), f"qkv_{i}": (width, 3 * width), f"o_{i}": (width, width)}
        shapes |= {f"w1_{i}": (width, 4 * width), f"w2_{i}": (4 * width, width)}
    return shapes


def read_arrays(path: Path, what: str) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz`` file, nothing unpickled. Raises `ValueError` naming `what` it should have been."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ValueError(f"The {what} {path} cannot be read ({error.strerror}). Give the path of a file.") from error
    except (ValueError, EOFError, AttributeError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"The {what} {path} is damaged or no .npz file. Give one that is whole.") from error
