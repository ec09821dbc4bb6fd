"""Who and what is in the workspace: people, user groups and channels with their members."""

import random
import string
from dataclasses import dataclass, field

from bot.sandbox.workspace.refusals import Payload, SlackError

_LETTERS = string.ascii_uppercase + string.digits
_PEOPLE = (  # name, real name, time zone, its label, its offset in seconds
    ("alice", "Alice Moreau", "America/Chicago", "Central Standard Time", -21600),
    ("bob", "Bob Okafor", "Europe/London", "Greenwich Mean Time", 0),
    ("ana", "Ana Lind", "Europe/Stockholm", "Central European Time", 3600),
    ("carol", "Carol Ito", "Asia/Tokyo", "Japan Standard Time", 32400),
    ("greg", "Greg Guest", "America/New_York", "Eastern Standard Time", -18000),
    ("otto", "Otto Single", "America/New_York", "Eastern Standard Time", -18000),
)
_MEMBERS = ("alice", "bob", "ana", "carol")


def new_id(prefix: str, numbers: random.Random) -> str:
    """An id as Slack makes them: a letter for the kind, then ten letters and digits."""
    return prefix + "".join(numbers.choices(_LETTERS, k=10))


@dataclass(slots=True)
class User:
    """An account of the workspace: a person's, a guest's or a bot's."""

    id: str
    name: str
    real_name: str
    tz: str = "America/Chicago"
    tz_label: str = "Central Standard Time"
    tz_offset: int = -21600
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False

    def payload(self, team_id: str) -> Payload:
        """The account as `users.info` gives it (without `email`: that needs a scope of its own)."""
        return {
            "id": self.id,
            "team_id": team_id,
            "name": self.name,
            "deleted": self.deleted,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz_label,
            "tz_offset": self.tz_offset,
            "profile": {"real_name": self.real_name, "display_name": self.name, "team": team_id},
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_bot": self.is_bot,
            "is_app_user": False,
        }


@dataclass(slots=True)
class UserGroup:
    """People who are mentioned together."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list)

    def payload(self, team_id: str) -> Payload:
        """The group as `usergroups.list` gives it."""
        return {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_delete": 0,
            "user_count": len(self.members),
        }


@dataclass(slots=True)
class Conversation:
    """A public or private channel, or a direct message of a person and the app or of two people.

    Attributes:
        members: Ids of the people and bots who are in it.
        direct_with: The person of a direct message, None for channels.
        posting_restricted: Only a few people may post here (`restricted_action` for the app).
    """

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    members: set[str] = field(default_factory=set)
    direct_with: str | None = None
    posting_restricted: bool = False
    created: int = 1_700_000_000

    @property
    def kind(self) -> str:
        """The type as `users.conversations` names it: public_channel, private_channel or im."""
        if self.direct_with is not None:
            return "im"
        return "private_channel" if self.is_private else "public_channel"

    @property
    def name_in_payloads(self) -> str:
        """The name as commands and interactions carry it: private ones are not named."""
        return {"im": "directmessage", "private_channel": "privategroup"}.get(self.kind, self.name)

    def payload(self, asking: str) -> Payload:
        """The conversation as `conversations.info` gives it to the account `asking`."""
        if self.direct_with is not None:
            return {
                "id": self.id,
                "created": self.created,
                "is_im": True,
                "is_org_shared": False,
                "user": self.direct_with,
                "is_archived": False,
                "is_user_deleted": False,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "is_member": asking in self.members,
            "created": self.created,
            "creator": "USLACKBOT",
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }


class Directory:
    """The people, groups and conversations of one workspace, found by id or by name."""

    def __init__(self, numbers: random.Random) -> None:
        """Fills the workspace with its few people.

        Args:
            numbers: Where ids come from.
        """
        self._numbers = numbers
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.conversations: dict[str, Conversation] = {}
        for name, real_name, tz, tz_label, tz_offset in _PEOPLE:
            self.add_user(User(new_id("U", numbers), name, real_name, tz, tz_label, tz_offset))
        self.user_named("greg").is_restricted = True
        otto = self.user_named("otto")
        otto.is_restricted = otto.is_ultra_restricted = True
        self._add_groups_and_channels()

    def _add_groups_and_channels(self) -> None:
        for handle, name, people in (("dba", "Databases", ("ana",)), ("approvers", "Approvers", ("carol",))):
            group = UserGroup(new_id("S", self._numbers), handle, name, [self.user_named(one).id for one in people])
            self.groups[group.id] = group
        self.add_channel("databases", (*_MEMBERS, "greg", "otto"))
        self.add_channel("general", (*_MEMBERS, "greg"))
        self.add_channel("ops-private", ("alice", "ana", "carol"), is_private=True)
        self.add_channel("archive", _MEMBERS).is_archived = True

    def add_user(self, user: User) -> User:
        """Adds an account."""
        self.users[user.id] = user
        return user

    def add_person(self, name: str, real_name: str | None = None) -> User:
        """Adds a full member, who is in #general."""
        user = self.add_user(User(new_id("U", self._numbers), name, real_name or name.title()))
        self.channel_named("general").members.add(user.id)
        return user

    def add_channel(self, name: str, people: tuple[str, ...] = (), *, is_private: bool = False) -> Conversation:
        """Adds a channel with these people in it."""
        members = {self.user_named(one).id for one in people}
        channel = Conversation(new_id("C", self._numbers), name, is_private=is_private, members=members)
        self.conversations[channel.id] = channel
        return channel

    def direct_message(self, user_id: str, other_id: str) -> Conversation:
        """The direct message of a person and the app, or of two people, made when it is not there yet."""
        both = {user_id, other_id}
        for conversation in self.conversations.values():
            if conversation.direct_with is not None and conversation.members == both:
                return conversation
        made = Conversation(new_id("D", self._numbers), "directmessage", members=both, direct_with=user_id)
        self.conversations[made.id] = made
        return made

    def user_named(self, name: str) -> User:
        """The account of this name.

        Raises:
            LookupError: There is none.
        """
        for user in self.users.values():
            if user.name == name.removeprefix("@"):
                return user
        raise LookupError(f"Nobody in this workspace is called {name!r}.")

    def channel_named(self, name: str) -> Conversation:
        """The channel of this name, with or without `#`, or of this id.

        Raises:
            LookupError: There is none.
        """
        for conversation in self.conversations.values():
            if name == conversation.id or (
                conversation.direct_with is None and conversation.name == name.removeprefix("#")
            ):
                return conversation
        raise LookupError(f"There is no channel {name!r} in this workspace.")

    def group_named(self, handle: str) -> UserGroup:
        """The user group of this handle, with or without `@`.

        Raises:
            LookupError: There is none.
        """
        for group in self.groups.values():
            if group.handle == handle.removeprefix("@"):
                return group
        raise LookupError(f"There is no user group {handle!r} in this workspace.")

    def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            SlackError: `user_not_found`.
        """
        if user_id not in self.users:
            raise SlackError("user_not_found")
        return self.users[user_id]

    def visible_conversation(self, channel_id: str, asking: str) -> Conversation:
        """The conversation with this id, if the account `asking` can see it.

        Raises:
            SlackError: `channel_not_found`: there is none, or it is private and `asking` is not in it.
        """
        conversation = self.conversations.get(channel_id)
        if conversation is None or (conversation.kind != "public_channel" and asking not in conversation.members):
            raise SlackError("channel_not_found")
        return conversation
