"""The image, as a strict reviewer reads its Dockerfile."""

import re
from urllib.parse import urlsplit

import pytest

from bot.settings import Settings
from tests.fakes.dockerfile import Instruction, Stage, is_left_out, read_stages
from tests.fakes.repository import README, ROOT


@pytest.fixture(scope="module")
def build() -> Stage:
    return read_stages()[0]


@pytest.fixture(scope="module")
def last() -> Stage:
    return read_stages()[-1]


def test_the_base_is_pinned_to_a_release_and_the_same_in_both_stages() -> None:
    bases = {stage.base for stage in read_stages()}

    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", bases.pop())


def test_the_base_is_a_python_that_the_bot_runs_on(last: Stage) -> None:
    (needed,) = re.findall(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (minor,) = re.findall(r"python:3\.(\d+)\.", last.base)

    assert int(minor) >= int(needed)


def test_it_runs_as_a_user_of_its_own_by_number(last: Stage) -> None:
    user, _, group = last.only("USER").text.partition(":")

    assert int(user) > 0
    assert int(group) > 0
    keywords = [each.keyword for each in last.instructions]
    assert "RUN" not in keywords[keywords.index("USER") :], "nothing is prepared after root has gone"


def test_nothing_secret_is_in_it(build: Stage, last: Stage) -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}

    assert len(secret) == 6
    for stage in (build, last):
        assert not stage.all("ARG"), "what is given to the build stays in its history"
        assert secret & set(stage.environment) <= {"DATABASE_URL"}
        assert stage.environment.get("DATABASE_URL", "sqlite:").startswith("sqlite:"), "a file's has no password"


def test_what_is_set_is_a_setting_or_pythons_own(last: Stage) -> None:
    ours = {name for name in last.environment if name != "PATH" and not name.startswith("PYTHON")}

    assert {name.lower() for name in ours} <= set(Settings.model_fields)


def test_nothing_comes_from_outside_but_packages(build: Stage, last: Stage) -> None:
    for stage in (build, last):
        assert not stage.all("ADD")
        assert not [each for each in stage.all("RUN") if re.search(r"curl|wget|apt|git ", each.text)]


def test_the_last_stage_installs_nothing_and_takes_over_what_was_built(build: Stage, last: Stage) -> None:
    assert build.name == "build"
    (taken,) = last.all("COPY")
    assert taken.text.startswith("--from=build ")
    assert taken.words[0] == taken.words[1], "the programs in it know their place"
    assert "install" not in [word for each in last.all("RUN") for word in _after_pip(each)]
    assert "pip uninstall" in last.all("RUN")[0].text


def _after_pip(run: Instruction) -> list[str]:
    return [following for word, following in zip(run.words, run.words[1:], strict=False) if word == "pip"]


def test_what_it_keeps_is_in_its_volume(last: Stage) -> None:
    volume = last.only("VOLUME").text

    assert last.only("WORKDIR").text == volume
    assert urlsplit(last.environment["DATABASE_URL"]).path.startswith(f"/{volume}/")
    assert any(f"--mode 0700 {volume}" in each.text for each in last.all("RUN")), "readable by the bot alone"


def test_the_port_is_the_one_it_listens_on(last: Stage) -> None:
    assert last.only("EXPOSE").text == last.environment["PORT"] == str(Settings.model_fields["port"].default)
    assert f"-p {last.environment['PORT']}:{last.environment['PORT']}" in README
    assert last.environment["HOST"] == "0.0.0.0"  # noqa: S104 - the container has its own


def test_signals_reach_the_bot(last: Stage) -> None:
    assert last.only("STOPSIGNAL").text == "SIGTERM"
    assert last.only("ENTRYPOINT").text.startswith("["), "a shell between them would swallow it"
    assert last.only("CMD").words == ["serve"]


def test_its_health_is_looked_at(last: Stage) -> None:
    check = last.only("HEALTHCHECK")

    assert {"--interval=30s", "--timeout=5s"} <= set(check.text.split())
    assert check.words[0] == "python"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        "copy-backup-bot.sqlite",
        "copy-backup-bot.sqlite-wal",
        "tests/unit/test_settings.py",
        "bot/__pycache__/server.cpython-311.pyc",
        "bot/slack/views/__pycache__/help.cpython-311.pyc",
        "notes.txt",
        "manifest.yml",
    ],
)
def test_what_has_no_business_in_it_does_not_get_near_it(path: str) -> None:
    assert is_left_out(path)


def test_what_it_is_built_of_gets_there(build: Stage) -> None:
    sources = [source for each in build.all("COPY") for source in each.words[:-1]]
    files = [path for source in sources for path in (ROOT / source, *(ROOT / source).rglob("*.py"))]

    assert sorted(sources) == ["LICENSE", "README.md", "bot", "pyproject.toml"]
    assert not [path for path in files if is_left_out(path.relative_to(ROOT).as_posix())]
