"""The words for every reason why somebody may not: who they are, and what the rules say."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.reasons import Reason
from bot.slack.views.reason_text import Who, Words

DENIALS: Mapping[Reason, Words] = MappingProxyType(
    {
        Reason.PERSON_NOT_ALLOWED: Words(
            "You may not use this bot",
            "Copying backups is limited to certain people, and you are not one of them. Nothing was done.",
            "Ask whoever runs this bot to add you, or ask a colleague who may.",
            Who.OPERATOR,
        ),
        Reason.PERSON_IS_GUEST: Words(
            "Guests may not use this bot",
            "Guests of this workspace and people of other workspaces cannot copy backups. Nothing was done.",
            "Ask a full member of this workspace who may.",
            Who.YOU,
        ),
        Reason.PERSON_IS_BOT: Words(
            "Bots may not use this bot",
            "A copy has to be asked for by a person. Nothing was done.",
            "Have a person ask for it.",
            Who.YOU,
        ),
        Reason.PERSON_UNKNOWN: Words(
            "It could not be found out who you are",
            "Slack did not say whether you may use this bot, and in doubt the answer is no. Nothing was done.",
            "Try again in a minute. If it stays so, tell whoever runs this bot.",
            Who.TIME,
        ),
        Reason.CHANNEL_NOT_ALLOWED: Words(
            "Not from this channel",
            "This bot may be used from certain channels only, and this is not one of them. Nothing was done.",
            "Ask again from a channel that is meant for it. Whoever runs this bot knows which.",
            Who.YOU,
        ),
        Reason.WRONG_WORKSPACE: Words(
            "Not from this workspace",
            "This bot serves another Slack workspace. Nothing was done.",
            "Ask from the workspace that the bot is installed in.",
            Who.YOU,
        ),
        Reason.NOT_FROM_SLACK: Words(
            "The request did not come from Slack",
            "Its signature is missing, wrong or too old. Nothing was done.",
            "If a person's click was refused so, check the signing secret and the clock of the bot's machine.",
            Who.OPERATOR,
        ),
        Reason.NOT_IN_RULES: Words(
            "The rules do not let you copy this",
            "You may use this bot, but no rule lets you copy this backup from {about}. Nothing was sent.",
            "Ask a colleague who may, or whoever runs this bot to change the rules.",
            Who.OPERATOR,
            unnamed="here to there",
        ),
        Reason.FROZEN: Words(
            "No copies at the moment",
            "Copies like this one are closed for now: {about}. Nothing was sent.",
            "Wait until that is over, or talk to whoever closed it. Who may break the glass, can.",
            Who.OPERATOR,
            unnamed="no reason was given",
        ),
        Reason.TOO_MANY_RUNNING: Words(
            "Too many copies are running",
            "With this more would be copied at the same time than the rules allow: {about}. Nothing was sent.",
            "Wait until some have ended: `status` shows them.",
            Who.TIME,
            unnamed="there is a limit",
        ),
        Reason.TOO_MANY_COPIES_A_DAY: Words(
            "Too many copies in a day",
            "With this there would be more copies in 24 hours than the rules allow: {about}. Nothing was sent.",
            "Ask again tomorrow, or ask a colleague.",
            Who.TIME,
            unnamed="there is a limit",
        ),
        Reason.TOO_MUCH_A_DAY: Words(
            "Too much copied in a day",
            "With this more would be copied in 24 hours than the rules allow: {about}. Nothing was sent.",
            "Ask again tomorrow, or ask a colleague.",
            Who.TIME,
            unnamed="there is a limit",
        ),
        Reason.ROLE_CANNOT_COPY: Words(
            "The bot's account may only look",
            "The Rackspace user of this bot has the role {about}, which may not copy backups. Nothing was sent.",
            "Have an administrator of the account give that user the role dbaas:creator or dbaas:admin.",
            Who.ADMINISTRATOR,
            unnamed="dbaas:observer",
        ),
        Reason.DECLINED: Words(
            "It was declined",
            "Somebody who has to agree to it said no: {about}. Nothing was copied.",
            "Talk to them; then ask again.",
            Who.YOU,
            unnamed="no reason was given",
        ),
        Reason.APPROVAL_EXPIRED: Words(
            "Nobody agreed in time",
            "It needed the agreement of somebody else, and that did not come in time. Nothing was copied.",
            "Find somebody who may agree, then ask again.",
            Who.YOU,
        ),
    }
)
