"""Walks over all answers: no rate without what made it, no audience below zero, whatever platforms told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from random import Random

import pytest
import simcord

from bot.stats.question import Metric, Ranks
from bot.texts import percent
from tests.branded import address_of
from tests.conftest import World, answer_of, text_of
from tests.sampled import a_busy_server as _busy  # noqa: F401
from tests.test_stats_commands import choose

RATE = re.compile(r"(?:CTR|[Ee]ngagement(?: rate)?)[:\s*]{1,4}(?P<behind><?[\d,.]+%)|(?P<before><?[\d,.]+%) CTR")
PARTS = re.compile(r"([\d,]+) (?:click[s]? )?(?:of|/) (?:about )?([\d,]+)")
BELOW = re.compile(r"-[\d,]+ (?:clicks?|displays?|impressions?|views?|people|measured|reported)\b|\*\*-\d")


def whole(result: simcord.InteractionResult) -> str:
    """The answer with the words of its pictures."""
    return "\n".join([text_of(result), *(a.description or "" for a in answer_of(result).attachments)])


def check_rates(text: str) -> int:
    """How many rates there are, after each was found beside parts that give it."""
    text = re.sub(r"\([\d.,]+%–[\d.,]+%\)", "()", text)  # intervals are no rates of their own
    found = 0
    for match in RATE.finditer(text):
        said = match["behind"] or match["before"]
        near = text[max(0, match.start() - 60) : match.end() + 80]
        parts = [tuple(int(n.replace(",", "")) for n in pair) for pair in PARTS.findall(near)]
        assert any(bottom and percent(top / bottom) == said for top, bottom in parts), (said, near)
        found += 1
    return found


async def answers(
    world: World, period: str, post: str, title: str
) -> AsyncIterator[tuple[str, simcord.InteractionResult]]:
    """Every kind of answer about numbers, as a manager asks for it."""

    async def ask(command: str, **options: str) -> simcord.InteractionResult:
        return await world.admin.slash(world.channel, command, **options)

    yield "post", await ask("stats post", post=post, period=period)
    yield "link", await ask("stats link", link="summer", period=period)
    yield "creator", await ask("stats creator", period=period)
    yield "server", await ask("stats server", period=period)
    for metric in Metric:
        yield f"top {metric}", await ask("stats top", by=metric.value, period=period)
    for ranks in (Ranks.POSTS, Ranks.PLATFORMS, Ranks.KINDS):
        yield f"top {ranks}", await ask("stats top", rank=ranks.value, by=Metric.ENGAGEMENT.value, period=period)
    mine = await choose(world, world.admin, "stats compare", "first", "summer")
    other = await choose(world, world.admin, "stats compare", "second", title)
    yield "compare", await ask("stats compare", first=mine, second=other, period=period)
    yield "digest", await ask("digest preview")


@pytest.mark.usefixtures("sketched")
async def test_every_rate_stands_beside_exactly_what_made_it(busy: World) -> None:
    post = await choose(busy, busy.admin, "stats post", "post", "teaser")
    rates = 0
    async for name, answer in answers(busy, "28d", post, "teaser"):
        text = whole(answer)
        assert "went wrong" not in text, name
        found = check_rates(text)
        assert found or name not in ("post", "link", "creator", "server", "compare", "digest"), name
        rates += found
        if name in ("post", "server"):
            rates += check_rates(whole(await busy.admin.click(answer_of(answer), label="Explain")))
        if name == "post":
            rates += check_rates(whole(await busy.admin.click(answer_of(answer), label="Picture")))
    made = await busy.admin.slash(busy.channel, "brand report")
    rates += check_rates(text_of(made))
    page = (await busy.visit(address_of(made))).text
    cells = re.findall(r"<td>([\d.,]+%) \(([\d,]+) / ([\d,]+)\)</td>", page)
    for said, top, bottom in cells:
        assert percent(int(top.replace(",", "")) / int(bottom.replace(",", ""))) == said
    assert rates > 30


@pytest.mark.long
@pytest.mark.parametrize("weeks", [1, pytest.param(2, marks=pytest.mark.proof)])
async def test_no_answer_fails_or_tells_of_less_than_nobody_whatever_platforms_tell(world: World, weeks: int) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00", zone="UTC")
    await world.add_link()
    for kind in ("story", "video"):
        await world.admin.slash(
            world.channel, "post add", link="summer", platform="facebook", kind=kind, title=f"A {kind}"
        )
    posts = [await choose(world, world.admin, "stats post", "post", kind) for kind in ("a story", "a video")]
    await world.admin.slash(
        world.channel, "deal add", brand="Acme", promised="9000", metric="impressions", start="today", end="in 4 weeks"
    )
    chance = Random(20)
    for _week in range(weeks):
        for _reading in range(4):
            world.move(days=chance.choice((0, 1, 3)), hours=1)
            await world.visit("summer/fb1")
            totals = {
                word: str(chance.choice((0, 7, 40, 5_000, 5_000, 900_000)))
                for word in ("impressions", "views", "reach", "likes", "shares")
                if chance.random() < 0.7
            }
            if totals:
                logged = await world.admin.slash(world.channel, "impressions log", post=chance.choice(posts), **totals)
                assert "went wrong" not in text_of(logged)
        for period in ("today", "7d"):
            async for name, answer in answers(world, period, posts[0], "a story"):
                text = whole(answer)
                assert "went wrong" not in text, (name, period)
                said = re.sub(r"[Cc]orrected[^.\n]*", "", text)
                assert not BELOW.search(said), (name, period, text)
                if name in ("post", "link", "server"):
                    for label in ("Explain", "CSV", "Picture"):
                        assert "went wrong" not in text_of(await world.admin.click(answer_of(answer), label=label))
            made = await world.admin.slash(world.channel, "brand report", period=period, cpm="10 EUR")
            assert not re.search(r">-\d(?![^<]*%)", (await world.visit(address_of(made))).text)
        deal = await choose(world, world.admin, "deal show", "deal", "acme")
        assert not re.search(r"-\d[\d,]* of", whole(await world.admin.slash(world.channel, "deal show", deal=deal)))
    world.move_to("2026-04-06T10:00:00+00:00")
    assert await world.tick() == 1
