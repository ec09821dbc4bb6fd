"""An app as it is installed in the workspace: what its manifest says, and its tokens."""

import random
import string
from dataclasses import dataclass, field
from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from bot.sandbox.workspace.directory import User, new_id
from bot.sandbox.workspace.refusals import ManifestError, Payload


class SlashCommand(BaseModel):
    """A command of the manifest."""

    command: str = Field(pattern=r"^/[^\sA-Z]{1,31}$")
    description: str = Field(min_length=1, max_length=2000)
    url: str | None = None
    usage_hint: str | None = Field(None, max_length=1000)
    should_escape: bool = False


class Shortcut(BaseModel):
    """A shortcut of the manifest."""

    name: str = Field(min_length=1, max_length=24)
    type: str = Field(pattern="^(global|message)$")
    callback_id: str = Field(min_length=1, max_length=255)
    description: str = Field(min_length=1, max_length=150)


class AppHome(BaseModel):
    """Which tabs of App Home there are."""

    home_tab_enabled: bool = False
    messages_tab_enabled: bool = False
    messages_tab_read_only_enabled: bool = False


class BotUser(BaseModel):
    """The app's own account."""

    display_name: str = Field(min_length=1, max_length=80)
    always_online: bool = False


class Features(BaseModel):
    """What people see of the app."""

    app_home: AppHome = AppHome()
    bot_user: BotUser
    shortcuts: list[Shortcut] = Field([], max_length=10)
    slash_commands: list[SlashCommand] = Field([], max_length=50)


class DisplayInformation(BaseModel):
    """The app's name."""

    name: str = Field(min_length=1, max_length=35)
    description: str = Field("", max_length=140)


class Scopes(BaseModel):
    """What the app may do."""

    bot: list[str] = []


class OAuthConfig(BaseModel):
    """How the app is installed."""

    scopes: Scopes = Scopes()


class Interactivity(BaseModel):
    """Where clicks and submissions go."""

    is_enabled: bool = False
    request_url: str | None = None
    message_menu_options_url: str | None = None


class EventSubscriptions(BaseModel):
    """Where events go, and which."""

    request_url: str | None = None
    bot_events: list[str] = Field([], max_length=100)


class AppSettings(BaseModel):
    """How the app is reached."""

    interactivity: Interactivity = Interactivity()
    event_subscriptions: EventSubscriptions = EventSubscriptions()
    socket_mode_enabled: bool = False


class Manifest(BaseModel):
    """An app's manifest, as far as the workspace acts on it."""

    display_information: DisplayInformation
    features: Features
    oauth_config: OAuthConfig = OAuthConfig()
    settings: AppSettings = AppSettings()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        scopes = self.oauth_config.scopes.bot
        if (self.features.slash_commands or self.features.shortcuts) and "commands" not in scopes:
            raise ValueError("slash commands and shortcuts need the scope `commands`")
        if not self.settings.socket_mode_enabled:
            without = [one.command for one in self.features.slash_commands if not one.url]
            if without:
                raise ValueError(f"without Socket Mode these commands need a url: {', '.join(without)}")
            if self.settings.interactivity.is_enabled and not self.settings.interactivity.request_url:
                raise ValueError("without Socket Mode interactivity needs a request_url")
        return self


@dataclass(slots=True)
class InstalledApp:
    """An app in the workspace. Its tokens are made up, and good for this simulator only.

    Attributes:
        bot_token: `xoxb-…`, for the Web API.
        app_token: `xapp-…`, for Socket Mode.
        signing_secret: What requests to the app are signed with.
        token_error: Set to `token_revoked` or `account_inactive`: every call with the bot token fails so.
    """

    manifest: Manifest
    team_id: str
    app_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    verification_token: str = field(repr=False)
    token_error: str | None = None
    view_identity: Payload = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name people see."""
        return self.manifest.display_information.name

    @property
    def secrets(self) -> list[str]:
        """What nobody may see who looks from outside."""
        return [self.bot_token, self.app_token, self.signing_secret, self.verification_token]

    @property
    def scopes(self) -> list[str]:
        """What the bot token may do."""
        return self.manifest.oauth_config.scopes.bot

    def command(self, name: str) -> SlashCommand | None:
        """The command of this name."""
        return next((one for one in self.manifest.features.slash_commands if one.command == name), None)

    def shortcut(self, name: str, kind: Literal["global", "message"] = "global") -> Shortcut | None:
        """The shortcut of this name, of those that are global or of those at a message."""
        shortcuts = self.manifest.features.shortcuts
        return next((one for one in shortcuts if one.name == name and one.type == kind), None)


def read_manifest(manifest: object) -> Manifest:
    """Reads a manifest.

    Args:
        manifest: The parsed `manifest.yml`.

    Raises:
        ManifestError: Slack would not take it; all that is wrong is said.
    """
    try:
        return Manifest.model_validate(manifest)
    except ValidationError as error:
        raise ManifestError(f"invalid_manifest: {error}") from None


def install(manifest: Manifest, team_id: str, numbers: random.Random) -> tuple[InstalledApp, User]:
    """Makes the app's ids and tokens, and its account in the workspace."""
    username = "".join(one for one in manifest.features.bot_user.display_name.lower() if one.isalnum() or one in "-_")
    bot = User(new_id("U", numbers), username, manifest.features.bot_user.display_name, is_bot=True)
    app = InstalledApp(
        manifest=manifest,
        team_id=team_id,
        app_id=new_id("A", numbers),
        bot_id=new_id("B", numbers),
        bot_user_id=bot.id,
        bot_token=f"xoxb-{numbers.randrange(10**12)}-{_secret(numbers, 24)}",
        app_token=f"xapp-1-{_secret(numbers, 10)}-{_secret(numbers, 32)}",
        signing_secret=f"{numbers.getrandbits(128):032x}",
        verification_token=_secret(numbers, 24),
    )
    app.view_identity = {
        "team_id": team_id,
        "app_id": app.app_id,
        "app_installed_team_id": team_id,
        "bot_id": app.bot_id,
    }
    return app, bot


def _secret(numbers: random.Random, length: int) -> str:
    return "".join(numbers.choices(string.ascii_letters + string.digits, k=length))
