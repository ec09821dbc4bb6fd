"""Settings: read from the environment and `.env`; all that is wrong is told at once, by name, and without a value."""

import logging
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.assembly import pace_of, rules_of, slack_options
from bot.domain.pace import Pace
from bot.settings import (
    ENV_FILE,
    AnySettings,
    ManifestSettings,
    SettingProblem,
    Settings,
    SettingsError,
    StorageSettings,
    read_settings,
)
from bot.storage.connection import name_of

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-s3cret-one",
    "SLACK_APP_TOKEN": "xapp-s3cret-two",
    "SLACK_SIGNING_SECRET": "s3cret-three",
    "RACKSPACE_API_KEY": "s3cret-four",
    "AUDIT_KEY": "s3cret-five",
}
NEEDED = {
    "SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"],
    "SLACK_SIGNING_SECRET": SECRETS["SLACK_SIGNING_SECRET"],
    "RACKSPACE_USERNAME": "ana",
    "RACKSPACE_API_KEY": SECRETS["RACKSPACE_API_KEY"],
    "ALLOWED_PEOPLE": "U024BE7LH",
}
"""The least that `serve` starts with."""


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without a `.env`, and an environment without settings."""
    for name in os.environ:
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> "Reader":
    return Reader(monkeypatch)


class Reader:
    """Reads settings from an environment with these in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **given: str | None) -> Settings:
        return self.of(Settings, **NEEDED | given)

    def of(self, kind: type[AnySettings], **given: str | None) -> AnySettings:
        for name, value in given.items():
            if value is not None:
                self._monkeypatch.setenv(name, value)
        return read_settings(kind)

    def problems(self, **given: str | None) -> dict[str, str]:
        """What is said to be wrong, by name."""
        with pytest.raises(SettingsError) as caught:
            self(**given)
        return {problem.name: problem.sentence for problem in caught.value.problems}


# --- What is not set ---------------------------------------------------------------------------------------------


def test_what_is_not_set_has_its_default(read: Reader) -> None:
    settings = read()

    assert settings.slack_app_token is None
    assert settings.slack_command == "/copy-backup"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.public_url is None
    assert settings.rackspace_identity_url is None
    assert settings.regions is None
    assert (settings.allowed_user_groups, settings.allowed_channels) == ((), ())
    assert settings.database_url.get_secret_value() == "sqlite:///copy-backup-bot.sqlite"
    assert settings.audit_key is None
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert (settings.log_format, settings.log_level) == ("text", "INFO")
    assert settings.catalogue_refresh_seconds == 300
    assert settings.message_update_seconds == 1


def test_the_usual_patience_is_that_of_the_domain(read: Reader) -> None:
    assert pace_of(read()) == Pace()


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings)

    assert caught.value.problems == (
        SettingProblem("SLACK_BOT_TOKEN", "is not set"),
        SettingProblem(
            "ALLOWED_CHANNELS", "nobody may use the bot: set ALLOWED_PEOPLE, ALLOWED_USER_GROUPS or this, or RULES_FILE"
        ),
        SettingProblem(
            "SLACK_SIGNING_SECRET", "is not set (or set SLACK_APP_TOKEN to use Socket Mode, which needs none)"
        ),
        SettingProblem("RACKSPACE_USERNAME", "is not set"),
        SettingProblem("RACKSPACE_API_KEY", "is not set"),
    )
    assert str(caught.value).startswith("SLACK_BOT_TOKEN: is not set; ALLOWED_CHANNELS: nobody")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "RACKSPACE_USERNAME", "RACKSPACE_API_KEY"])
@pytest.mark.parametrize("nothing", ["", " ", "\n"], ids=["empty", "space", "line"])
def test_empty_is_not_set(read: Reader, name: str, nothing: str) -> None:
    assert list(read.problems(**{name: nothing})) == [name]


# --- Where it is read from ---------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(read: Reader, tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in NEEDED.items()]
    (tmp_path / ENV_FILE).write_text("\n".join([*lines, "PORT=4000", "HOST=10.0.0.1", ""]), encoding="utf-8")

    settings = read.of(Settings, PORT="5000")

    assert settings.port == 5000
    assert settings.host == "10.0.0.1"
    assert settings.slack_bot_token.get_secret_value() == NEEDED["SLACK_BOT_TOKEN"]


def test_the_file_may_have_comments_quotes_spaces_and_other_programs_settings(read: Reader, tmp_path: Path) -> None:
    (tmp_path / ENV_FILE).write_text(
        "# ours\nexport SLACK_COMMAND = '/kopie'\nREGIONS=\"DFW, IAD\"\nAWS_REGION=eu-west-1\n", encoding="utf-8"
    )

    settings = read()

    assert settings.slack_command == "/kopie"
    assert settings.regions == ("DFW", "IAD")


