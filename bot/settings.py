"""Every setting, read once, from the environment or a ``.env`` file.

All that is wrong is said at once, by the names a person sets, and without the value: it may be a secret.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = ".env"
"""Where settings are that are not in the environment: in the folder that the bot is started in."""

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One thing that is wrong with the settings.

    Attributes:
        name: as a person sets it, such as ``SLACK_BOT_TOKEN``.
        sentence: what is wrong with it and what it should be.
    """

    name: str
    sentence: str


class SettingsError(Exception):
    """The settings cannot be used. Whoever runs the bot can cure it."""

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.name}: {problem.sentence}" for problem in self.problems))


def _split(value: object) -> object:
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _beginning_with(*prefixes: str) -> AfterValidator:
    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        for place, value in enumerate(values, start=1):
            if not value.startswith(prefixes):
                raise ValueError(f"entry {place} has to be an id (not a name) that begins with {' or '.join(prefixes)}")
        return values

    return AfterValidator(check)


def _not_beside_a_file() -> AfterValidator:
    def check(values: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if values and others.data.get("rules_file") is not None:
            raise ValueError("cannot be set beside RULES_FILE: say there who may")
        return values

    return AfterValidator(check)


def _channel(value: str | None) -> str | None:
    if value is not None and not value.startswith(("C", "G")):
        raise ValueError("this has to be the id (not the name) of a channel, which begins with C or G")
    return value


def _token(prefix: str) -> AfterValidator:
    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(prefix):
            raise ValueError(f"this token has to begin with {prefix}")
        return value

    return AfterValidator(check)


def _regions(values: tuple[str, ...]) -> tuple[str, ...]:
    """Names of regions; which of them there are, only the account's catalogue knows (``doctor`` asks it)."""
    names = tuple(dict.fromkeys(value.upper() for value in values))
    if "LON" in names:
        raise ValueError("LON cannot be one of them: Cloud Databases copies no backup from or to it")
    if not all(name.isalnum() and name.isascii() for name in names):
        raise ValueError("these have to be names of regions such as DFW,IAD")
    if len(names) < 2:
        raise ValueError("there have to be two of them at least: a copy goes from one to another")
    return names


def _web_address(value: str | None) -> str | None:
    if value is not None and not _is_web_address(value):
        raise ValueError("this has to be an address such as https://bot.example.com")
    return value


def _is_web_address(value: str) -> bool:
    try:
        address = urlsplit(value)
        return address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:  # its text may have the value in it
        return False


def _command(value: str) -> str:
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
        raise ValueError("this has to be a slash and then 1 to 31 small letters, digits, - or _")
    return value


Ids = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _path_of(database_url: str) -> Path:
    try:
        return Path(database_url.removeprefix(SQLITE)).expanduser()
    except RuntimeError:
        raise ValueError("it is not known here where the folder is that ~ stands for") from None


def _names_a_database(url: str) -> bool:
    try:
        return bool(conninfo_to_dict(url).get("dbname"))
    except psycopg.Error:  # its text may have the value in it
        return False


def _file(value: Path | None) -> Path | None:
    try:
        return value.expanduser() if value is not None else None
    except RuntimeError:
        raise ValueError("it is not known here where the folder is that ~ stands for") from None


class StorageSettings(BaseSettings):
    """Where the audit log is, and what is needed to read and verify it."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=True,
    )

    database_url: SecretStr = SecretStr("sqlite:///copy-backup-bot.sqlite")
    """A SQLite file: three slashes and a relative path, or four and an absolute one; ``~`` is one's own folder. Or a
    PostgreSQL database, as its own tools take it: ``postgresql://user:password@host:5432/database?sslmode=...``.
    """
    audit_key: Secret | None = None
    """With it the hash chain of the audit log is an HMAC: writing to the file is not enough to forge it."""

    @field_validator("database_url")
    @classmethod
    def _a_file_or_a_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url.startswith(POSTGRESQL):
            if not _names_a_database(url):
                raise ValueError("this has to be an address such as postgresql://user:password@host:5432/database")
        elif not url.startswith(SQLITE) or url.removeprefix(SQLITE) in {"", ":memory:"}:
            raise ValueError(f"this has to be {SQLITE} and the path of a file, or an address of postgresql://")
        else:
            _path_of(url)
        return value

    @property
    def database(self) -> Path | SecretStr:
        """The SQLite file, or the address of the PostgreSQL database."""
        url = self.database_url.get_secret_value()
        return self.database_url if url.startswith(POSTGRESQL) else _path_of(url)


class WitnessSettings(StorageSettings):
    """What is needed to read the witnesses of the audit log in Slack."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")]
    slack_api_url: WebAddress = "https://slack.com/api/"
    witness_channel: Annotated[str, AfterValidator(_channel)]


