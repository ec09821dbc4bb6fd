"""What a person's window shows, as JSON, in parts that change apart from each other."""

from bot.sandbox.workspace.choosing import offered_conversations
from bot.sandbox.workspace.directory import Conversation, User
from bot.sandbox.workspace.elements import ConversationsSelect
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import Payload
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.view_stacks import LiveView

MOST_MESSAGES = 300
"""Of one conversation, the newest; who wants the older ones asks the Web API."""


class Window:
    """All that one person sees: what another may not see is not in it."""

    def __init__(self, state: WorkspaceState, user: User) -> None:
        """Is the window of one of the people."""
        self._state = state
        self._user = user

    def parts(self) -> dict[str, object]:
        """Everything, by part: `workspace`, `views`, `home`, and `messages/ID` for each conversation."""
        state, user = self._state, self._user
        home = state.views.home(user.id)
        conversations = self._conversations()
        parts: dict[str, object] = {
            "workspace": {
                "team": state.team.name,
                "me": _person(user),
                "people": [_person(one) for one in state.directory.users.values()],
                "groups": [
                    {"id": one.id, "name": one.handle, "is_mine": user.id in one.members}
                    for one in state.directory.groups.values()
                ],
                "conversations": [self._conversation(one) for one in conversations],
                "app": self._app(),
            },
            "views": [self._view(view) for view in state.views.stack(user.id)],
            "home": None if home is None else self._view(home),
        }
        for conversation in conversations:
            parts[f"messages/{conversation.id}"] = self._messages(conversation)
        return parts

    def _conversations(self) -> list[Conversation]:
        """Those this person is in, the direct message with the app included, and the public ones of a full member."""
        directory = self._state.directory
        directory.direct_message(self._user.id, self._state.app.bot_user_id)
        everywhere = not self._user.is_restricted
        return [
            one
            for one in directory.conversations.values()
            if self._user.id in one.members or (everywhere and one.kind == "public_channel")
        ]

    def _conversation(self, one: Conversation) -> Payload:
        offered = offered_conversations(_EVERY_CONVERSATION, self._state.directory, self._user)
        return {
            "id": one.id,
            "name": self._state.app.name if one.direct_with else one.name,
            "kind": one.kind,
            "is_member": self._user.id in one.members,
            "is_archived": one.is_archived,
            "is_offered": one in offered,
            "has_app": self._state.app.bot_user_id in one.members,
            "members": len(one.members),
        }

    def _app(self) -> Payload:
        app = self._state.app
        features = app.manifest.features
        return {
            "name": app.name,
            "description": app.manifest.display_information.description,
            "user": app.bot_user_id,
            "commands": [
                one.model_dump(include={"command", "description", "usage_hint"}) for one in features.slash_commands
            ],
            "message_shortcuts": [one.name for one in features.shortcuts if one.type == "message"],
            "shortcuts": [
                one.model_dump(include={"name", "description"}) for one in features.shortcuts if one.type == "global"
            ],
            "has_home": features.app_home.home_tab_enabled,
            "scopes": app.scopes,
        }

    def _messages(self, conversation: Conversation) -> list[Payload]:
        """Messages and replies, oldest first, and those that only this person sees."""
        kept = self._state.messages.all_of(conversation.id)[-MOST_MESSAGES:]
        alone = [one for one in self._state.messages.seen_only_by(self._user.id) if one.channel_id == conversation.id]
        return [self._message(one) for one in sorted([*kept, *alone], key=lambda one: one.ts)]

    def _message(self, one: StoredMessage) -> Payload:
        return {**one.payload(self._state.team.id), "is_ephemeral": one.for_user is not None}

    def _view(self, view: LiveView) -> Payload:
        shown = view.payload(self._state.app.view_identity, with_state=True)
        return {**shown, "errors": dict(view.errors)}


_EVERY_CONVERSATION = ConversationsSelect(type="conversations_select")


def _person(user: User) -> Payload:
    kind = "app" if user.is_bot else "member"
    if user.is_restricted:
        kind = "single-channel guest" if user.is_ultra_restricted else "guest"
    return {"id": user.id, "name": user.name, "real_name": user.real_name, "kind": kind, "tz": user.tz}
