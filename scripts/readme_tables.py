"""Writes the tables of README and configuration guide (both languages) and `docs/names.md`: `make tables`.

`python scripts/readme_tables.py --check` changes nothing and fails where a table is not up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from configuration_tables import tables as configuration

from astuner_nb.core.alias_rows import hyper_parameters_markdown, metrics_markdown
from astuner_nb.trackers.loggers import LOGGERS
from astuner_nb.trackers.registry import SOURCES

ROOT = Path(__file__).parents[1]

CHINESE = {
    "runs:DIR": ("自己的运行目录；`anb.runs()` 打开默认的那个", "运行目录本身"),
    "swanlab://WORKSPACE/PROJECT": (
        "SwanLab 云端或自建服务（`SWANLAB_API_HOST`、`SWANLAB_API_KEY`）",
        "官方 `swanlab.Api` 客户端",
    ),
    "swanlab:DIR": ("`swanlog` 目录：0.8–0.10 以及 0.6–0.7 的运行文件", "自带读取器"),
    "wandb://ENTITY/PROJECT": (
        "W&B 云端或自建服务（`WANDB_BASE_URL`、`WANDB_API_KEY` 或 netrc）",
        "W&B 官方客户端",
    ),
    "wandb:DIR": ("离线 `.wandb` 运行文件（0.29–0.31）：已结束、被杀死或仍在增长", "自带读取器"),
    "tensorboard:DIR": ("事件文件：simple value、TF2 张量、hparams", "自带读取器"),
    "verl:FILE.jsonl": ("verl 的文件日志", "自带读取器"),
    "csv:FILE": ("表格，包括 W&B 和 SwanLab 页面导出的文件", "pandas"),
    "parquet:FILE": ("表格（需要 `pip install pyarrow`）", "pandas"),
    "console": ("每条记录在任务输出里一行", "不需要"),
    "swanlab": (
        "SwanLab 看板上的一次运行，或自建服务（`SWANLAB_API_HOST`）",
        "离线记录在运行目录下；之后用 `swanlab sync` 上传",
    ),
    "wandb": ("W&B 看板上的一次运行，或自建服务（`WANDB_BASE_URL`）", "离线记录在运行目录下；之后用 `wandb sync` 上传"),
    "tensorboard": ("运行目录下的事件文件，用 `tensorboard --logdir` 查看", "不需要"),
}
"""URI or logger → its two sentences in Chinese, in the order of the English table."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def sources(chinese: bool = False) -> str:
    """Which URIs there are."""
    head = ("URI", "打开什么", "通过") if chinese else ("URI", "what it opens", "through")
    return table(head, [(f"`{e.form}`", *(CHINESE[e.form] if chinese else (e.opens, e.through))) for e in SOURCES])


def loggers(chinese: bool = False) -> str:
    """Which loggers there are."""
    head = ("logger", "得到什么", "没有密钥时") if chinese else ("logger", "what you get", "without a key")
    return table(head, [(f"`{e.name}`", *(CHINESE[e.name] if chinese else (e.gives, e.without_key))) for e in LOGGERS])


def filled(text: str, tables: dict[str, str]) -> str:
    """`text` with each table between its marks."""
    for name, made in tables.items():
        marks = re.compile(rf"(<!-- {name} -->\n)(?:.*?\n)?(<!-- /{name} -->)", re.DOTALL)
        text, found = marks.subn(lambda match, made=made: f"{match[1]}{made}\n{match[2]}", text)
        if not found:
            raise SystemExit(f"The marks <!-- {name} --> … <!-- /{name} --> are missing.")
    return text


def names() -> str:
    """The page of names."""
    return f"""# Names that line up

*Made by `make tables` from `astuner_nb/core/metrics.toml` and `hyper_parameters.toml`.*

Of the keys of a run the first one in the list stands for the canonical name; `*` stands for any text without a slash,
`**` for any text. Where a pattern matches several keys of one run nobody can tell which is meant, and none is taken.
Your own keys come first: `anb.runs(uri, names={{"reward": ["env/return"]}})`, or a file of the same shape named by
`ASTUNER_ALIASES`.

## Metrics

{metrics_markdown()}

## Hyper-parameters

{hyper_parameters_markdown()}
"""


def wanted() -> dict[Path, str]:
    """File → what should stand in it."""
    english, chinese = ROOT / "README.md", ROOT / "README_zh.md"
    return {
        english: filled(english.read_text(), {"sources": sources(), "loggers": loggers()}),
        chinese: filled(chinese.read_text(), {"sources": sources(True), "loggers": loggers(True)}),
        ROOT / "docs" / "names.md": names(),
        **{
            page: filled(page.read_text(), configuration(table, zh=page.stem.endswith("_zh")))
            for page in (ROOT / "docs" / "configuration.md", ROOT / "docs" / "configuration_zh.md")
        },
    }


def main(arguments: list[str]) -> int:
    """Write the tables, or with `--check` say which are not up to date."""
    stale = [path for path, text in wanted().items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        sys.stderr.writelines(f"{path.name} is not up to date: run `make tables`.\n" for path in stale)
        return bool(stale)
    for path, text in wanted().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
