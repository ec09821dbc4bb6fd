"""The words of ``doctor``: what was found and what to do about it, for whoever runs the bot. All of them are here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.operations.health import Check, Finding, Subject

SUBJECTS: Mapping[Subject, str] = MappingProxyType(
    {
        Subject.SETTINGS: "settings",
        Subject.RULES: "rules",
        Subject.RULE: "rule",
        Subject.TRACES: "traces",
        Subject.DATABASE: "database",
        Subject.BOT_TOKEN: "Slack bot token",
        Subject.SCOPES: "Slack scopes",
        Subject.APP_TOKEN: "Slack app token",
        Subject.SIGNING_SECRET: "Slack signing secret",
        Subject.CLOCK: "clock",
        Subject.SCREENS: "Slack views and messages",
        Subject.CHANNEL: "channel",
        Subject.USER_GROUP: "user group",
        Subject.PERSON: "person",
        Subject.LOGIN: "Rackspace login",
        Subject.ROLE: "Rackspace role",
        Subject.REGION: "region",
    }
)
"""What each check is called."""

WHERE: Mapping[str, str] = MappingProxyType(
    {
        "SLACK_BOT_TOKEN": "api.slack.com/apps, your app, OAuth & Permissions: Bot User OAuth Token.",
        "SLACK_SIGNING_SECRET": "api.slack.com/apps, your app, Basic Information, App Credentials: Signing Secret.",
        "SLACK_APP_TOKEN": "api.slack.com/apps, your app, Basic Information, App-Level Tokens: one with the scope "
        "connections:write.",
        "RACKSPACE_USERNAME": "Rackspace control panel, My Profile & Settings: a user with the role dbaas:creator.",
        "RACKSPACE_API_KEY": "Rackspace control panel, My Profile & Settings: that user's API key.",
        "ALLOWED_PEOPLE": "In Slack, a person's profile, ⋮, Copy member ID.",
        "ALLOWED_USER_GROUPS": "In Slack, People, User groups: the group's ID begins with S.",
        "RULES_FILE": "See “Rules” in the README; `rules check` says all that is wrong with the file.",
        "ALLOWED_CHANNELS": "In Slack, a channel's details, at the bottom: Channel ID.",
    }
)
"""Where the value of a setting comes from, for those that cannot be made up."""

ELSEWHERE = "See “All settings” in the README for what it may be."


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a finding. What is in braces is one of the check's facts.

    Attributes:
        text: what was found, without a full stop.
        cure: what to do, in sentences; empty where nothing has to be done.
    """

    text: str
    cure: str = ""


_FILES: Mapping[Finding, Words] = {
    Finding.SETTINGS_USABLE: Words("all can be used"),
    Finding.RULES_USABLE: Words("{path} can be used: {gist}"),
    Finding.RULES_MISTAKE: Words(
        "{path}, {mistake}",
        "Correct the file; a bot that runs goes by the rules before it, and one that does not cannot start.",
    ),
    Finding.RULE_SAYS: Words("{sentence}"),
    Finding.TRACES_CAN_BE_SENT: Words("can be sent; whether they are taken is not checked"),
    Finding.TRACES_NOT_INSTALLED: Words(
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends them is not installed: the bot will not start",
        "Install the extra (pip install 'copy-backup-bot[otel]'), or leave the setting out.",
    ),
    Finding.DATABASE_USABLE: Words("{path} can be read and written"),
    Finding.DATABASE_IN_USE: Words("{path} is in use by {process}: a bot is running on it"),
    Finding.DATABASE_NOT_THERE_YET: Words("{path} will be made at the first start"),
    Finding.DATABASE_NOT_WRITABLE: Words(
        "{path} cannot be used: {why}",
        "Let the user that runs the bot write to {folder} and all that is in it, or set DATABASE_URL to another file.",
    ),
    Finding.DATABASE_UNREADABLE: Words(
        "{path} is no database of this bot, or is damaged: {why}",
        "Restore it from a backup, or set DATABASE_URL to another file.",
    ),
    Finding.DATABASE_NEWER: Words(
        "{path} was written by a later version of this bot", "Run that later version, or one newer than it."
    ),
    Finding.DATABASE_AWAY: Words(
        "{path} does not let the bot in: {why}",
        "See that the server runs and can be reached from here, and that host, port, database, user and password in "
        "DATABASE_URL are right.",
    ),
    Finding.DATABASE_NOT_ALLOWED: Words(
        "{path} is closed to the bot: {why}",
        "Make the bot's user the owner of a database of its own: CREATE DATABASE … OWNER ….",
    ),
    Finding.DATABASE_ENCODING: Words(
        "{path} is of the encoding {encoding}, which has no place for some names",
        "Make a database with ENCODING 'UTF8', and set DATABASE_URL to it.",
    ),
    Finding.AUDIT_KEY_DOES_NOT_FIT: Words(
        "the audit log in {path} was written with another AUDIT_KEY, or its last event was changed",
        "Set the former key again (or none, if there was none). If the key is right, `audit verify` shows what was "
        "changed.",
    ),
}

