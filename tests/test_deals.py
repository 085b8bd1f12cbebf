"""Deals as creators keep them: the pace, the way back, the final report, and whose they are."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidError, NotFoundError
from bot.insights.growth import told_of
from bot.insights.periods import ONE_DAY, Period, local_day
from bot.insights.summary import summarise, window_of
from bot.links.access import Actor
from bot.reports import frozen
from bot.reports.curve import _instants, _reached, _spans
from bot.reports.service import Selection
from storage import counts
from storage.records import BARE, Figure, Kind, PlaceKey, Post
from tests.branded import a_shop as _shop  # noqa: F401
from tests.branded import address_of
from tests.conftest import World, answer_of, text_of


async def chosen(world: World, command: str = "deal show") -> str:
    return (await world.admin.autocomplete(world.channel, command, "deal", ""))[0]["value"]


async def add(world: World, **options: Any) -> Any:
    options = {"brand": "Acme", "promised": "100", "metric": "clicks", "start": "today", "end": "in 9 days"} | options
    return await world.admin.slash(world.channel, "deal add", **options)


@pytest.mark.usefixtures("sketched")
async def test_a_deal_from_its_promise_to_its_final_report(shop: World) -> None:
    assert "None yet" in text_of(await shop.admin.slash(shop.channel, "deal list"))
    kept = await add(shop, of="summer", fee="400 EUR")
    assert "**Acme** 100 clicks, 11 – 20 Mar 2026" in text_of(kept).replace("11 Mar", "11")
    shown = await shop.admin.slash(shop.channel, "deal show", deal=await chosen(shop))
    assert answer_of(shown).ephemeral
    assert "25 of 100 clicks: ahead by" in text_of(shown)  # 12 on the link and 13 on its post
    assert "€400.00" in text_of(shown)
    assert "Clicks so far: Reached 25, Expected 5" in answer_of(shown).attachments[0].description

    shop.move(days=5)
    for _n in range(5):
        await shop.visit("/summer")
    shown = await shop.admin.slash(shop.channel, "deal show", deal=await chosen(shop))
    assert "30 of 100 clicks: behind by 46%, 14 a day needed" in text_of(shown)  # after 5.54 of 10 days
    assert "30 of 100 clicks: behind" in text_of(await shop.admin.slash(shop.channel, "deal list"))

    ended = await shop.admin.click(answer_of(shown), label="End it today")
    assert "Deal ended" in text_of(ended)
    assert "11 – 16 Mar 2026" in text_of(ended).replace("11 Mar", "11")
    assert "over already" in text_of(await shop.admin.slash(shop.channel, "deal end", deal=await chosen(shop)))
    await shop.admin.click(answer_of(shown), label="Open it again")
    assert "20 Mar 2026" in text_of(await shop.admin.slash(shop.channel, "deal list"))
    await shop.admin.slash(shop.channel, "deal end", deal=await chosen(shop))
    shop.move(days=2)
    await shop.visit("/summer")  # beyond its last day
    assert "30 of 100 clicks: over, 70 short" in text_of(await shop.admin.slash(shop.channel, "deal list"))

    shown = await shop.admin.slash(shop.channel, "deal show", deal=await chosen(shop))
    for final in (
        await shop.admin.click(answer_of(shown), label="Brand report"),
        await shop.admin.slash(shop.channel, "brand report", deal=await chosen(shop, "brand report")),
    ):
        page = await shop.visit(address_of(final))
        assert "30 of 100 clicks promised (30.0%)" in page.text
        assert "Brand report for Acme" in page.text
        content = frozen.parse((await shop.visit(f"{address_of(final)}.json")).text)
        assert (content.first.isoformat(), content.last.isoformat()) == ("2026-03-11", "2026-03-16")
        assert content.total.clicks == 30
        assert content.covers == ("Summer lookbook",)
        assert content.worth is not None
        assert content.worth.fee == "400"
        assert content.worth.fee_cpc == "13.33"
    attached = next(one for one in answer_of(final).attachments if one.filename.endswith(".csv"))
    rows = list(csv.reader(io.StringIO((await attached.read()).decode("utf-8-sig"))))
    assert ["deal", "", "clicks_promised", "100"] in [row[:4] for row in rows]
    assert ["deal", "", "clicks_reached", "30"] in [row[:4] for row in rows]


async def test_what_platforms_told_is_shared_out_over_the_days_between_two_readings(shop: World) -> None:
    await add(shop, promised="20k", metric="impressions")
    shop.move(days=2)
    post = (await shop.admin.autocomplete(shop.channel, "impressions log", "post", "teaser"))[0]["value"]
    await shop.admin.slash(shop.channel, "impressions log", impressions="12,000", post=post)
    deals, who = shop.app.services.deals, Actor(shop.guild.id, shop.admin.id)
    (deal,) = await deals.visible(who)
    found = await deals.standing(deal, curve=True)
    # 15 measured of the pixel; 9,800 of the story within its first hour, 2,200 within the 23 that it went on, 11 of
    # which lie on its first day: 1,052.
    assert found.curve == (15 + 9_800 + 1_052, 15 + 12_000, 15 + 12_000)
    assert found.curve[-1] == found.pace.reached
    assert "12,015 of 20,000 displays" in text_of(await shop.admin.slash(shop.channel, "deal list"))


async def test_what_was_reached_is_an_estimate_where_its_days_end_between_two_readings(shop: World) -> None:
    """A video's 4,800 views within 48 hours from one o'clock of 11 March on, 11 of which lie on that day."""
    await shop.admin.slash(shop.channel, "post add", link="vintage", platform="youtube", kind="video", title="Tour")
    await add(shop, promised="5k", metric="impressions", end="today", of="vintage")
    shop.move(days=2)
    post = (await shop.admin.autocomplete(shop.channel, "impressions log", "post", "tour"))[0]["value"]
    await shop.admin.slash(shop.channel, "impressions log", views="4,800", post=post)
    listed = text_of(await shop.admin.slash(shop.channel, "deal list"))
    assert "**Acme** about 1,100 of 5,000 displays: over, 3,900 short of the promise" in listed
    shown = await shop.admin.slash(shop.channel, "deal show", deal=await chosen(shop))
    assert "What platforms told is shared out over the days between two readings" in text_of(shown)
    page = await shop.visit(address_of(await shop.admin.click(answer_of(shown), label="Brand report")))
    assert "about 1,100 of 5,000 displays promised (22.0%)" in page.text
    assert "about 1,100 views on YouTube" in page.text


@pytest.mark.parametrize("word", ["impressions", "Displays"])
async def test_displays_may_be_called_impressions(shop: World, word: str) -> None:
    deals, who = shop.app.services.deals, Actor(shop.guild.id, shop.admin.id)
    kept = await deals.add(who, "Acme", word, 50_000, "today", "today", Selection())
    assert kept.metric == "impressions"
    assert "of 50,000 displays" in text_of(await shop.admin.slash(shop.channel, "deal list"))
    with pytest.raises(InvalidError, match="metric: “likes” can't be promised; displays or clicks can"):
        await deals.add(who, "Acme", "likes", 50_000, "today", "today", Selection())


async def test_the_curve_ends_at_what_the_storage_counts(shop: World) -> None:
    await add(shop, of="#fashion", start="2026-03-01", end="2026-03-31")
    deals, who = shop.app.services.deals, Actor(shop.guild.id, shop.admin.id)
    (deal,) = await deals.visible(who)
    found = await deals.standing(deal, curve=True)
    async with shop.app.db.read() as conn:
        clicks = sum(
            item.count
            for item in await counts.by_day(conn, shop.guild.id, deal.first, found.period.end)
            if item.kind == "click"
        )
    assert found.pace.reached == found.curve[-1] == clicks == 12 + 13 + 14
    assert len(found.curve) == 11


async def test_how_it_stands_is_below_the_creators_own_numbers_and_in_their_digest_alone(shop: World) -> None:
    await add(shop, fee="400 EUR")
    await add(shop, brand="Later", start="in 2 weeks", end="in 3 weeks")
    own = text_of(await shop.admin.slash(shop.channel, "stats creator"))
    assert "Deals: **Acme** 39 of 100 clicks: ahead by" in own
    assert "Later" not in own
    assert "Acme" not in text_of(await shop.admin.slash(shop.channel, "stats creator", share=True))
    assert "Acme" not in text_of(await shop.admin.slash(shop.channel, "stats server"))
    assert "Acme" not in text_of(await shop.admin.slash(shop.channel, "stats creator", creator=shop.leo.user))
    await shop.leo.slash(
        shop.channel, "deal add", brand="Rival", promised="5", metric="clicks", start="today", end="today"
    )
    assert "Rival" not in text_of(await shop.admin.slash(shop.channel, "stats creator", creator=shop.leo.user))

    await shop.admin.slash(shop.channel, "digest me", cadence="daily")
    shop.move(days=1)
    digest = (await shop.admin.autocomplete(shop.channel, "digest preview", "digest", ""))[0]["value"]
    preview = await shop.admin.slash(shop.channel, "digest preview", digest=digest)
    assert "**Acme** 39 of 100 clicks: ahead by" in text_of(preview)
    assert "400" not in text_of(preview)


async def test_deleting_has_a_way_back(shop: World) -> None:
    await add(shop)
    deal = await chosen(shop, "deal delete")
    gone = await shop.admin.slash(shop.channel, "deal delete", deal=deal)
    assert "None yet" in text_of(await shop.admin.slash(shop.channel, "deal list"))
    assert "no such deal" in text_of(await shop.admin.slash(shop.channel, "deal show", deal=deal))
    await shop.admin.click(answer_of(gone), label="Bring it back")
    assert "39 of 100 clicks" in text_of(await shop.admin.slash(shop.channel, "deal list"))


async def test_a_deal_goes_on_when_its_link_is_deleted_and_says_so_when_nothing_is_left(shop: World) -> None:
    await add(shop, of="summer", of2="vintage")
    links, who = shop.app.services.links, Actor(shop.guild.id, shop.admin.id)
    await links.delete(who, (await links.find(who, "summer")).id)
    assert "39 of 100 clicks" in text_of(await shop.admin.slash(shop.channel, "deal list"))
    manager = Actor(shop.guild.id, shop.admin.id, manager=True)
    await links.transfer(manager, (await links.find(who, "vintage")).id, shop.leo.id, of=shop.admin.id)
    assert "25 of 100 clicks" in text_of(await shop.admin.slash(shop.channel, "deal list"))


async def test_a_deal_is_its_creators_alone(shop: World) -> None:
    await add(shop, fee="400 EUR")
    deal = await chosen(shop)
    for command in ("deal show", "deal end", "deal delete"):
        assert "no such deal of yours" in text_of(await shop.leo.slash(shop.channel, command, deal=deal))
    assert await shop.leo.autocomplete(shop.channel, "deal show", "deal", "") == []
    assert "Acme" not in text_of(await shop.leo.slash(shop.channel, "deal list"))
    assert "no link “summer” that you" in text_of(
        await shop.leo.slash(
            shop.channel,
            "deal add",
            brand="Acme",
            promised="1",
            metric="clicks",
            start="today",
            end="today",
            of="summer",
        )
    )
    options = {"brand": "Rival", "promised": "5000", "metric": "clicks", "start": "today", "end": "today"}
    await shop.leo.slash(shop.channel, "deal add", fee="900 EUR", **options)
    listed = text_of(await shop.admin.slash(shop.channel, "deal list"))
    assert "Leo: Rival, 11 Mar 2026" in listed
    assert "900" not in listed
    assert "5,000" not in listed
    theirs = (await shop.leo.autocomplete(shop.channel, "deal show", "deal", ""))[0]["value"]
    assert "no such deal of yours" in text_of(await shop.admin.slash(shop.channel, "deal show", deal=theirs))
    with pytest.raises(NotFoundError):
        await shop.app.services.deals.get(Actor(shop.guild.id + 1, shop.leo.id), int(theirs))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"promised": "0"}, "promised: “0” promises nothing"),
        ({"promised": "lots"}, "promised: “lots”"),
        ({"start": "soon"}, "start: “soon” is no day"),
        ({"end": "yesterday"}, "end: “yesterday” is to lie on or after the start"),
        ({"end": "2028-01-01"}, "less than a year"),
        ({"fee": "400"}, "fee: “400” names no currency"),
        ({"brand": "   "}, "brand: whom"),
        ({"of": "nowhere"}, "nowhere"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence_and_keeps_nothing(
    world: World, options: dict[str, str], said: str
) -> None:
    assert said in text_of(await add(world, **options))
    assert "None yet" in text_of(await world.admin.slash(world.channel, "deal list"))


_BEGIN = dt.datetime(2026, 3, 27, tzinfo=dt.UTC)
_PERIOD = Period(_BEGIN.date(), _BEGIN.date() + 5 * ONE_DAY, "Europe/Berlin")  # its clocks go forward on the 29th
_HOURS = st.integers(-30, 160).map(lambda hours: _BEGIN + dt.timedelta(hours=hours))
_POSTS = [
    Post(1, 100 + n, 2, link, f"x{n}", platform, kind, 2, _BEGIN + dt.timedelta(hours=hours))
    for n, (link, platform, kind, hours) in enumerate(
        ((10, "x", "post", -200), (10, "x", "post", 20), (11, "youtube", "video", -3), (11, "facebook", "story", 40))
    )
] + [Post(1, 104, 2, None, None, "x", "post", 2, _BEGIN)]
_FIGURES = st.lists(
    st.tuples(st.sampled_from(_POSTS), st.sampled_from(("impressions", "views")), st.integers(0, 500), _HOURS),
    max_size=14,
)
_KEYS = st.tuples(
    st.sampled_from((10, 11)),
    st.sampled_from((BARE, *(post.id for post in _POSTS))),
    st.sampled_from([kind.value for kind in Kind]),
)
_CLICKS = st.sampled_from([(post.link_id, post.id, Kind.CLICK.value) for post in _POSTS[:3]])
_HITS = st.lists(st.tuples(_CLICKS | _KEYS, _HOURS, st.integers(1, 40)), max_size=30)


@given(_HITS, _FIGURES)
def test_the_curve_says_of_each_day_what_a_report_up_to_it_would(
    hits: list[tuple[PlaceKey, dt.datetime, int]], read: list[tuple[Post, str, int, dt.datetime]]
) -> None:
    """Growth is shared out by days, the stretches before the first and behind the last by the clicks that are asked."""
    figures: dict[int, list[Figure]] = defaultdict(list)
    for n, (post, metric, value, at) in enumerate(sorted(read, key=lambda one: one[3])):
        figures[post.id].append(Figure(1, n, post.id, metric, value, at, 2, at))
    told = [told_of(post, figures.get(post.id, ())) for post in _POSTS]
    links = {post.id: post.link_id for post in _POSTS}

    def clicks(post_id: int, start: dt.datetime, end: dt.datetime) -> int:
        wanted = (links[post_id], post_id, Kind.CLICK.value)
        return sum(n for key, at, n in hits if key == wanted and start <= at < end)

    days = [(local_day(at, _PERIOD.zone), key, n) for key, at, n in hits]
    counted = [one for one in days if _PERIOD.first <= one[0] < _PERIOD.end]
    expected = []
    for day in _PERIOD.days:
        places: Counter[PlaceKey] = Counter()
        for at, key, n in counted:
            places[key] += n if at <= day else 0
        window = window_of(Period(_PERIOD.first, day + ONE_DAY, _PERIOD.zone), _PERIOD.end_at + ONE_DAY)
        expected.append(summarise(window, +places, (), 0, told, clicks))

    wanted = {span for one in told for span in _spans(one, _instants(_PERIOD))}

    def asked(*span: Any) -> int:
        assert span in wanted
        return clicks(*span)

    with_any = [one for one in told if one.display_metric is not None]
    found = _reached(_PERIOD, counted, with_any, asked, "impressions")
    assert list(found) == [summary.displays for summary in expected]
    only_clicks = _reached(_PERIOD, counted, [], asked, "clicks")
    assert list(only_clicks) == [summary.clicks for summary in expected]
