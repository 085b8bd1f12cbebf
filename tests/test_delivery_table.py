"""What every error code of Discord's means for what is delivered: one table, and who is told."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.delivery.failures import CODES, RULES, TRY_AGAIN, Failure, Kind, failure_of, reason_of
from bot.delivery.outbox import Outcome, keeps, pauses, settled
from cogs.delivery.port import FALLBACKS
from storage.records import RunState

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
"""code -> (status, what is tried again, the form tried once at once, whether managers are told of a channel)."""


def test_every_known_code_is_in_the_table() -> None:
    assert TABLE.keys() == CODES.keys()


@pytest.mark.parametrize("code", TABLE, ids=str)
def test_what_follows_a_code(code: int) -> None:
    status, again, form, told = TABLE[code]
    failure = failure_of(status, code)
    assert FALLBACKS.get(failure) == form if failure else form is None
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
