"""A configuration that has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from astuner_nb.config.document import Document
from astuner_nb.config.engines import ROOTS
from astuner_nb.config.keys import EXTRA, KEYS, read_at, write_at
from astuner_nb.config.plain import plain
from astuner_nb.config.problems import joined, sentence, shown
from astuner_nb.config.secret_values import masked
from astuner_nb.config.unknown import judge, misplaced
from astuner_nb.config.yaml_text import dump
from astuner_nb.core.errors import BadConfig
from astuner_nb.core.space import Value

_LOGGER = "trainer_common.logger"
_NAME_OF_FILE = frozenset({"read_yaml_name", "auto"})
"""What AgentJet writes as an experiment's name where the file's own name is meant."""


@dataclass(frozen=True)
class Config:
    """What one file asks for. Made by `load_config`; a changed one is made by `updated`."""

    project: str
    experiment: str
    """What its runs are called; empty where the file does not say."""
    backbone: str
    loggers: tuple[str, ...]
    """Where metrics go besides the run directory."""
    values: Mapping[str, Value]
    """Hyper-parameters that the file gives, by flat name; a frequency of 0 is never."""
    document: Mapping[str, Any]
    """Everything the file holds, keys of other engines included. Not to be written to."""
    source: Path | None = None
    """The file it was read from."""
    notices: tuple[str, ...] = ()
    """What a reader of the file should know, one sentence each."""

    def to_yaml(self) -> str:
        """The whole document as YAML text; whatever looks like a secret reads `***`."""
        return dump(masked(self.document))

    def updated(self, values: Mapping[str, object], loggers: Sequence[str] | None = None) -> Config:
        """This configuration with flat `values` written into its document, so that it says what really ran.

        Names that have no key of their own (a backbone may take what it likes) go under `hyper_parameters`;
        `loggers` are written where they are not those of the file.

        Raises:
            BadConfig: for a value that the file could not hold either.
        """
        document = plain(self.document)
        name = root_of(document)
        document[name] = document[name] or {}
        for flat, value in values.items():
            _write(document[name], flat, plain(value, flat))
        if loggers is not None and tuple(loggers) != self.loggers:
            write_at(document[name], _LOGGER, list(loggers))
        return configured(document, self.source)


def configured(document: dict[str, Any], source: Path | None = None) -> Config:
    """The `Config` of a loaded `document`.

    Raises:
        BadConfig: with one sentence for each problem.
    """
    name = root_of(document)
    root = {} if document[name] is None else document[name]
    unknown = judge(root)
    model = _typed(root, name, [*misplaced(document, name), *unknown.typos])
    loggers = model.trainer_common.logger
    loggers = ["console"] if loggers is None else list(dict.fromkeys(loggers))
    project, experiment = _names(model, source)
    return Config(
        project=project,
        experiment=experiment,
        backbone=model.backbone or "local",
        loggers=tuple(loggers),
        values=_values(model),
        document=document,
        source=source,
        notices=(*_kept_notice(unknown.kept), *_empty_notices(root)),
    )


def root_of(document: object) -> str:
    """The name of the one root section. Raises `BadConfig` where there is none, or more than one."""
    if not isinstance(document, Mapping):
        raise BadConfig(f"There are no sections, only {shown(document)}. Begin it with a line 'astuner:'.")
    found = [name for name in ROOTS if name in document]
    if len(found) > 1:
        raise BadConfig(f"There are the root sections {' and '.join(found)}. Keep one of them, best astuner.")
    return found[0] if found else _no_root(document)


def _no_root(document: Mapping[str, Any]) -> str:
    tops = [str(key) for key in document]
    near = [(key, root) for key in tops for root in get_close_matches(key.lower(), ROOTS, n=1, cutoff=0.7)]
    hint = (
        f"Did you mean {near[0][1]!r} by {near[0][0]!r}?" if near else "Put the keys under a line 'astuner:', indented."
    )
    listed = f"its top-level keys are {shown(tops)}" if tops else "there are no keys at all"
    raise BadConfig(f"There is no root section astuner (or ajet, astune); {listed}. {hint}")


def _typed(root: object, name: str, problems: list[str]) -> Document:
    """The typed part of `root`. Raises `BadConfig` with all problems at once, those already found first."""
    try:
        model = Document.model_validate(root)
    except ValidationError as error:
        problems = problems + [sentence(detail) for detail in error.errors(include_url=False)]
    else:
        problems = problems + _two_spellings(model) + _homeless(model)
    if problems:
        raise BadConfig(joined(name, dict.fromkeys(problems)))
    return model


def _names(model: Document, source: Path | None) -> tuple[str, str]:
    """Project and experiment; the file's own name stands in for the first, and for the second where it says so."""
    stem = source.stem if source else ""
    project = model.project_name or stem or "default"
    experiment = stem if model.experiment_name in _NAME_OF_FILE else model.experiment_name
    return project, experiment or ""


def _two_spellings(model: Document) -> list[str]:
    pairs = [(key, read_at(model, key.path), read_at(model, key.also)) for key in KEYS.values() if key.also]
    return [
        f"{key.path} = {one} and {key.also} = {other} say the same thing differently. Keep one of them."
        for key, one, other in pairs
        if None not in (one, other) and one != other
    ]


def _homeless(model: Document) -> list[str]:
    return [
        f"{EXTRA}.{name} = {shown(value)} has a place of its own. Move it to {KEYS[name].path}."
        for name, value in (model.hyper_parameters or {}).items()
        if name in KEYS
    ]


def _values(model: Document) -> dict[str, Value]:
    values: dict[str, Value] = dict(model.hyper_parameters or {})
    for name, key in KEYS.items():
        given = read_at(model, key.path)
        value = read_at(model, key.also) if given is None and key.also else given
        if value is not None:
            values[name] = value
    return values


def _write(root: dict[str, Any], name: str, value: object) -> None:
    """Under the spelling that the file uses, so that the two never disagree."""
    if name not in KEYS:
        root[EXTRA] = {**(root.get(EXTRA) or {}), name: value}
        return
    key = KEYS[name]
    paths = [path for path in (key.also, key.path) if path and _present(root, path)]
    for path in paths or [key.path]:
        write_at(root, path, value)


def _present(root: Mapping[str, Any], path: str) -> bool:
    section, _, leaf = path.rpartition(".")
    return leaf in (read_at(root, section) or {})


def _kept_notice(kept: tuple[str, ...]) -> list[str]:
    return [f"kept and passed on: {', '.join(kept)}"] if kept else []


def _empty_notices(root: Mapping[str, Any]) -> list[str]:
    return [
        f"{key.path} has no value; the backbone's own default stands"
        for key in KEYS.values()
        if not key.also and _present(root, key.path) and read_at(root, key.path) is None
    ]
