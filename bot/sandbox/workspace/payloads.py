"""The payloads of what a person does, exactly as Slack sends them to the app."""

from bot.sandbox.workspace.directory import Conversation, User
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import Payload
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.view_stacks import LiveView


class Payloads:
    """Makes payloads for one workspace. Each call that gives a `trigger_id` gives out a new one."""

    def __init__(self, state: WorkspaceState) -> None:
        """Remembers the workspace."""
        self._state = state

    def command(self, user: User, channel: Conversation, command: str, text: str) -> Payload:
        """The form fields of a slash command."""
        state = self._state
        return {
            "token": state.app.verification_token,
            "team_id": state.team.id,
            "team_domain": state.team.domain,
            "channel_id": channel.id,
            "channel_name": channel.name_in_payloads,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": state.app.app_id,
            "is_enterprise_install": "false",
            "response_url": state.response_urls.issue(user.id, channel.id),
            "trigger_id": state.triggers.issue(user.id, channel.id),
        }

    def shortcut(self, user: User, callback_id: str) -> Payload:
        """A global shortcut."""
        return {
            **self._interaction("shortcut", user),
            "action_ts": self._state.messages.new_ts(),
            "callback_id": callback_id,
            "trigger_id": self._state.triggers.issue(user.id, None),
        }

    def message_shortcut(self, user: User, callback_id: str, message: StoredMessage) -> Payload:
        """A message shortcut: a `message_action` with the whole message."""
        state = self._state
        channel = state.directory.conversations[message.channel_id]
        return {
            **self._interaction("message_action", user),
            "action_ts": state.messages.new_ts(),
            "callback_id": callback_id,
            "trigger_id": state.triggers.issue(user.id, channel.id),
            "channel": {"id": channel.id, "name": channel.name_in_payloads},
            "message_ts": message.ts,
            "message": message.payload(state.team.id, with_metadata=True),
            "response_url": state.response_urls.issue(user.id, channel.id),
        }

    def view_action(self, user: User, view: LiveView, action: Payload) -> Payload:
        """Something pressed or chosen in a view."""
        return {
            **self._interaction("block_actions", user),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self._state.triggers.issue(user.id, view.conversation),
            "view": self._view(view),
            "actions": [{**action, "action_ts": self._state.messages.new_ts()}],
        }

    def message_action(self, user: User, message: StoredMessage, action: Payload) -> Payload:
        """Something pressed or chosen in a message."""
        state = self._state
        channel = state.directory.conversations[message.channel_id]
        container: Payload = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.for_user is not None,
        }
        if message.thread_ts is not None:
            container["thread_ts"] = message.thread_ts
        payload: Payload = {
            **self._interaction("block_actions", user),
            "container": container,
            "trigger_id": state.triggers.issue(user.id, channel.id),
            "channel": {"id": channel.id, "name": channel.name_in_payloads},
            "state": {"values": {}},
            "response_url": state.response_urls.issue(user.id, channel.id, message),
            "actions": [{**action, "action_ts": state.messages.new_ts()}],
        }
        if message.for_user is None:  # an ephemeral message is not kept anywhere, so Slack cannot send it
            payload["message"] = message.payload(state.team.id, with_metadata=True)
        return payload

    def suggestion(self, user: User, view: LiveView, *, block_id: str, action_id: str, typed: str) -> Payload:
        """A question for the options of an external select."""
        return {
            **self._interaction("block_suggestion", user),
            "container": {"type": "view", "view_id": view.id},
            "action_id": action_id,
            "block_id": block_id,
            "value": typed,
            "view": self._view(view),
        }

    def submission(self, user: User, view: LiveView, response_urls: list[Payload]) -> Payload:
        """A form that is sent."""
        return {
            **self._interaction("view_submission", user),
            "trigger_id": self._state.triggers.issue(user.id, view.conversation),
            "view": self._view(view),
            "response_urls": response_urls,
        }

    def closed(self, user: User, view: LiveView, *, cleared: bool) -> Payload:
        """A form that was closed without being sent."""
        return {**self._interaction("view_closed", user), "view": self._view(view), "is_cleared": cleared}

    def event(self, event: Payload) -> Payload:
        """The envelope of an event."""
        state = self._state
        authorization: Payload = {
            "enterprise_id": None,
            "team_id": state.team.id,
            "user_id": state.app.bot_user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": state.app.verification_token,
            "team_id": state.team.id,
            "api_app_id": state.app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{state.numbers.getrandbits(48):012X}",
            "event_time": int(state.clock()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
        }

    def _interaction(self, kind: str, user: User) -> Payload:
        state = self._state
        return {
            "type": kind,
            "team": {"id": state.team.id, "domain": state.team.domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": state.team.id},
            "api_app_id": state.app.app_id,
            "token": state.app.verification_token,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _view(self, view: LiveView) -> Payload:
        return view.payload(self._state.app.view_identity, with_state=True)
