"""Who did something, from what Slack sends."""

from bot.domain.people import Person
from bot.slack.desk import ShowView
from bot.slack.errands import Tell
from bot.slack.guard import Visit
from bot.slack.payloads import Interaction, InView
from bot.slack.views import notices


def visit_of(interaction: Interaction, attempted: str, *, as_approver: bool = False) -> Visit:
    """Who wants what, and where.

    Args:
        interaction: as Slack sent it.
        attempted: what is tried, in the bot's own words.
        as_approver: whether it is something that approvers may do.
    """
    user = interaction.user
    return Visit(
        person=Person(user.id, user.username or user.name),
        team=interaction.team.id if interaction.team else None,
        person_team=user.team_id,
        channel=interaction.channel.id if interaction.channel else None,
        attempted=attempted,
        in_own_view=isinstance(interaction, InView),
        as_approver=as_approver,
    )


def telling_in_view(show: ShowView) -> Tell:
    """Tells a person, in the view they wait in front of, the id of something unexpected."""

    async def tell(incident: str) -> None:
        await show(notices.draw_unexpected(incident))

    return tell
