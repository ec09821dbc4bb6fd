"""Logs: lines for people, JSON for machines, and never a secret."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from pydantic import SecretStr

from bot.telemetry import NOISY, configure_logging, current_request, in_request

SECRET = SecretStr("s3cret")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Leaves the logging of the tests alone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    libraries = [logging.getLogger(name) for name in NOISY]
    before = [(library.level, library.propagate) for library in libraries]
    for library in libraries:
        library.propagate = True  # a server of another test may have silenced its own
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for library, (its_level, propagates) in zip(libraries, before, strict=True):
        library.setLevel(its_level)
        library.propagate = propagates


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was written: to standard error, as standard output is for what a command is asked for."""
    written = capsys.readouterr()
    assert written.out == ""
    return written.err.splitlines()


def breaks(why: object) -> NoReturn:
    raise LookupError(why)


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text", "INFO")

    logging.getLogger("bot.cloud").warning("SYD is down: %d", 503)

    (line,) = lines_of(capsys)
    assert line.endswith(" WARNING bot.cloud: SYD is down: 503")
    datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def test_one_json_object_a_line_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")
    before = datetime.now(UTC)

    logging.getLogger("bot.slack").info('two\nlines, "quoted", ünïcödé: %s', "it")

    (line,) = lines_of(capsys)
    written = json.loads(line)
    assert before <= datetime.fromisoformat(written.pop("at")) <= datetime.now(UTC)
    assert written == {"level": "INFO", "logger": "bot.slack", "message": 'two\nlines, "quoted", ünïcödé: it'}


def test_a_traceback_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")

    try:
        breaks("nothing there")
    except LookupError:
        logging.getLogger("bot").exception("it broke")

    (line,) = lines_of(capsys)
    assert json.loads(line)["message"] == "it broke"
    assert json.loads(line)["traceback"].endswith("LookupError: nothing there")


@pytest.mark.parametrize(
    ("level", "written"),
    [("DEBUG", "dihwe"), ("INFO", "ihwe"), ("WARNING", "we"), ("ERROR", "e")],
)
def test_the_level(capsys: pytest.CaptureFixture[str], level: str, written: str) -> None:
    configure_logging("text", level)

    for name, words in (("debug", "d"), ("info", "i"), ("info", "h"), ("warning", "w"), ("error", "e")):
        getattr(logging.getLogger("bot"), name)(words)

    assert "".join(line[-1] for line in lines_of(capsys)) == written


@pytest.mark.parametrize("library", NOISY)
def test_of_some_libraries_warnings_alone_are_of_use(capsys: pytest.CaptureFixture[str], library: str) -> None:
    configure_logging("text", "DEBUG")
    logging.getLogger(library).info("GET https://example.com")
    assert lines_of(capsys) == []

    logging.getLogger(library).warning("slow")
    assert len(lines_of(capsys)) == 1

    configure_logging("text", "ERROR")
    logging.getLogger(library).warning("slow")
    assert lines_of(capsys) == []


def test_configured_twice_it_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text", "INFO")
    configure_logging("json", "INFO")

    logging.getLogger("bot").info("once")

    assert len(lines_of(capsys)) == 1


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_secret_is_not_written_whatever_it_is_in(capsys: pytest.CaptureFixture[str], style: str) -> None:
    configure_logging("json" if style == "json" else "text", "DEBUG")
    log = logging.getLogger("bot")

    log.info("%s %r %s", SECRET, SECRET, {"key": SECRET})
    try:
        breaks(SECRET)
    except LookupError:
        log.exception("it broke")
    log.info("extra", extra={"token": SECRET})

    assert "s3cret" not in "\n".join(lines_of(capsys))


def test_what_terminals_would_obey_is_not_hidden_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")

    logging.getLogger("bot").info("\x1b[2Jgone\r\n{}")

    (line,) = lines_of(capsys)
    assert "\x1b" not in line
    assert json.loads(line)["message"] == "\x1b[2Jgone\r\n{}"


# What belongs together


@pytest.mark.parametrize("style", ["text", "json"])
async def test_what_is_done_for_a_request_has_its_id_also_in_what_it_begins(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    configure_logging("json" if style == "json" else "text", "INFO")
    log = logging.getLogger("bot")

    async def errand() -> None:
        log.info("errand")

    log.info("before")
    with in_request() as request:
        log.info("request")
        begun = asyncio.create_task(errand())
    log.info("after")
    await begun

    lines = lines_of(capsys)
    if style == "json":
        assert [json.loads(line).get("request") for line in lines] == [None, request, None, request]
    else:
        assert [line.endswith(f" [{request}]") for line in lines] == [False, True, False, True]


def test_each_request_has_an_id_of_its_own_and_a_copy_its_own_one() -> None:
    with in_request() as first:
        with in_request("a-copy") as inner:
            assert (inner, current_request()) == ("a-copy", "a-copy")
        assert current_request() == first
    with in_request() as second:
        assert second != first
    assert current_request() is None


def test_in_text_the_id_is_on_the_line_and_not_behind_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text", "INFO")

    with in_request("7f3a"):
        try:
            breaks("nothing there")
        except LookupError:
            logging.getLogger("bot").exception("it broke")

    first, *_, last = lines_of(capsys)
    assert first.endswith("it broke [7f3a]")
    assert last.endswith("LookupError: nothing there")