_TOKENS: Mapping[Finding, Words] = {
    Finding.BOT_TOKEN_WORKS: Words("works in the workspace {workspace}, as {user}"),
    Finding.APP_TOKEN_WORKS: Words("Slack lets the bot connect (Socket Mode)"),
    Finding.TOKEN_UNKNOWN: Words(
        "Slack does not know this token ({error})",
        "Copy it again from api.slack.com/apps, your app: the bot token from OAuth & Permissions, the app token from "
        "Basic Information.",
    ),
    Finding.TOKEN_REVOKED: Words(
        "this token was valid once, and is no more ({error})",
        "At api.slack.com/apps, your app, install it to the workspace again and set the new token.",
    ),
    Finding.TOKEN_OF_ANOTHER_KIND: Words(
        "this is a token of another kind ({error})",
        "SLACK_BOT_TOKEN is the Bot User OAuth Token (xoxb-), SLACK_APP_TOKEN an app-level token (xapp-).",
    ),
    Finding.SIGNING_SECRET_SET: Words("is set; the first request from Slack shows whether it is the right one"),
    Finding.SCOPES_GRANTED: Words("all {number} are granted"),
    Finding.SCOPES_NOT_SAID: Words("Slack did not say which ones this token has"),
    Finding.SCOPE_MISSING: Words(
        "is missing; it is needed {purpose}",
        "At api.slack.com/apps, your app, OAuth & Permissions, add it to the Bot Token Scopes and install the app to "
        "the workspace again. `manifest` prints an app with all of them.",
    ),
    Finding.APP_SCOPE_MISSING: Words(
        "its scope connections:write is missing; it is needed to receive Slack's requests",
        "At api.slack.com/apps, your app, Basic Information, generate an app-level token with the scope "
        "connections:write and set SLACK_APP_TOKEN to it.",
    ),
    Finding.SLACK_SILENT: Words(
        "no usable answer from Slack ({method}: {error})",
        "Check that this machine reaches the address in SLACK_API_URL (network, firewall, proxy), and see "
        "slack-status.com.",
    ),
    Finding.SLACK_BUSY: Words("not checked: Slack takes no more calls of {method} for now; try again in a minute"),
    Finding.SLACK_REFUSES: Words(
        "Slack refuses to say ({method}: {error})",
        "Slack explains the error at docs.slack.dev/reference/methods/{method}.",
    ),
}

_WORKSPACE: Mapping[Finding, Words] = {
    Finding.CLOCK_RIGHT: Words("{seconds} s {direction} Slack's"),
    Finding.CLOCK_WRONG: Words(
        "{seconds} s {direction} Slack's; requests are refused when it is more than 300 s off",
        "Have this machine's clock kept by a time service (timedatectl set-ntp true).",
    ),
    Finding.CLOCK_NOT_COMPARED: Words("not checked: Slack did not say what time it is"),
    Finding.SCREENS_TAKEN: Words("Slack takes all of them ({number} checked)"),
    Finding.SCREEN_REFUSED: Words(
        "Slack refuses one ({screen}): {messages}",
        "This is a mistake in the bot, or something new at Slack: see whether there is a later version, and report "
        "this line.",
    ),
    Finding.SCREENS_NOT_CHECKED: Words("not checked: Slack does not offer it here"),
    Finding.CHANNEL_OPEN: Words("the bot can post in #{name}"),
    Finding.CHANNEL_NOT_SEEN: Words(
        "it is private and the bot is not in it, or it does not exist",
        "If it is private, type /invite in it and choose this bot. Else correct ALLOWED_CHANNELS, "
        "WITNESS_CHANNEL or the file of rules.",
    ),
    Finding.CHANNEL_NOT_JOINED: Words(
        "the bot is not in #{name} and cannot post there", "Type /invite in it and choose this bot."
    ),
    Finding.CHANNEL_ARCHIVED: Words(
        "#{name} is archived", "Unarchive it, or take it out of ALLOWED_CHANNELS, WITNESS_CHANNEL or the file of rules."
    ),
    Finding.CHANNEL_IS_DIRECT: Words("not checked: it is a conversation of two, which the bot's scopes do not show"),
    Finding.USER_GROUP_KNOWN: Words("people in it: {people}"),
    Finding.USER_GROUP_UNKNOWN: Words(
        "there is no such user group in this workspace",
        "Correct ALLOWED_USER_GROUPS or the file of rules: ids, not names, as S0604QSJC.",
    ),
    Finding.PERSON_MAY: Words("{name}"),
    Finding.PERSON_NEVER_MAY: Words(
        "{name} is {kind}, and never may use the bot", "Take the id out of ALLOWED_PEOPLE or the file of rules."
    ),
    Finding.PERSON_UNKNOWN: Words(
        "there is nobody with this id in this workspace",
        "Correct ALLOWED_PEOPLE or the file of rules: ids, not names, as U024BE7LH.",
    ),
}

