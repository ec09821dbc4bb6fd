"""The words for every reason why something cannot be done or failed: what happened, what it means, what to do, and
who can do it (``cloud-databases-api.md``, Faults). Read by somebody tired, at 3 a.m.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME
from bot.domain.plan import MOST_COPIES
from bot.domain.reasons import Reason
from bot.slack.views.denial_words import DENIALS
from bot.slack.views.reason_text import Who, Words

_NOT_POSSIBLE: Mapping[Reason, Words] = {
    Reason.REGION_NOT_ALLOWED: Words(
        "No copies from or to this region",
        "Backups can be copied only between the regions that the form offers. {about} is not one of them, and London "
        "(LON) can never be.",
        "Choose another region.",
        Who.YOU,
        unnamed="this region",
    ),
    Reason.SAME_REGION: Words(
        "From and To are the same region",
        "The backup is in {about} already; a copy goes to another region.",
        "Choose another region to copy to.",
        Who.YOU,
        unnamed="that region",
    ),
    Reason.BACKUP_NOT_FOUND: Words(
        "No such backup",
        "Cloud Databases has no such backup in {about}. It may have been deleted a moment ago (schedules rotate old "
        "backups away), or it is in another region.",
        "Choose another backup, or another region to copy from.",
        Who.YOU,
        unnamed="this region",
    ),
    Reason.NOTHING_NEWER: Words(
        "There is nothing newer to copy",
        "No backup of {about} that could be restored is newer than what is in the destination.",
        "See whether backups of the instance are still being made, and whether their chains are whole.",
        Who.YOU,
        unnamed="this instance",
    ),
    Reason.BACKUP_NOT_COPYABLE: Words(
        "This backup cannot be copied now",
        "Its status is {about}; only a COMPLETED backup can be copied.",
        "If it is being made or copied, wait until it is COMPLETED. If it has failed, choose another one.",
        Who.YOU,
        unnamed="not COMPLETED",
    ),
    Reason.PARENT_MISSING: Words(
        "Its parent is not in the destination",
        "This is an incremental backup: it needs its parent {about}, which is not in the destination. "
        "Cloud Databases would refuse this copy.",
        "Copy the whole chain, oldest first: the form and the confirmation offer it.",
        Who.YOU,
        unnamed="backup",
    ),
    Reason.PARENT_GONE: Words(
        "Its chain is broken",
        "This is an incremental backup, and its parent {about} has been deleted, has failed or cannot be seen, "
        "here and in the destination. Without it nothing can be restored from this backup, so it cannot be copied.",
        "Make a new full backup of the instance and copy that, or choose a full backup that is still there.",
        Who.YOU,
        unnamed="backup",
    ),
    Reason.TOO_MANY_COPIES: Words(
        "Too many copies at once",
        f"This would make {{about}} copies; one order may make {MOST_COPIES}.",
        "Choose fewer backups or regions. For a very long chain, copy an older backup of it first, then the rest.",
        Who.YOU,
        unnamed="more",
    ),
    Reason.NAME_MISSING: Words(
        "The copy needs a name",
        "The name is empty.",
        f"Give it a name of 1 to {LONGEST_NAME} characters.",
        Who.YOU,
    ),
    Reason.NAME_TOO_LONG: Words(
        "The name is too long",
        f"It has {{about}} characters; Cloud Databases takes {LONGEST_NAME} at most.",
        "Shorten it.",
        Who.YOU,
        unnamed="too many",
    ),
    Reason.DESCRIPTION_TOO_LONG: Words(
        "The description is too long",
        f"It has {{about}} characters; {LONGEST_DESCRIPTION} at most fit.",
        "Shorten it.",
        Who.YOU,
        unnamed="too many",
    ),
    Reason.COPY_EXISTS: Words(
        "There is a copy already",
        "A copy of this backup is in the destination already: {about}. Another one would cost as much storage again.",
        "Use the one that is there. If you want a second one on purpose, choose it in the form and tick “Copy "
        "again on purpose” there.",
        Who.YOU,
        unnamed="under another name",
    ),
    Reason.COPY_UNDER_WAY: Words(
        "It is being copied already",
        "A copy of this backup to the same region is under way (id {about}). One copy is enough, and Cloud Databases "
        "would refuse a second one now.",
        "Wait for that one: its message says how it goes.",
        Who.TIME,
        unnamed="unknown",
    ),
    Reason.PLAN_CHANGED: Words(
        "Something has changed since you looked",
        "The backup, its parent or the destination is not what the plan showed any more. Nothing was sent.",
        "Look at the new plan and confirm it if it is still what you want.",
        Who.YOU,
    ),
    Reason.CHANNEL_CLOSED: Words(
        "The bot cannot post in this channel",
        "It could not tell anybody how the copy goes. Slack says: {about}.",
        "Invite the bot to the channel, or choose another one.",
        Who.YOU,
        unnamed="no reason given",
    ),
}

_ANSWERED: Mapping[Reason, Words] = {
    Reason.BAD_REQUEST: Words(
        "Cloud Databases finds the request wrong",
        "It refused the copy because something in the request is missing or not valid: the region, the name, or the "
        "parent of an incremental, which has to be in the destination first. Nothing was copied.",
        "Read its own message below: it says which. Correct that and ask again.",
        Who.YOU,
    ),
    Reason.UNAUTHORIZED: Words(
        "Cloud Databases does not accept the bot's login",
        "The token was refused, and a new one too. Nothing was copied.",
        "The username, API key and account of this bot have to be checked. Run `doctor` on its machine.",
        Who.OPERATOR,
    ),
    Reason.FORBIDDEN: Words(
        "The bot's account may not copy backups",
        "Its role is too small, or it has no access to this account's databases: an observer may look, but not copy. "
        "Nothing was copied.",
        "Give the bot's user the role `dbaas:creator` or `dbaas:admin`, then try again.",
        Who.ADMINISTRATOR,
    ),
    Reason.NOT_FOUND: Words(
        "The backup is not there any more",
        "Cloud Databases does not know it in this region: it was deleted meanwhile, or it is in another region. "
        "Schedules rotate old backups away. Nothing was copied.",
        "Choose a backup that is still there.",
        Who.YOU,
    ),
    Reason.METHOD_NOT_ALLOWED: Words(
        "Cloud Databases does not allow this action here",
        "It knows the backup, and does not take a copy action on it. Nothing was copied.",
        "Trying again will not help. Show support the answer below.",
        Who.SUPPORT,
    ),
    Reason.OVER_LIMIT: Words(
        "Too many requests in a short time",
        "The account's limit for requests is used up, perhaps by somebody else's tools. Nothing was copied.",
        "Wait a few minutes, then try again.",
        Who.TIME,
    ),
    Reason.UNSUPPORTED_MEDIA_TYPE: Words(
        "Cloud Databases does not understand the request's format",
        "It refused the format, not what was asked for; something between the bot and the service may change requests "
        "on their way. Nothing was copied.",
        "Trying again will not help. Check for a proxy between the bot and the service; if there is none, it is a "
        "mistake in the bot.",
        Who.OPERATOR,
    ),
    Reason.UNPROCESSABLE: Words(
        "Not possible at the moment",
        "Cloud Databases cannot do it just now: most likely a copy of this backup runs already, started elsewhere. "
        "Nothing was copied by this request.",
        "Wait until the backup is COMPLETED again, then try again.",
        Who.TIME,
    ),
    Reason.INSTANCE_FAULT: Words(
        "Cloud Databases had an internal error",
        "It does not say whether the copy began before the error, so the bot looks at both regions before it does "
        "anything else.",
        "If it happens again, show support the answer below.",
        Who.SUPPORT,
    ),
    Reason.NOT_IMPLEMENTED: Words(
        "Cloud Databases cannot copy backups here",
        "This deployment does not have the copy function at all. Nothing was copied.",
        "Trying again will not help. Ask support whether copies are possible for this account and region.",
        Who.SUPPORT,
    ),
    Reason.SERVICE_UNAVAILABLE: Words(
        "Cloud Databases is down",
        "The service is not available at the moment. Nothing was copied.",
        "Wait and try again. Rackspace's status page says more.",
        Who.TIME,
    ),
    Reason.UNEXPECTED_ANSWER: Words(
        "An answer that makes no sense",
        "Something answered in a way that Cloud Databases does not, perhaps a proxy in front of it. Whether anything "
        "began is not known from it, so the bot looks before it does anything else.",
        "Try again later. If it stays so, show support the answer below.",
        Who.SUPPORT,
    ),
    Reason.NO_ANSWER: Words(
        "No answer",
        "The connection was lost or took too long. Whether the request arrived is not known, so the bot looks before "
        "it does anything else.",
        "Try again later. If it stays so, the network between the bot and the service has to be looked at.",
        Who.OPERATOR,
    ),
    Reason.CREDENTIALS_REFUSED: Words(
        "Rackspace does not know the bot's username and API key",
        "The login itself was refused: the key was changed, or the user is disabled. Nothing was copied.",
        "Set `RACKSPACE_USERNAME` and `RACKSPACE_API_KEY` anew and restart the bot; `doctor` on its machine checks "
        "them.",
        Who.OPERATOR,
    ),
    Reason.IDENTITY_UNAVAILABLE: Words(
        "Rackspace's login service is down",
        "The bot cannot log in at the moment, so it cannot ask Cloud Databases anything. Nothing was copied.",
        "Wait and try again. Rackspace's status page says more.",
        Who.TIME,
    ),
    Reason.NO_ENDPOINT: Words(
        "The account has no Cloud Databases in this region",
        "Rackspace's catalogue names no address for Cloud Databases in {about}. Nothing was copied.",
        "Choose another region, or have Cloud Databases switched on there.",
        Who.ADMINISTRATOR,
        unnamed="this region",
    ),
}

_ENDED: Mapping[Reason, Words] = {
    Reason.COPY_FAILED: Words(
        "The copy failed in Cloud Databases",
        "It had begun, and the service then marked it as failed. There is no usable copy in the destination; the "
        "original is untouched.",
        "Try again. If it fails again, show support the id of the backup and the time.",
        Who.SUPPORT,
    ),
    Reason.COPY_NEVER_APPEARED: Words(
        "The copy ended without a result",
        "Cloud Databases took the request and shows the original as COMPLETED again, but no new backup is in the "
        "destination. It does not say why.",
        "Try again. If it ends so again, show support the id of the backup and the time.",
        Who.SUPPORT,
    ),
    Reason.WATCHED_TOO_LONG: Words(
        "The copy takes too long",
        "It was watched for longer than anybody waits, and has neither arrived nor failed. The bot has stopped "
        "watching; the copy may still arrive.",
        "Look into the destination region. If it is not there, show support the id of the backup and the time.",
        Who.SUPPORT,
    ),
    Reason.OUTCOME_UNKNOWN: Words(
        "Nobody knows whether the copy began",
        "The request was sent and no clear answer came back, and neither region shows whether it began.",
        "Look into the Rackspace control panel, then tell the bot with the buttons at its message.",
        Who.YOU,
    ),
    Reason.STOPPED: Words(
        "Stopped",
        "It was stopped before anything had begun. Nothing was copied.",
        "Nothing has to be done. It can be asked for again at any time.",
        Who.YOU,
    ),
    Reason.PARENT_NOT_COPIED: Words(
        "Left undone",
        "What it was made from has not arrived in the destination, so it was not sent. Nothing was copied.",
        "See what became of its parent, then try again: what is there already is left out.",
        Who.YOU,
    ),
    Reason.BACKUP_CHANGED: Words(
        "The backup is not the one that was confirmed",
        "Its size or its parent has changed since the plan was confirmed, so it was not sent. Nothing was copied.",
        "Try again: the plan is made anew, and shown before anything is sent.",
        Who.YOU,
    ),
    Reason.ROTATED_AWAY: Words(
        "The schedule has deleted the backup",
        "This backup was made by a schedule, and it is gone: schedules keep only the newest full backups, and delete "
        "the others with all that was made from them. Nothing was copied.",
        "Copy a backup of the newer week. To keep old ones, let the schedule keep more, or copy them sooner.",
        Who.YOU,
    ),
    Reason.UNEXPECTED: Words(
        "Something in the bot broke",
        "This is a mistake in the bot, not in what you did.",
        "Tell whoever runs this bot, with the id that was given.",
        Who.OPERATOR,
    ),
}

WORDS: Mapping[Reason, Words] = MappingProxyType({**_NOT_POSSIBLE, **DENIALS, **_ANSWERED, **_ENDED})
"""Every reason has its words."""