class ManifestSettings(BaseSettings):
    """What the app's manifest depends on."""

    model_config = StorageSettings.model_config

    slack_app_token: Annotated[SecretStr | None, _token("xapp-")] = None
    """Set: the bot connects to Slack by Socket Mode and needs no public address."""
    slack_command: Annotated[str, AfterValidator(_command)] = "/copy-backup"
    """The slash command; two apps of a workspace can claim the same name."""
    public_url: WebAddress | None = None
    """Where Slack reaches the bot in HTTP mode."""


class RulesSettings(StorageSettings):
    """What the rules are made of, and what it takes to ask who is in a user group."""

    slack_bot_token: Annotated[SecretStr | None, _token("xoxb-")] = None
    slack_api_url: WebAddress = "https://slack.com/api/"
    regions: Annotated[Ids, AfterValidator(_regions)] | None = None
    """The regions copies may leave from and go to; all that the operation allows if not set."""

    rules_file: Annotated[Path | None, AfterValidator(_file)] = None
    """A file of rules, in TOML; instead of the next three."""
    allowed_people: Annotated[Ids, _beginning_with("U", "W"), _not_beside_a_file()] = ()
    allowed_user_groups: Annotated[Ids, _beginning_with("S"), _not_beside_a_file()] = ()
    allowed_channels: Annotated[Ids, _beginning_with("C", "G", "D"), _not_beside_a_file()] = ()

    @field_validator("allowed_channels")
    @classmethod
    def _somebody_may(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        named = value or others.data.get("allowed_people", True) or others.data.get("allowed_user_groups", True)
        if not named and others.data.get("rules_file", True) is None:
            raise ValueError("nobody may use the bot: set ALLOWED_PEOPLE, ALLOWED_USER_GROUPS or this, or RULES_FILE")
        return value


class Settings(ManifestSettings, RulesSettings):
    """All that ``serve`` needs."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")]
    slack_signing_secret: Secret | None = None
    """Proves that a request comes from Slack. Needed in HTTP mode."""

    rackspace_username: Text
    rackspace_api_key: Secret
    rackspace_identity_url: WebAddress | None = None
    """Another Identity endpoint than the usual one, without ``/tokens``."""

    witness_channel: Annotated[str | None, AfterValidator(_channel)] = None
    """Where the head of the audit log is posted once a day; nowhere if not set."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    monitoring_host: Text = "127.0.0.1"
    monitoring_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where metrics can be had, beside whether the bot is alive and ready; nowhere if not set."""
    otel_exporter_otlp_endpoint: WebAddress | None = None
    """Where traces are sent, over OTLP/HTTP; nowhere if not set."""
    log_format: Literal["text", "json"] = "text"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = "INFO"

    catalogue_refresh_seconds: Seconds = 300.0
    standing_orders_seconds: Seconds = 300.0
    first_look_seconds: Seconds = 3.0
    longest_look_seconds: Seconds = 120.0
    first_retry_seconds: Seconds = 15.0
    settle_seconds: Seconds = 60.0
    grace_seconds: Seconds = 300.0
    patience_seconds: Seconds = 900.0
    give_up_seconds: Seconds = 48 * 3600.0
    message_update_seconds: Seconds = 1.0

    @field_validator("slack_signing_secret")
    @classmethod
    def _a_way_in(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if value is None and others.data.get("slack_app_token", "wrong, which is told already") is None:
            raise ValueError("is not set (or set SLACK_APP_TOKEN to use Socket Mode, which needs none)")
        return value


AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def read_settings(kind: type[AnySettings]) -> AnySettings:
    """Read settings from the environment, and from ``.env`` for what is not in the environment.

    Args:
        kind: which settings are needed.

    Raises:
        SettingsError: with everything that is wrong.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(_problems(error)) from None
    except UnicodeDecodeError:  # its text has the bytes around the place, which may be a secret's
        raise SettingsError([SettingProblem(ENV_FILE, "this file has to be text in UTF-8")]) from None
    except OSError as error:
        raise SettingsError([SettingProblem(ENV_FILE, f"this file cannot be read: {error.strerror}")]) from None


_SENTENCES = {
    "missing": "is not set",
    "int_parsing": "has to be a whole number",
    "float_parsing": "has to be a number",
    "finite_number": "has to be a number",
    "greater_than": "has to be more than {gt:g}",
    "greater_than_equal": "has to be {ge} or more",
    "less_than_equal": "has to be {le} or less",
    "literal_error": "has to be {expected}",
    "string_too_short": "is empty",
    "too_short": "is empty",
}
"""What is said for pydantic's kinds of error; our own say it themselves."""


def _problems(error: ValidationError) -> list[SettingProblem]:
    problems = []
    for detail in error.errors(include_url=False, include_input=False):
        usual = detail["msg"].removeprefix("Value error, ")
        sentence = _SENTENCES.get(detail["type"], "{usual}").format(**{"usual": usual, **detail.get("ctx", {})})
        problems.append(SettingProblem(str(detail["loc"][0]).upper(), sentence))
    return problems
