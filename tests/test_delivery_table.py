"""What every error code of Discord's means for what is delivered: one table, and who is told."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.delivery.failures import CODES, RULES, TRY_AGAIN, Failure, Kind, failure_of, reason_of
from bot.delivery.outbox import Outcome, keeps, pauses, settled
from cogs.delivery.channels import Form
from cogs.delivery.port import LADDER, lesser
from storage import alerts
from storage.records import SERVER_TARGET, Alert, AlertKind, RunState
from tests.alerted import link_named, set_up
from tests.conftest import World
from tests.refusals import refused
from tests.test_delivery import deliver, told

NOW = dt.datetime(2026, 3, 16, 8, tzinfo=dt.UTC)
PASSING, MENDABLE, UNTIL_NEXT, ITSELF = (
    "again in minutes",
    "the same after a day",
    "the next after a day",
    "itself alone",
)

TABLE = {
    10003: (404, UNTIL_NEXT, None, True),
    10004: (404, UNTIL_NEXT, None, False),
    10013: (404, UNTIL_NEXT, None, False),
    20009: (403, UNTIL_NEXT, "bare", True),
    20016: (429, PASSING, None, False),
    20028: (429, PASSING, None, False),
    40003: (403, PASSING, None, False),
    40005: (413, ITSELF, "plain", True),
    50001: (403, MENDABLE, None, True),
    50006: (400, ITSELF, "plain", True),
    50007: (403, MENDABLE, None, False),
    50013: (403, MENDABLE, None, True),
    50035: (400, ITSELF, "plain", True),
    50045: (400, ITSELF, "plain", True),
    50278: (403, MENDABLE, None, False),
    130000: (503, PASSING, None, False),
    200000: (400, UNTIL_NEXT, "bare", True),
    240000: (400, UNTIL_NEXT, "bare", True),
}
"""code -> (status, what is tried again, the least form that is tried at once, whether managers are told)."""


def test_every_known_code_is_in_the_table() -> None:
    assert TABLE.keys() == CODES.keys()


def forms_of(failure: Failure, *, direct: bool = False) -> list[Form]:
    """The forms in which a message is tried that Discord refuses in each."""
    forms = [Form.LAYOUT]
    while (less := lesser(failure, forms[-1], direct=direct)) is not None:
        forms.append(less)
    return forms


def test_a_refusal_for_a_piece_of_it_costs_that_piece() -> None:
    assert forms_of(Failure.PAYLOAD) == list(LADDER)
    assert forms_of(Failure.AUTOMOD) == [Form.LAYOUT, Form.BARE]
    assert forms_of(Failure.PERMISSION) == [Form.LAYOUT], "what a channel takes is known before"
    assert forms_of(Failure.PERMISSION, direct=True) == list(LADDER)


@pytest.mark.parametrize("code", TABLE, ids=str)
def test_what_follows_a_code(code: int) -> None:
    status, again, form, told = TABLE[code]
    failure = failure_of(status, code)
    assert (forms_of(failure) if failure else [Form.LAYOUT])[-1] == (form or Form.LAYOUT)
    if failure is None:
        assert again == PASSING
        return
    outcome = Outcome(RunState.FAILED, failure=failure)
    assert RULES[failure].told is told
    assert pauses(outcome) == (again != ITSELF)
    values = settled(outcome, NOW, keeps=keeps(outcome))
    if again == MENDABLE:
        assert values == {
            "reason": "",
            "failure": failure,
            "state": RunState.PENDING,
            "attempts": 0,
            "lease_until": NOW + TRY_AGAIN,
        }
    else:
        assert values["state"] is RunState.FAILED


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 502, 503, 504])
def test_what_blames_only_the_moment_passes(status: int) -> None:
    assert failure_of(status, 0) is None
    assert failure_of(status, 50013 if status >= 500 else 0) is None


@pytest.mark.parametrize(
    ("status", "failure"), [(403, Failure.PERMISSION), (404, Failure.CHANNEL), (413, Failure.PAYLOAD), (400, "other")]
)
def test_a_code_that_nobody_knows_is_judged_by_its_status(status: int, failure: str) -> None:
    assert failure_of(status, 999_999) == failure


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("failure", Failure)
def test_every_failure_has_a_rule_and_a_sentence(failure: Failure, kind: Kind) -> None:
    assert failure in RULES
    assert reason_of(failure, kind, "as it is").strip()


# ------------------------------------------------------------------ the table, from end to end


async def news(world: World, kind: Kind, n: int) -> None:
    """Something to be told; a digest comes by itself."""
    if kind is Kind.ALERT:
        link = await link_named(world, "summer")
        facts = {"metric": "clicks", "step": n, "total": n}
        noted = Alert(
            *(link.guild_id, SERVER_TARGET, f"clicks:{n}", AlertKind.MILESTONE, link.id, link.creator_id, facts),
            made_at=world.clock.now(),
        )
        await world.app.db.write(lambda conn: alerts.add(conn, [noted]))
    elif kind is Kind.NOTICE:
        await world.app.services.flags.add("summer", "scam")


@pytest.mark.parametrize("kind", Kind)
async def test_every_code_from_end_to_end(world: World, kind: Kind) -> None:
    monday = dt.datetime(2026, 3, 16, 9, tzinfo=dt.UTC)
    await world.add_link()
    if kind is Kind.DIGEST:
        await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    elif kind is Kind.ALERT:
        await set_up(world)
    for n, (code, (status, again, _form, is_told)) in enumerate(TABLE.items()):
        failure, notices_before = failure_of(status, code), len(told(world))
        world.move_to((monday + dt.timedelta(weeks=2 * n)).isoformat())
        await news(world, kind, 2 * n)
        with refused(status, code) as tries:
            assert await deliver(world) == 0, code
            if kind is not Kind.NOTICE:
                assert len(tries) == (len(forms_of(failure)) if failure else 1), code
            if again == PASSING or (kind is Kind.NOTICE and failure is Failure.CHANNEL):
                world.move(minutes=3, seconds=1)
            else:
                tried = len(tries)
                world.move(minutes=31)
                assert await deliver(world) == 0, code
                assert len(tries) == tried, f"{code} is tried again at once"
                if kind is Kind.ALERT and again == ITSELF:
                    await news(world, kind, 2 * n + 1)
                elif kind is Kind.ALERT and again == UNTIL_NEXT:
                    await news(world, kind, 2 * n + 1)
                    world.move(days=1)
                elif kind is Kind.DIGEST and again in (ITSELF, UNTIL_NEXT):
                    world.move(days=1)
                    assert await deliver(world) == 0, code
                    world.move(days=6)
                else:
                    world.move(days=1)
        assert await deliver(world) == 1, code
        assert len(told(world)) - notices_before == (is_told and kind is not Kind.NOTICE), code
