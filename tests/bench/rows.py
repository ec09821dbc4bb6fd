"""The rows of the speed table (``design.md``, Speed): each reads its numbers from the results and judges them.

A new row is a function from `Results` to `Verdict` in `ROWS`; what has to be measured for it goes into `measures`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.bench.contestants.entries import Contestant
from tests.bench.measuring import Measure, Results, forms_a_second, milliseconds_to_acknowledge

ONE = 1
CROWD = 64
OTHER_CROWDS = (10, 50, 200)
"""Measured by the long table only."""

GOAL_ALONE_MS = 1.0
GOAL_TIMES_THE_BEST = 1.5
NEAR_ENOUGH = 0.75
"""The part of what the leanest app with Bolt does that counts as "as near as Bolt lets us": that app opens a
constant, this bot a form that it draws for the person."""

TIMES = "times"
"""The unit of rows that are ratios themselves, of what should stay small."""

COMPETITORS = (
    Contestant.BOLT_ON_UVICORN,
    Contestant.BOLT_ON_AIOHTTP,
    Contestant.BOLT_ON_HTTP_SERVER,
    Contestant.SLACK_MACHINE,
)
"""What a person could use instead."""

IN_SOCKET_MODE = (Contestant.BOLT_IN_SOCKET_MODE, Contestant.SLACK_MACHINE)
"""The same of it, where Slack's requests come by Socket Mode."""

ALONE_BESIDE = (Contestant.BOLT_ON_UVICORN, Contestant.LEANEST_BOLT, Contestant.BARE_ASGI)
LEANEST = (Contestant.LEANEST_BOLT, Contestant.BARE_ASGI)
BESIDE_OTHER_CROWDS = (Contestant.BOLT_ON_UVICORN, *LEANEST)


@dataclass(frozen=True, slots=True)
class Reference:
    """What the same measure gives for somebody else.

    Attributes:
        name: whose it is.
        measured: the number; ``None`` where it was not measured.
        times_as_fast: how many times as fast as this one the bot is (see `Results.times`); ``None`` where one of both
            was not measured.
        decides: whether the goal is set against this one.
    """

    name: str
    measured: float | None
    times_as_fast: float | None
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table.

    Attributes:
        what: was measured.
        goal: in words.
        unit: of all numbers.
        measured: of this bot; ``None`` where it was not measured.
        references: beside it.
        holds: whether the goal is reached; ``None`` where that could not be measured.
    """

    what: str
    goal: str
    unit: str
    measured: float | None
    references: tuple[Reference, ...]
    holds: bool | None


def measures(seconds: float, crowds: Iterable[int] = ()) -> tuple[Measure, ...]:
    """What has to be measured for all rows.

    Args:
        seconds: of one turn of a crowd; that of one person is half as long.
        crowds: that are measured besides: people at a time.
    """
    return (
        Measure(ONE, seconds / 2, (Contestant.THIS_BOT, *ALONE_BESIDE)),
        Measure(CROWD, seconds, tuple(Contestant)),
        *(Measure(crowd, seconds, (Contestant.THIS_BOT, *BESIDE_OTHER_CROWDS)) for crowd in crowds),
    )


def acknowledged_alone(results: Results) -> Verdict:
    """Row 1: how long one person waits for the acknowledgement of a command, with nobody else there."""
    ours = results.median(milliseconds_to_acknowledge, ONE, Contestant.THIS_BOT)
    return Verdict(
        what="A command alone: acknowledged, median",
        goal=f"less than {GOAL_ALONE_MS:g} ms",
        unit="ms",
        measured=ours,
        references=tuple(
            Reference(
                one.label,
                results.median(milliseconds_to_acknowledge, ONE, one),
                results.times(milliseconds_to_acknowledge, ONE, one, Contestant.THIS_BOT),
            )
            for one in ALONE_BESIDE
        ),
        holds=None if ours is None else ours < GOAL_ALONE_MS,
    )


def forms_against_the_best(results: Results) -> Verdict:
    """Row 2: forms opened by a crowd, against the best of what a person could use instead."""
    best = max(COMPETITORS, key=lambda one: results.median(forms_a_second, CROWD, one) or 0.0)
    return _forms(
        results,
        what=f"Forms opened, {CROWD} at a time, against what could be used instead",
        goal=f"at least {GOAL_TIMES_THE_BEST:g} times the best",
        beside=COMPETITORS,
        decisive=best,
        least=GOAL_TIMES_THE_BEST,
    )


def forms_in_socket_mode(results: Results) -> Verdict:
    """Row 2 where both sides use Socket Mode, which is the only thing that slack-machine knows."""
    best = max(IN_SOCKET_MODE, key=lambda one: results.median(forms_a_second, CROWD, one) or 0.0)
    return _forms(
        results,
        what=f"Forms opened, {CROWD} at a time, all by Socket Mode",
        goal=f"at least {GOAL_TIMES_THE_BEST:g} times the best",
        beside=IN_SOCKET_MODE,
        decisive=best,
        least=GOAL_TIMES_THE_BEST,
        ours=Contestant.THIS_BOT_IN_SOCKET_MODE,
    )


def forms_of_other_crowds(results: Results) -> list[Verdict]:
    """The same for the other crowds that were measured, against Bolt on the same server."""
    return [
        _forms(
            results,
            what=f"Forms opened, {crowd} at a time",
            goal=f"at least {GOAL_TIMES_THE_BEST:g} times Bolt on the same server",
            beside=BESIDE_OTHER_CROWDS,
            decisive=Contestant.BOLT_ON_UVICORN,
            least=GOAL_TIMES_THE_BEST,
            crowd=crowd,
        )
        for crowd in OTHER_CROWDS
        if (crowd, Contestant.THIS_BOT) in results.outcomes
    ]


def forms_against_bare_asgi(results: Results) -> Verdict:
    """Row 3: the same against no framework at all, and against the least that Bolt costs."""
    return _forms(
        results,
        what=f"Forms opened, {CROWD} at a time, against no framework at all",
        goal=f"as near as Bolt lets us: at least {NEAR_ENOUGH:g} times the leanest app with Bolt",
        beside=LEANEST,
        decisive=Contestant.LEANEST_BOLT,
        least=NEAR_ENOUGH,
    )


ROWS: Sequence[Callable[[Results], Verdict]] = (
    acknowledged_alone,
    forms_against_the_best,
    forms_in_socket_mode,
    forms_against_bare_asgi,
)


def _forms(
    results: Results,
    *,
    what: str,
    goal: str,
    beside: Iterable[Contestant],
    decisive: Contestant,
    least: float,
    crowd: int = CROWD,
    ours: Contestant = Contestant.THIS_BOT,
) -> Verdict:
    reached = results.times(forms_a_second, crowd, ours, decisive)
    return Verdict(
        what=what,
        goal=goal,
        unit="/s",
        measured=results.median(forms_a_second, crowd, ours),
        references=tuple(
            Reference(
                one.label,
                results.median(forms_a_second, crowd, one),
                results.times(forms_a_second, crowd, ours, one),
                decides=one is decisive,
            )
            for one in beside
        ),
        holds=None if reached is None else reached >= least,
    )
