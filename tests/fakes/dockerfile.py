"""Reads a Dockerfile and a .dockerignore as Docker does, as far as this repository uses them."""

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.fakes.repository import ROOT


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined."""

    keyword: str
    text: str

    @cached_property
    def words(self) -> list[str]:
        """Its words without its options; those of a JSON list as they are."""
        rest = re.sub(r"^(--\S+\s+)*(CMD\s+)?", "", self.text)
        return [str(word) for word in json.loads(rest)] if rest.startswith("[") else shlex.split(rest)


@dataclass(frozen=True)
class Stage:
    """What is between one FROM and the next."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]

    def only(self, keyword: str) -> Instruction:
        (found,) = self.all(keyword)
        return found

    @property
    def environment(self) -> dict[str, str]:
        pairs = [word.partition("=") for each in self.all("ENV") for word in each.words]
        return {name: value for name, _, value in pairs}


def read_stages() -> list[Stage]:
    """The stages of the repository's Dockerfile."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines()]
    instructions = [Instruction(*line.split(" ", 1)) for line in lines if line]
    begins = [place for place, each in enumerate(instructions) if each.keyword == "FROM"]
    stages = []
    for begin, end in zip(begins, [*begins[1:], len(instructions)], strict=True):
        base, *named = instructions[begin].text.split(" AS ")
        stages.append(Stage(base, "".join(named), tuple(instructions[begin + 1 : end])))
    return stages


def is_left_out(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that matches it, or a folder above it, decides."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    left_out = False
    for line in (line.strip() for line in lines):
        pattern = _pattern(line.removeprefix("!"))
        if line and not line.startswith("#") and any(pattern.fullmatch(each) for each in _with_folders(path)):
            left_out = not line.startswith("!")
    return left_out


def _with_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _pattern(line: str) -> re.Pattern[str]:
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", line)
    return re.compile("".join(pieces.get(part) or re.escape(part) for part in parts))


def copy_from_context(sources: list[str], target: Path) -> None:
    """What COPY does: files into the target, of folders what is in them; without what .dockerignore keeps out."""
    for source in sources:
        origin = ROOT / source
        files = [origin] if origin.is_file() else [each for each in origin.rglob("*") if each.is_file()]
        for file in files:
            relative = file.relative_to(ROOT).as_posix()
            if not is_left_out(relative):
                place = target / (file.name if origin.is_file() else file.relative_to(origin))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)
