"""Requests that Slack would not send, or not now: for tests of what the app refuses."""

from bot.sandbox.workspace.delivery import AppAnswer, Delivery, Kind
from bot.sandbox.workspace.directory import new_id
from bot.sandbox.workspace.interactions import Interactions
from bot.sandbox.workspace.refusals import NotPossibleError, Payload
from bot.sandbox.workspace.state import WorkspaceState

_TOO_OLD = 6 * 60.0
"""Seconds: more than the 5 minutes after which an app has to refuse (slack-platform.md, Requests to the app)."""


class Forger:
    """Sends what Slack would not."""

    def __init__(self, state: WorkspaceState, interactions: Interactions, delivery: Delivery) -> None:
        """Knows the way to the app."""
        self._state = state
        self._interactions = interactions
        self._delivery = delivery

    async def forge(
        self,
        text: str = "/copy-backup",
        *,
        person: str = "alice",
        channel: str = "#databases",
        payload: Payload | None = None,
        bad_signature: bool = False,
        old_timestamp: bool = False,
        other_team: bool = False,
        other_user: bool = False,
        replayed: bool = False,
    ) -> AppAnswer:
        """Sends one request to the app, as it stands, without showing anybody anything.

        Args:
            text: The command that is typed.
            person: Who seems to type it.
            channel: Where.
            payload: An interaction to send instead of a command.
            bad_signature: Signed with another secret (HTTP only).
            old_timestamp: Signed rightly, six minutes ago (HTTP only).
            other_team: From a workspace that the app is not installed in.
            other_user: From an account that is not in this workspace.
            replayed: The last request to the app again, byte by byte, with its signature (HTTP only).

        Returns:
            What the app answered, whatever the status.

        Raises:
            AppError: The app cannot be reached.
            LookupError: There is nothing to replay.
            NotPossibleError: Socket Mode has no signatures.
        """
        if replayed:
            if self._delivery.last_signed is None:
                raise LookupError("Nothing was sent to the app yet that could be replayed.")
            return await self._delivery.post(self._delivery.last_signed)
        content = self._command(text, person, channel) if payload is None else dict(payload)
        if other_team:
            content |= self._of_another_team(content)
        if other_user:
            content |= self._of_another_user(content)
        kind: Kind = "slash_commands" if payload is None else "interactive"
        return await self._send(kind, content, bad_signature=bad_signature, old_timestamp=old_timestamp)

    async def _send(self, kind: Kind, content: Payload, *, bad_signature: bool, old_timestamp: bool) -> AppAnswer:
        if self._delivery.by_socket:
            if bad_signature or old_timestamp:
                raise NotPossibleError("Nothing is signed in Socket Mode.")
            return await self._delivery.send(kind, content)
        honest = self._delivery.signed(kind, content)
        request = self._delivery.sign(
            honest.body,
            honest.headers["Content-Type"],
            seconds_old=_TOO_OLD if old_timestamp else 0.0,
            secret="0" * 32 if bad_signature else None,
        )
        return await self._delivery.post(request)

    def _command(self, text: str, person: str, channel: str) -> Payload:
        directory = self._state.directory
        name, _, rest = text.partition(" ")
        user, place = directory.user_named(person), directory.channel_named(channel)
        return self._interactions.payloads.command(user, place, name, rest)

    def _of_another_team(self, content: Payload) -> Payload:
        team_id = new_id("T", self._state.numbers)
        if "team_id" in content:
            return {"team_id": team_id, "team_domain": "elsewhere"}
        user = content.get("user")
        other_user = {**user, "team_id": team_id} if isinstance(user, dict) else user
        return {"team": {"id": team_id, "domain": "elsewhere"}, "user": other_user}

    def _of_another_user(self, content: Payload) -> Payload:
        user_id = new_id("U", self._state.numbers)
        if "user_id" in content:
            return {"user_id": user_id, "user_name": "mallory"}
        return {"user": {"id": user_id, "username": "mallory", "name": "mallory", "team_id": self._state.team.id}}
