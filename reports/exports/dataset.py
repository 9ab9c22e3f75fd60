"""A frozen dataset as JSON: exactly what is stored, members in its own order, a list of objects a line each."""

import json
from pathlib import Path
from typing import Any

from reports.exports.table import Progress


def write(dataset: dict[str, Any], path: Path, progress: Progress) -> None:
    progress(0)
    members = [f"{json.dumps(name)}: {_spelled(value)}" for name, value in dataset.items()]
    path.write_text("{" + ",\n".join(members) + "}\n", encoding="utf-8")


def _spelled(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