def test_an_empty_value_in_the_environment_leaves_the_files(read: Reader, tmp_path: Path) -> None:
    (tmp_path / ENV_FILE).write_text("PORT=4000\n", encoding="utf-8")

    assert read(PORT="").port == 4000


def test_a_file_that_is_not_text(read: Reader, tmp_path: Path) -> None:
    (tmp_path / ENV_FILE).write_bytes(b"RACKSPACE_API_KEY=s3cret-\xff\xfe\n")

    assert read.problems() == {ENV_FILE: "this file has to be text in UTF-8"}


def test_a_file_that_cannot_be_read(read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ENV_FILE).touch()

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", ENV_FILE)

    monkeypatch.setattr("dotenv.main.open", refuses, raising=False)  # root may read every file

    assert read.problems() == {ENV_FILE: "this file cannot be read: Permission denied"}


def test_what_surrounds_a_value_is_not_part_of_it(read: Reader) -> None:
    spaced = {name: f" {value}\n" for name, value in NEEDED.items()}

    settings = read(**spaced)

    assert settings.slack_bot_token.get_secret_value() == NEEDED["SLACK_BOT_TOKEN"]
    assert settings.rackspace_api_key.get_secret_value() == NEEDED["RACKSPACE_API_KEY"]
    assert settings.rackspace_username == "ana"


# --- One by one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-a-persons", "this token has to begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-the-bots", "this token has to begin with xapp-"),
        ("SLACK_COMMAND", "copy-backup", "this has to be a slash and then 1 to 31 small letters, digits, - or _"),
        ("SLACK_COMMAND", "/" + "x" * 32, "this has to be a slash and then 1 to 31 small letters, digits, - or _"),
        ("SLACK_API_URL", "slack.com/api", "this has to be an address such as https://bot.example.com"),
        ("PUBLIC_URL", "ftp://bot.example.com", "this has to be an address such as https://bot.example.com"),
        ("PUBLIC_URL", "https://bot.example.com:port", "this has to be an address such as https://bot.example.com"),
        ("RACKSPACE_IDENTITY_URL", "https://", "this has to be an address such as https://bot.example.com"),
        ("RACKSPACE_IDENTITY_URL", "https://[::1", "this has to be an address such as https://bot.example.com"),
        ("HOST", " ", "is empty"),
        ("PORT", "http", "has to be a whole number"),
        ("PORT", "70000", "has to be 65535 or less"),
        ("PORT", "-1", "has to be 0 or more"),
        ("LOG_FORMAT", "xml", "has to be 'text' or 'json'"),
        ("LOG_LEVEL", "chatty", "has to be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_value_is_told_by_its_name(read: Reader, name: str, value: str, sentence: str) -> None:
    assert read.problems(**{name: value}) == {name: sentence}


SECONDS = [name for name in Settings.model_fields if name.endswith("_seconds")]


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", ["0", "-5", "inf", "nan", "soon"])
def test_seconds_are_more_than_none_and_end(read: Reader, name: str, value: str) -> None:
    assert read.problems(**{name.upper(): value}) == {
        name.upper(): "has to be more than 0" if value in {"0", "-5"} else "has to be a number"
    }


@pytest.mark.parametrize("name", SECONDS)
def test_seconds_may_have_a_fraction(read: Reader, name: str) -> None:
    assert getattr(read(**{name.upper(): "0.25"}), name) == 0.25


def test_all_that_is_wrong_is_told_at_once(read: Reader) -> None:
    assert set(read.problems(PORT="http", LOG_LEVEL="chatty", REGIONS="LON", SLACK_COMMAND="no", DATABASE_URL="x")) == {
        "PORT",
        "LOG_LEVEL",
        "REGIONS",
        "SLACK_COMMAND",
        "DATABASE_URL",
    }


def test_the_level_of_the_log_in_small_letters(read: Reader) -> None:
    assert read(LOG_LEVEL="debug").log_level == "DEBUG"


def test_socket_mode_needs_no_signing_secret(read: Reader) -> None:
    settings = read(SLACK_SIGNING_SECRET=None, SLACK_APP_TOKEN=SECRETS["SLACK_APP_TOKEN"])

    assert settings.slack_signing_secret is None
    assert settings.slack_app_token == SecretStr(SECRETS["SLACK_APP_TOKEN"])


def test_a_wrong_app_token_is_no_reason_to_ask_for_the_signing_secret(read: Reader) -> None:
    assert list(read.problems(SLACK_SIGNING_SECRET=None, SLACK_APP_TOKEN="wrong")) == ["SLACK_APP_TOKEN"]


# --- Regions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "regions"),
    [("DFW,IAD", ("DFW", "IAD")), ("dfw iad", ("DFW", "IAD")), (" SYD ,, HKG,SYD ", ("SYD", "HKG"))],
)
def test_regions_are_separated_by_commas_or_spaces(read: Reader, value: str, regions: tuple[str, ...]) -> None:
    assert read(REGIONS=value).regions == regions