_CLOUD: Mapping[Finding, Words] = {
    Finding.LOGIN_WORKS: Words("works; this account has databases in {regions}"),
    Finding.CREDENTIALS_REFUSED: Words(
        "Identity refuses the username or the API key ({answer}: {message})",
        "Copy both again from the Rackspace control panel, My Profile & Settings, into RACKSPACE_USERNAME and "
        "RACKSPACE_API_KEY. An account in London has an Identity of its own: RACKSPACE_IDENTITY_URL.",
    ),
    Finding.IDENTITY_SILENT: Words(
        "no login from Identity ({answer}: {message})",
        "Check that this machine reaches it (network, firewall, proxy; RACKSPACE_IDENTITY_URL if it is set), and see "
        "Rackspace's status page.",
    ),
    Finding.ROLE_MAY_COPY: Words("{roles} may copy backups"),
    Finding.ROLE_MAY_NOT_COPY: Words(
        "{roles} may look, but not copy: every copy would be refused with 403",
        "Have an administrator of the account give this user the role dbaas:creator or dbaas:admin.",
    ),
    Finding.ROLE_NOT_KNOWN: Words("{roles}: nothing that says whether it may copy; the first copy will show it"),
    Finding.REGION_ANSWERS: Words("answers at {endpoint}"),
    Finding.REGION_NOT_IN_CATALOGUE: Words(
        "this account has no Cloud Databases there",
        "Take it out of REGIONS, or have Rackspace switch Cloud Databases on there.",
    ),
    Finding.REGION_FORBIDDEN: Words(
        "it does not let this user look at backups ({answer}: {message})",
        "Have an administrator of the account give this user the role dbaas:creator or dbaas:admin.",
    ),
    Finding.REGION_BUSY: Words("not checked: the account's limit of requests is used up ({answer}); try again later"),
    Finding.REGION_DOWN: Words(
        "it does not work at the moment ({answer}: {message})",
        "Check that this machine reaches it, and see Rackspace's status page. Until then only copies between the "
        "others work.",
    ),
}

_LOOKING: Mapping[Finding, Words] = {
    Finding.NOT_LOOKED_AT: Words("not checked: {first} first"),
    Finding.TOO_SLOW: Words(
        "no answer within {seconds} s", "Check the network between this machine and the service, and try again."
    ),
    Finding.UNEXPECTED: Words(
        "the check itself broke ({error})", "This is a mistake in the bot: report it with the lines of the log."
    ),
}

WORDS: Mapping[Finding, Words] = MappingProxyType({**_FILES, **_TOKENS, **_WORKSPACE, **_CLOUD, **_LOOKING})
"""For each finding."""


def name_of(check: Check) -> str:
    """What was checked."""
    called = SUBJECTS[check.subject]
    if check.finding is Finding.SCOPE_MISSING:
        called = "Slack scope"
    return _on_one_line(f"{called} {check.item}".rstrip())


def told(check: Check) -> Words:
    """What was found, and what to do, in plain text on one line each."""
    words = WORDS[check.finding]
    facts = {name: _on_one_line(value) for name, value in check.facts.items()}
    if "first" in facts:
        facts["first"] = SUBJECTS[Subject(facts["first"])]
    return Words(words.text.format_map(facts), words.cure.format_map(facts))


def where_it_comes_from(setting: str) -> str:
    """Where to find the value of a setting."""
    return WHERE.get(setting, ELSEWHERE)


def _on_one_line(text: str) -> str:
    """Text of others without what could move a terminal's cursor or colour it."""
    return "".join(character if character.isprintable() else " " for character in text)
