"""The measures that tell code that is good to work with from code that is not; of the bot without the sandbox."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.fakes.repository import ROOT

LONGEST_FUNCTION = 40
LONGEST_FILE = 400
LONGEST_TEST_FILE = 500
BROAD = {"Exception", "BaseException"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def files_of_the_bot() -> list[Path]:
    return [path for path in files("bot") if ROOT / "bot" / "sandbox" not in path.parents]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines_of_code(path: Path) -> int:
    """Lines with code in them: neither blank, nor a comment, nor a docstring."""
    lines = path.read_text(encoding="utf-8").splitlines()
    written = {number for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")}
    return len(written - set(_documented(tree(path))))


def _documented(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_functions_are_short() -> None:
    functions = [
        node
        for path in files_of_the_bot()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    short = [function for function in functions if _length(function) <= LONGEST_FUNCTION]
    assert len(short) >= 0.95 * len(functions)


def test_files_are_short() -> None:
    limits = dict.fromkeys(files("bot"), LONGEST_FILE) | dict.fromkeys(files("tests"), LONGEST_TEST_FILE)

    assert [path for path, limit in limits.items() if len(path.read_text(encoding="utf-8").splitlines()) > limit] == []


def test_the_unexpected_is_handled_in_three_places_at_most() -> None:
    handlers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files_of_the_bot()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]

    assert len(handlers) <= 3, handlers


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it takes whatever comes; one that hands it on when it has tidied up does not."""
    caught = {name.id for name in ast.walk(handler.type) if isinstance(name, ast.Name)} if handler.type else BROAD
    hands_it_on = isinstance(handler.body[-1], ast.Raise)
    return bool(caught & BROAD) and not hands_it_on


def test_there_is_more_test_than_code() -> None:
    code = sum(lines_of_code(path) for path in files_of_the_bot())
    tests = sum(lines_of_code(path) for path in files("tests"))

    assert tests >= 1.5 * code, f"{tests} lines of tests for {code} lines of code"


def test_nothing_is_mocked() -> None:
    mocks = [
        path.name
        for path in files("tests")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.ImportFrom) and node.module == "unittest.mock")
        or (
            isinstance(node, ast.Import) and any(name.name.startswith(("unittest.mock", "mock")) for name in node.names)
        )
    ]

    assert mocks == []


def test_every_test_file_is_collected_and_named_as_no_other() -> None:
    names = [path.name for path in files("tests") if path.name.startswith("test_")]

    assert len(names) == len(set(names))