@pytest.mark.parametrize("value", ["LON", "DFW,LON", "dfw,lon"])
def test_london_is_never_one_of_them(read: Reader, value: str) -> None:
    assert read.problems(REGIONS=value) == {
        "REGIONS": "LON cannot be one of them: Cloud Databases copies no backup from or to it"
    }


@pytest.mark.parametrize("value", ["DFW", "DFW,dfw", ","])
def test_one_region_is_too_few(read: Reader, value: str) -> None:
    assert read.problems(REGIONS=value) == {
        "REGIONS": "there have to be two of them at least: a copy goes from one to another"
    }


@pytest.mark.parametrize("value", ["DFW;IAD", "Dallas/Chicago,IAD", "DFW,ÎAD"])
def test_what_cannot_be_a_region(read: Reader, value: str) -> None:
    assert read.problems(REGIONS=value) == {"REGIONS": "these have to be names of regions such as DFW,IAD"}


def test_a_region_nobody_knows_is_left_to_the_accounts_catalogue(read: Reader) -> None:
    assert read(REGIONS="DFW,FRA").regions == ("DFW", "FRA")


# --- Who may -----------------------------------------------------------------------------------------------------


def test_nobody_may_is_refused_by_the_names_of_the_settings_to_make(read: Reader) -> None:
    assert read.problems(ALLOWED_PEOPLE=None) == {
        "ALLOWED_CHANNELS": "nobody may use the bot: set ALLOWED_PEOPLE, ALLOWED_USER_GROUPS or this, or RULES_FILE"
    }


def test_a_file_of_rules_says_who_may(read: Reader) -> None:
    settings = read(ALLOWED_PEOPLE=None, RULES_FILE="~/rules.toml")

    assert settings.rules_file == Path("~/rules.toml").expanduser()


@pytest.mark.parametrize(
    ("name", "value"), [("ALLOWED_PEOPLE", "U1"), ("ALLOWED_USER_GROUPS", "S1"), ("ALLOWED_CHANNELS", "C1")]
)
def test_who_may_is_said_in_one_place_only(read: Reader, name: str, value: str) -> None:
    given = {"ALLOWED_PEOPLE": None, "RULES_FILE": "rules.toml", name: value}

    assert read.problems(**given) == {name: "cannot be set beside RULES_FILE: say there who may"}


@pytest.mark.parametrize("nobody", ["", ",", " , "])
def test_an_empty_list_is_nobody(read: Reader, nobody: str) -> None:
    assert list(read.problems(ALLOWED_PEOPLE=nobody)) == ["ALLOWED_CHANNELS"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALLOWED_PEOPLE", "U1,W2"), ("ALLOWED_USER_GROUPS", "S1"), ("ALLOWED_CHANNELS", "C1 G2 D3")],
)
def test_one_rule_is_enough(read: Reader, name: str, value: str) -> None:
    settings = read(**{"ALLOWED_PEOPLE": None, name: value})

    rules = rules_of(settings).now().named
    assert not rules.allow_nobody
    assert rules.people | rules.groups | rules.channels == set(value.replace(",", " ").split())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ALLOWED_PEOPLE", "U1,@ana", "entry 2 has to be an id (not a name) that begins with U or W"),
        ("ALLOWED_USER_GROUPS", "@dba", "entry 1 has to be an id (not a name) that begins with S"),
        ("ALLOWED_CHANNELS", "#ops", "entry 1 has to be an id (not a name) that begins with C or G or D"),
    ],
)
def test_names_are_no_ids(read: Reader, name: str, value: str, sentence: str) -> None:
    assert read.problems(**{name: value}) == {name: sentence}


def test_a_wrong_rule_is_told_alone(read: Reader) -> None:
    """Not also that nobody may: with the right id somebody would."""
    assert list(read.problems(ALLOWED_PEOPLE="ana")) == ["ALLOWED_PEOPLE"]


