"""The command line: train in the foreground, list runs, open the tuning notebook."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from astuner_nb.core.errors import AstunerError

USAGE = """astuner --conf FILE [--set NAME=VALUE] [--runs DIR]     train in the foreground, with a progress line
       astuner --resume RUN[@STEP|@best] [--set NAME=VALUE]    go on from a checkpoint of a run
       astuner runs [--runs DIR]                               list runs, newest first
       astuner lab [NOTEBOOK]                                  open the tuning notebook in JupyterLab"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 the run failed, 2 it could not be started, 130 stopped."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except AstunerError as error:
        print(f"astuner: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # a second Ctrl-C: the run's supervisor ends it without us
        return 130
    except BrokenPipeError:  # `astuner runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="astuner", usage=USAGE, description=__doc__)
    parser.set_defaults(command=_train)
    parser.add_argument("--conf", metavar="FILE", help="YAML file, e.g. math_agent.yaml (also the bundled one)")
    parser.add_argument("--backbone", metavar="NAME", help="what runs it; where left out, what the file says")
    parser.add_argument("--runs", metavar="DIR", help="where runs are kept (ASTUNER_RUNS, else ./runs)")
    parser.add_argument("--name", metavar="NAME", help="what to call the run")
    parser.add_argument(
        "--resume", metavar="RUN[@STEP]", help="go on from a run's checkpoint: of a step, @best, or the last"
    )
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a hyper-parameter; may be given several times"
    )
    parser.add_argument("--with-ray", action="store_true", help="run through Ray (not available yet)")
    commands = parser.add_subparsers(title="other commands")
    runs = commands.add_parser("runs", help="list runs, newest first")
    runs.add_argument("--runs", metavar="DIR", default=argparse.SUPPRESS)
    runs.set_defaults(command=_list)
    lab = commands.add_parser("lab", help="open the tuning notebook")
    lab.add_argument("notebook", nargs="?", help="where to open or make it; notebooks/01_tune.ipynb where left out")
    lab.set_defaults(command=_open)
    return parser


def _train(arguments: argparse.Namespace) -> int:
    from astuner_nb.foreground import train

    if arguments.with_ray:
        raise AstunerError(
            "--with-ray is not available yet: Ray jobs come with a later release. Leave it out to train here."
        )
    return train(
        arguments.conf,
        backbone=arguments.backbone,
        runs=arguments.runs,
        name=arguments.name,
        resume=arguments.resume,
        settings=arguments.set,
    )


def _list(arguments: argparse.Namespace) -> int:
    from astuner_nb.charts.listing import listing
    from astuner_nb.store.run_store import RunStore

    for line in listing(RunStore(arguments.runs)):
        print(line)
    return 0


def _open(arguments: argparse.Namespace) -> int:
    from astuner_nb.notebook import open_in_jupyterlab

    return open_in_jupyterlab(arguments.notebook)


if __name__ == "__main__":
    sys.exit(main())
