"""What nobody means is told so in a sentence, wherever a date, a number, an amount, a time or a zone is typed."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable

import discord
import pytest
from discord import app_commands
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.impressions.metrics import parse_rest
from bot.inputs.dates import parse_day, parse_future, parse_past, parse_quiet, parse_time
from bot.inputs.money import parse_money
from bot.inputs.numbers import parse_count, parse_id
from bot.inputs.periods import parse_period
from bot.servers import parse_zone
from tests.conftest import World, text_of

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
ZONE = "Pacific/Apia"
EXTREMES = {
    "never": "9999-12-31",
    "last minute": "9999-12-31 23:59",
    "first day": "0001-01-01",
    "before its zone": "0001-01-01T00:00:00+23:59",
    "after its zone": "9999-12-31T23:59:59-23:59",
    "before 1970": "1969-12-31",
    "1970": "1970-01-01",
    "two ends": "0001-01-01 to 9999-12-31",
    "stamp": "<t:99999999999>",
    "many decimals": "1." + "1" * 5000 + "k",
    "many digits": "9" * 5000,
    "many digits of money": "9" * 5000 + " EUR",
    "2^63": "9223372036854775808",
    "half a character": "12\ud800",
    "fullwidth": "２０２６－１１－０１",
    "fullwidth number": "１２．５ EUR",
    "arabic": "١٢",
    "superscript": "10²",
    "nothing": " ",
    "zeros": "0" * 4000 + "5",
    "minus": "-1",
    "exponent": "1e999",
    "nan": "nan",
    "line ends": "1\r\n2",
    "nul": "1\x002",
    "days": "999 days",
    "weeks": "in 999 weeks",
}
PARSERS: dict[str, Callable[[str], object]] = {
    "period": lambda text: parse_period(text, NOW, ZONE),
    "past": lambda text: parse_past(text, "as-of", NOW, ZONE),
    "future": lambda text: parse_future(text, "expires", NOW, ZONE),
    "start": lambda text: parse_future(text, "from", NOW, ZONE, starts=True),
    "day": lambda text: parse_day(text, "end", NOW, ZONE),
    "time": parse_time,
    "quiet": parse_quiet,
    "zone": parse_zone,
    "count": lambda text: parse_count(text, "views"),
    "money": lambda text: parse_money(text, "fee", "EUR"),
    "rest": lambda text: parse_rest(f"shares {text}", "rest"),
    "id": parse_id,
}


@pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_every_parser_answers_or_refuses_in_a_sentence(parse: Callable[[str], object], text: str) -> None:
    said = "read, all of it"
    try:
        parse(text)
    except UserError as refused:
        said = str(refused)
    assert 10 < len(said.encode()) < 400


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=200) | st.text("0123456789-:.,TZ+ <t>kmb", max_size=40))
def test_every_parser_takes_any_text(name: str, text: str) -> None:
    with contextlib.suppress(UserError):
        PARSERS[name](text)


def test_nothing_is_read_wrongly_for_being_long() -> None:
    assert parse_count("0" * 50 + "5", "views") == 5
    assert parse_count("１２，０００", "views") == 12_000
    assert parse_id("9223372036854775807") == 2**63 - 1
    assert parse_id("9223372036854775808") is None


async def test_every_option_that_takes_a_text_takes_extremes(world: World) -> None:
    """Every text option of every command, with what else it needs; nothing may go wrong on our side."""
    await world.add_link()
    given = {
        **{
            "link": "summer",
            "promised": "100",
            "metric": "clicks",
            "brand": "Acme",
            "text": "A note",
            "start": "today",
        },
        **{"end": "in 2 weeks", "platform": "x", "kind": "post", "term": "ctr", "first": "summer", "second": "summer"},
    }
    texts = [EXTREMES[name] for name in ("never", "first day", "before 1970", "many decimals", "2^63", "1970")]
    tried = 0
    for command in world.client.tree.walk_commands():
        if not isinstance(command, app_commands.Command):
            continue
        needed = {p.display_name: given.get(p.name) for p in command.parameters if p.required}
        for option in command.parameters:
            if option.type is not discord.AppCommandOptionType.string or option.choices or option.name in _NAMES:
                continue
            rest = {name: value for name, value in needed.items() if name != option.display_name}
            if None in rest.values() or "channel" in needed:
                continue
            limit = option.max_value or 6000
            for text in texts:
                options = rest | {option.display_name: text[: int(limit)]}
                answer = await world.admin.slash(world.channel, command.qualified_name, **options)
                assert "Something went wrong" not in text_of(answer), (command.qualified_name, option.name, text[:30])
                tried += 1
    assert tried > 200


_NAMES = ("destination", "title", "tags", "slug", "note", "brand", "handle", "permalink", "text", "name", "bio")
"""Texts of people's own, which have no form."""
