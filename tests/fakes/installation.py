"""An installation beside both simulators, on real sockets, and what `doctor` finds in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.assembly import looking
from bot.cli.findings import name_of, told
from bot.cli.sandbox import SandboxSettings
from bot.operations.health import Check, Subject, Verdict, examine
from bot.operations.ports import Clock
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.manifest import build_manifest


@dataclass(frozen=True)
class Report:
    """What was found."""

    checks: tuple[Check, ...]

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    @property
    def problems(self) -> list[str]:
        return [said(check) for check in self.checks if check.verdict is Verdict.PROBLEM]

    @property
    def unknown(self) -> list[str]:
        return [said(check) for check in self.checks if check.verdict is Verdict.UNKNOWN]

    @property
    def fine(self) -> list[str]:
        return [said(check) for check in self.checks if check.verdict is Verdict.FINE]

    def of(self, subject: Subject, item: str = "") -> Check:
        return next(check for check in self.checks if (check.subject, check.item) == (subject, item))


def said(check: Check) -> str:
    """A line as a person reads it."""
    words = told(check)
    return f"{name_of(check)}: {words.text}{f' -> {words.cure}' if words.cure else ''}"


@dataclass
class Installation:
    """A workspace with the app, an account, and the settings that fit both."""

    workspace: SimulatedWorkspace
    api_url: str
    cloud: SimulatedCloud
    running_cloud: RunningCloud
    folder: Path
    in_socket_mode: bool = False

    @property
    def database(self) -> Path:
        return self.folder / "bot.sqlite"

    @property
    def given(self) -> dict[str, str]:
        """The settings, as they are in the environment."""
        app = self.workspace.app
        way_in = (
            {"SLACK_APP_TOKEN": app.app_token} if self.in_socket_mode else {"SLACK_SIGNING_SECRET": app.signing_secret}
        )
        return {
            **way_in,
            "SLACK_BOT_TOKEN": app.bot_token,
            "SLACK_API_URL": self.api_url,
            "RACKSPACE_USERNAME": self.running_cloud.username,
            "RACKSPACE_API_KEY": self.running_cloud.api_key,
            "RACKSPACE_IDENTITY_URL": self.running_cloud.identity_url,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "ALLOWED_PEOPLE": self.workspace.person("ana").id,
        }

    @property
    def secrets(self) -> Sequence[str]:
        app = self.workspace.app
        return (app.bot_token, app.app_token, app.signing_secret, self.running_cloud.api_key)

    def settings(self, **changes: object) -> SandboxSettings:
        given: dict[str, object] = {name.lower(): value for name, value in self.given.items()}
        return SandboxSettings.model_validate(given | changes)

    def use_socket_mode(self) -> None:
        """Install the app for Socket Mode, and set what that takes."""
        self.workspace.install(build_manifest(command="/copy-backup", public_url=None))
        self.in_socket_mode = True

    def install_without(self, scope: str) -> None:
        """The app as it was installed when it did not ask for this scope yet."""
        self.workspace.app.scopes.remove(scope)

    async def examined(self, *, clock: Clock | None = None, patience: float = 30.0, **changes: object) -> Report:
        """What `doctor` finds."""
        async with looking(self.settings(**changes), clock=clock) as probes:
            checks = await examine(probes, lambda _: None, patience=patience)
        for secret in self.secrets:
            assert secret not in repr(checks)
            assert not [check for check in checks if secret in said(check)]
        return Report(checks)
