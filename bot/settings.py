"""Every setting, read once, from the environment or a ``.env`` file.

All that is wrong is said at once, by the names a person sets, and without the value: it may be a secret.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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


def _beginning_with(*prefixes: str) -> AfterValidator:
    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        for place, value in enumerate(values, start=1):
            if not value.startswith(prefixes):
                raise ValueError(f"entry {place} has to be an id (not a name) that begins with {' or '.join(prefixes)}")
        return values

    return AfterValidator(check)


def _token(prefix: str) -> AfterValidator:
    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(prefix):
            raise ValueError(f"this token has to begin with {prefix}")
        return value

    return AfterValidator(check)


def _web_address(value: str | None) -> str | None:
    if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
        raise ValueError("this has to be an address such as https://bot.example.com")
    return value


Ids = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Seconds = Annotated[float, Field(gt=0)]


class StorageSettings(BaseSettings):
    """Where the audit log is, and what is needed to read and verify it."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", validate_default=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str = "sqlite:///copy-backup-bot.sqlite"
    """A SQLite file: three slashes and a relative path, or four and an absolute one."""
    audit_key: SecretStr | None = None
    """With it the hash chain of the audit log is an HMAC: writing to the file is not enough to forge it."""

    @field_validator("database_url")
    @classmethod
    def _only_sqlite(cls, value: str) -> str:
        if not value.startswith("sqlite:///") or len(value) == len("sqlite:///"):
            raise ValueError("this has to be sqlite:/// and the path of a file")
        return value

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///"))


class ManifestSettings(BaseSettings):
    """What the app's manifest depends on."""

    model_config = StorageSettings.model_config

    slack_app_token: Annotated[SecretStr | None, _token("xapp-")] = None
    """Set: the bot connects to Slack by Socket Mode and needs no public address."""
    slack_command: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = "/copy-backup"
    """The slash command; two apps of a workspace can claim the same name."""
    public_url: WebAddress | None = None
    """Where Slack reaches the bot in HTTP mode."""


class Settings(StorageSettings, ManifestSettings):
    """All that ``serve`` needs."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")]
    slack_signing_secret: SecretStr | None = None
    """Proves that a request comes from Slack. Needed in HTTP mode."""
    slack_api_url: WebAddress = "https://slack.com/api/"

    rackspace_username: str
    rackspace_api_key: SecretStr
    rackspace_identity_url: WebAddress | None = None
    """Another Identity endpoint than the usual one, without ``/tokens``."""
    regions: Ids | None = None
    """The regions copies may leave from and go to; all that the operation allows if not set."""

    allowed_people: Annotated[Ids, _beginning_with("U", "W")] = ()
    allowed_user_groups: Annotated[Ids, _beginning_with("S")] = ()
    allowed_channels: Annotated[Ids, _beginning_with("C", "G", "D")] = ()

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    catalogue_refresh_seconds: Seconds = 300.0
    first_look_seconds: Seconds = 10.0
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

    @field_validator("allowed_channels")
    @classmethod
    def _somebody_may(cls, value: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if not (value or others.data.get("allowed_people", True) or others.data.get("allowed_user_groups", True)):
            raise ValueError("nobody may use the bot: set ALLOWED_PEOPLE, ALLOWED_USER_GROUPS or this")
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


def _problems(error: ValidationError) -> list[SettingProblem]:
    problems = []
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        sentence = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "missing":
            sentence = "is not set"
        problems.append(SettingProblem(str(detail["loc"][0]).upper(), sentence))
    return problems