# --- The database ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///bot.sqlite", "bot.sqlite"),
        ("sqlite:///data/bot.sqlite", "data/bot.sqlite"),
        ("sqlite:////data/bot.sqlite", "/data/bot.sqlite"),
        ("sqlite:///../bot.sqlite", "../bot.sqlite"),
        ("sqlite:////data/with a space.db", "/data/with a space.db"),
    ],
)
def test_the_path_of_the_database(read: Reader, url: str, path: str) -> None:
    assert read.of(StorageSettings, DATABASE_URL=url).database == Path(path)


def test_the_database_in_ones_own_folder(read: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert read.of(StorageSettings, DATABASE_URL="sqlite:///~/bot.sqlite").database == tmp_path / "bot.sqlite"


@pytest.mark.parametrize(
    "url", ["bot.sqlite", "sqlite://", "sqlite:///", "sqlite://bot.sqlite", "sqlite:///:memory:", "mysql://db/bot"]
)
def test_what_is_no_path_of_a_sqlite_file(read: Reader, url: str) -> None:
    assert read.problems(DATABASE_URL=url) == {
        "DATABASE_URL": "this has to be sqlite:/// and the path of a file, or an address of postgresql://"
    }


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:a-password@db.example.com:5432/copybot?sslmode=verify-full",
        "postgres://bot:a-password@db.example.com/copybot",
        "postgresql://bot:p%40ss%2Fword@/copybot?host=/run/postgresql",
    ],
)
def test_the_address_of_a_postgresql_database_and_its_password_is_not_shown(read: Reader, url: str) -> None:
    settings = read.of(StorageSettings, DATABASE_URL=url)

    assert settings.database == SecretStr(url)
    assert "word" not in repr(settings)
    assert "word" not in name_of(settings.database)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:a-password@db",
        "postgresql://bot:%zz-password@db/copybot",
        "postgresql://bot:a-password@db/copybot?ssl-mode=what",
    ],
)
def test_what_is_no_address_of_a_postgresql_database(read: Reader, url: str) -> None:
    assert read.problems(DATABASE_URL=url) == {
        "DATABASE_URL": "this has to be an address such as postgresql://user:password@host:5432/database"
    }


def test_a_folder_of_somebody_who_is_not_known(read: Reader) -> None:
    assert read.problems(DATABASE_URL="sqlite:///~nobody-at-all/bot.sqlite") == {
        "DATABASE_URL": "it is not known here where the folder is that ~ stands for"
    }


# --- What a command does not need --------------------------------------------------------------------------------


def test_reading_the_audit_log_needs_neither_tokens_nor_rules(read: Reader) -> None:
    settings = read.of(StorageSettings, AUDIT_KEY=SECRETS["AUDIT_KEY"], PORT="http")

    assert settings.audit_key == SecretStr(SECRETS["AUDIT_KEY"])


def test_the_manifest_needs_nothing(read: Reader) -> None:
    assert read.of(ManifestSettings).slack_command == "/copy-backup"


# --- Secrets -----------------------------------------------------------------------------------------------------


def test_no_secret_is_shown_or_logged(read: Reader, caplog: pytest.LogCaptureFixture) -> None:
    settings = read(**SECRETS)

    with caplog.at_level(logging.DEBUG):
        logging.getLogger("bot").warning("%s %r %s", settings, settings, settings.model_dump())
    options = rules_of(settings)

    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json(), repr(options)):
        assert "s3cret" not in shown
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_is_one(name: str) -> None:
    assert "SecretStr" in str(Settings.model_fields[name.lower()].annotation)


FREE = {
    "AUDIT_KEY",
    "SLACK_SIGNING_SECRET",
    "RACKSPACE_USERNAME",
    "RACKSPACE_API_KEY",
    "HOST",
    "MONITORING_HOST",
    "RULES_FILE",
}
"""Take any text."""


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields if name.upper() not in FREE])
def test_no_message_repeats_a_value(read: Reader, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: "s3cret, s3cret"})

    assert [problem.name for problem in caught.value.problems] == [name]
    assert "s3cret" not in str(caught.value) + repr(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


# --- Witnesses ---------------------------------------------------------------------------------------------------


def test_no_witness_is_posted_unless_a_channel_is_set(read: Reader) -> None:
    assert slack_options(read()).witness_channel is None
    assert slack_options(read(WITNESS_CHANNEL="C024BE91L")).witness_channel == "C024BE91L"


@pytest.mark.parametrize("channel", ["#audit", "audit", "D024BE91L", "U024BE7LH"])
def test_the_channel_of_witnesses_is_an_id(read: Reader, channel: str) -> None:
    assert read.problems(WITNESS_CHANNEL=channel) == {
        "WITNESS_CHANNEL": "this has to be the id (not the name) of a channel, which begins with C or G"
    }
