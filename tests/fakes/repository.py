"""What stands in the repository beside the code: the README's tables and commands, and where things are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(*heading: str) -> list[tuple[str, ...]]:
    """The rows of the README's table whose first columns are called so."""
    lines = README.splitlines()
    starts = "| " + " | ".join(heading)
    begin = next(number for number, line in enumerate(lines) if line.startswith(starts))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return rows


def words_in_code(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def verifying_program() -> str:
    """The ten lines of Python that verify an export of the audit log."""
    (program,) = re.findall(r"```python\n(import hashlib.*?)```", README, flags=re.DOTALL)
    return str(program)


def commands() -> list[str]:
    """Every line of the README's examples for a shell, without its comment."""
    examples = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    typed = re.findall(r"`(sh \.run [^`]+)`", README)
    lines = [line for example in examples for line in example.splitlines()]
    return [re.sub(r"\s+#.*", "", line).strip() for line in (*lines, *typed) if line.strip()]
