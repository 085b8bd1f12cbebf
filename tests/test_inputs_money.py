"""Money as people type it: one parser for what is spent, owed and asked, and the currency that is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidError
from bot.inputs.money import Money, names_currency, parse_money
from bot.links.access import Actor
from tests.conftest import World, text_of

DIGITS = {"JPY": 0, "KWD": 3}


@given(st.integers(0, 10**11), st.sampled_from(["EUR", "USD", "JPY", "KWD"]), st.booleans(), st.sampled_from(",."))
def test_money_is_kept_to_the_minor_unit(minor: int, currency: str, behind: bool, mark: str) -> None:
    digits = DIGITS.get(currency, 2)
    whole, part = divmod(minor, 10**digits)
    number = f"{whole}{mark}{part:0{digits}}" if digits else str(whole)
    text = f"{number} {currency}" if behind else f"{currency} {number}"
    if digits == 3 and 0 < whole <= 999:  # 1.250 KWD may be read in two ways
        with pytest.raises(InvalidError, match="more than one way"):
            parse_money(text, "spend")
        return
    money = parse_money(text, "spend")
    assert money == Money(minor, currency)
    assert money.amount * 10**digits == minor


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("12.50 EUR", 1250, "EUR"),
        ("€12,50", 1250, "EUR"),
        ("$12", 1200, "USD"),
        ("US$ 12", 1200, "USD"),
        ("12 zł", 1200, "PLN"),
        ("12 ZŁ", 1200, "PLN"),
        ("R$ 20", 2000, "BRL"),
        ("R$ 12,5", 1250, "BRL"),
        ("5 ₩", 5, "KRW"),
        ("5 ₴", 500, "UAH"),
        ("120 Kč", 12_000, "CZK"),
        ("Fr. 20", 2000, "CHF"),
        ("1’200 CHF", 120_000, "CHF"),
        ("1'200.50 CHF", 120_050, "CHF"),
        ("1 200,50 €", 120_050, "EUR"),
        ("1.200,50 €", 120_050, "EUR"),
        ("1.200 EUR", 120_000, "EUR"),
        ("1,200,000 usd", 120_000_000, "USD"),
        ("1200.500 KWD", 1_200_500, "KWD"),
        ("0.500 KWD", 500, "KWD"),
        ("1,200.500 KWD", 1_200_500, "KWD"),
        ("1250 KWD", 1_250_000, "KWD"),
        ("¥1,200", 1200, "JPY"),
        ("0 EUR", 0, "EUR"),
        ("１２．５０ ＥＵＲ", 1250, "EUR"),
        ("١٢ EUR", 1200, "EUR"),
    ],
)
def test_money_is_read_as_people_write_it_wherever_they_live(text: str, minor: int, currency: str) -> None:
    assert parse_money(text, "fee") == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12.50", "names no currency"),
        ("", "no amount with a currency"),
        ("EUR", "no amount with a currency"),
        ("€5 EUR", "no amount with a currency"),
        ("€12€", "no amount with a currency"),
        ("-5 EUR", "no amount with a currency"),
        ("5 ABC", "names no currency"),
        ("5 kr", "SEK, NOK, DKK"),
        ("1.5 JPY", "JPY has 0 decimals"),
        ("1.250 KWD", "in more than one way"),
        ("01.200 EUR", "in more than one way"),
        ("0.125 EUR", "EUR has 2 decimals"),
        ("1.2.3 EUR", "in more than one way"),
        ("1,2,3 EUR", "in more than one way"),
        ("10² EUR", "no amount with a currency"),
        ("99999999999999999 EUR", "more than anybody pays"),
        ("9" * 5000 + " EUR", "no amount with a currency"),
        ("5 \ud800", "names no currency"),
    ],
)
def test_what_is_no_money_or_may_be_two_sums_is_refused_with_its_field(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match="^fee: .*" + said):
        parse_money(text, "fee")


def test_a_price_of_nothing_is_refused_where_one_is_wanted() -> None:
    with pytest.raises(InvalidError, match="cpm: “0 EUR” is nothing"):
        parse_money("0 EUR", "cpm", positive=True)


def test_an_amount_without_a_currency_is_of_the_last_one() -> None:
    assert parse_money("12.50", "fee", "CHF") == Money(1250, "CHF")
    assert parse_money("12.50", "fee", "CHF").assumed
    assert not parse_money("12.50 EUR", "fee", "CHF").assumed
    assert (names_currency("12.50"), names_currency("12 €"), names_currency("12 EUR")) == (False, True, True)
    assert str(Money(1250, "EUR")) == "€12.50"


@pytest.mark.usefixtures("sketched")
async def test_the_currency_of_one_amount_counts_for_the_other(world: World) -> None:
    await world.add_link()
    await world.visit("/summer")

    async def priced(**typed: str) -> str:
        return text_of(await world.admin.slash(world.channel, "brand report", **typed))

    async def last() -> str:
        world.move(minutes=1)
        return await world.app.services.reports.currency(Actor(world.guild.id, world.admin.id))

    for first, currency in (({"cpm": "12.50 EUR", "fee": "400"}, "EUR"), ({"fee": "400", "cpm": "$12"}, "USD")):
        text = await priced(**first)
        assert "Taken as" not in text
        assert "names no" not in text
        assert await last() == currency
    assert "Taken as USD" in await priced(cpm="12", fee="400")
    assert "Taken as" not in await priced(cpm="12", fee="400 CHF")
    assert await last() == "CHF"
    assert "fee: “0” is nothing" in await priced(cpm="12 EUR", fee="0")


@pytest.mark.usefixtures("sketched")
async def test_an_amount_beside_a_deals_fee_is_in_its_currency(world: World) -> None:
    await world.add_link()
    deal = {"brand": "Acme", "promised": "100", "metric": "clicks", "start": "today", "end": "in 2 weeks"}
    await world.admin.slash(world.channel, "deal add", fee="400 EUR", **deal)
    world.move(minutes=1)
    await world.admin.slash(world.channel, "brand report", cpm="$12")
    world.move(minutes=1)
    of = (await world.admin.autocomplete(world.channel, "brand report", "deal", ""))[0]["value"]

    async def priced(**typed: str) -> str:
        return text_of(await world.admin.slash(world.channel, "brand report", deal=of, **typed))

    assert "fee is kept in EUR" in await priced(cpm="$12")
    assert "Taken as" not in await priced(cpm="12")
    assert await world.app.services.reports.currency(Actor(world.guild.id, world.admin.id)) == "EUR"
    assert "kept in" not in await priced(cpm="$12", fee="500")


@pytest.mark.usefixtures("sketched")
async def test_a_currency_typed_once_need_not_be_typed_again(world: World) -> None:
    async def deal(who: object, fee: str) -> str:
        typed = {"brand": "Acme", "promised": "100", "metric": "clicks", "start": "today", "end": "in 2 weeks"}
        return text_of(await who.slash(world.channel, "deal add", fee=fee, **typed))  # type: ignore[attr-defined]

    await world.add_link()
    assert "fee: “400” names no currency. Type it once, like 400 EUR" in await deal(world.admin, "400")
    assert "Deal kept" in await deal(world.admin, "400 CHF")
    assert "Taken as CHF, the currency you used last" in await deal(world.admin, "12.50")
    spent = await world.admin.slash(
        world.channel, "impressions log", platform="x", kind="post", impressions="5000", spend="30"
    )
    assert "CHF" in text_of(spent)
    assert "Taken as CHF" in text_of(spent)
    world.move(minutes=1)
    priced = await world.admin.slash(world.channel, "brand report", cpm="$12")
    assert "Taken as" not in text_of(priced)
    assert "Taken as USD" in await deal(world.admin, "12.50"), "of whichever was last"
    assert "names no currency" in await deal(world.maya, "12.50"), "everybody's own"
