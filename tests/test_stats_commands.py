"""`/stats` over a server with three months of traffic, as its members type and press."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import discord
import pytest
import simcord
from PIL import Image

from bot.insights.periods import Named
from bot.links.access import Actor
from bot.stats import views
from bot.stats.answers import Top
from bot.stats.question import Question, Scope, Subject, View
from bot.stats.service import RANKED_SECONDS
from storage import links
from tests.alerted import clicked, link_named
from tests.conftest import BROWSER, World, answer_of, text_of
from tests.sampled import a_busy_server as _busy  # noqa: F401


async def choose(world: World, who: simcord.MemberActor, command: str, option: str, typed: str) -> str:
    """The value behind the first of what is offered for what was typed."""
    offered = await who.autocomplete(world.channel, command, option, typed)
    assert offered, f"nothing is offered for {typed!r}"
    return offered[0]["value"]


def field(result: simcord.InteractionResult, name: str) -> str:
    (found,) = (f.value for f in answer_of(result).embeds[0].fields if f.name == name)
    assert found is not None
    return found


def number(text: str) -> int:
    match = re.search(r"\d[\d,]*", text)
    assert match is not None
    return int(match[0].replace(",", ""))


async def table(result: simcord.InteractionResult) -> list[dict[str, str]]:
    (attached,) = answer_of(result).attachments
    return list(csv.DictReader(io.StringIO((await attached.read()).decode("utf-8-sig"))))


async def test_one_link_and_one_post_in_every_way(busy: World) -> None:
    shown = await busy.admin.slash(busy.channel, "stats link", link="summer")
    clicks, unique = number(field(shown, "Clicks")), number(field(shown, "Unique clicks"))
    assert clicks > unique > 1000
    assert "▲" in field(shown, "Clicks")
    assert re.fullmatch(
        r"\*\*\d\.\d%\*\* \(\d\.\d%–\d\.\d%\)\n[\d,]+ of about [\d,]+ displays, as of 7 Mar\n3 of 3 posts",
        field(shown, "Engagement rate"),
    )
    assert "Sunday, 22 Feb had" in field(shown, "What stands out")
    assert "Instagram story “Teaser story”" in field(shown, "Posts")
    assert "up to the same time" in text_of(shown), "today is still running"
    chart = answer_of(shown).attachments[0]
    assert f"{clicks:,} clicks" in chart.description
    assert "A fashion magazine shared it" in chart.description, "notes are on the chart and in its words"

    explained = text_of(await busy.admin.click(answer_of(shown), label="Explain"))
    assert f"{unique:,} of {clicks:,} clicks" in explained
    ctr = re.search(r"\*\*([\d,]+) / ([\d,]+) = (\d\.\d)%, as of 7 Mar\*\*", explained)
    assert ctr is not None
    assert float(ctr[3]) == round(100 * number(ctr[1]) / number(ctr[2]), 1)
    assert "set aside" in explained
    assert "every click and impression counted by then" in explained

    days = await table(await busy.admin.click(answer_of(shown), label="CSV"))
    assert len(days) == 28 + 1
    total = days.pop()
    assert total["date"] == "total"
    assert sum(int(day["clicks"]) for day in days) == int(total["clicks"]) == clicks
    assert sum(int(day["unique_clicks"]) for day in days) == int(total["unique_clicks"]) == unique

    # Another metric and another period, in place.
    for metric, heading in (("u", "Unique clicks"), ("i", "Measured impressions"), ("r", "CTR")):
        await busy.admin.select(answer_of(shown), [metric])
        assert heading.lower() in answer_of(shown).attachments[0].description.lower()
    await busy.admin.click(answer_of(shown), label="All time")
    assert "Summer lookbook: All time" in text_of(shown)
    assert "Change against" not in text_of(shown), "nothing comes before all time"
    assert number(field(shown, "Clicks")) > clicks
    await busy.admin.click(answer_of(shown), label="7 days")

    pictures = answer_of(await busy.admin.click(answer_of(shown), label="Picture")).attachments
    assert [picture.filename for picture in pictures] == ["chart-light.png"]
    assert Image.open(io.BytesIO(await pictures[0].read())).convert("L").getpixel((5, 5)) == 255

    post = await choose(busy, busy.admin, "stats post", "post", "teaser")
    told = await busy.admin.slash(busy.channel, "stats post", post=post)
    assert "https://go.example/summer/ig1" in text_of(told)
    assert not [f for f in answer_of(told).embeds[0].fields if f.name == "Unique clicks"], "those belong to a link"
    pictures = answer_of(await busy.admin.click(answer_of(told), label="Picture")).attachments
    assert [picture.filename for picture in pictures] == ["card.png", "card-light.png", "chart-light.png"]
    card = pictures[0].description
    assert "Teaser story" in card
    assert "reported by Instagram" in card
    assert "Admin" in card, "whose post it is"


async def test_comparing_ranking_hours_and_sources(busy: World) -> None:
    compared = await busy.admin.slash(
        busy.channel,
        "stats compare",
        first="summer",
        second=await choose(busy, busy.admin, "stats compare", "second", "vintage"),
        third=await choose(busy, busy.admin, "stats compare", "third", "creator leo"),
    )
    embed = answer_of(compared).embeds[0]
    assert [f.name for f in embed.fields] == ["Summer lookbook", "Vintage finds", "Leo", "Verdict"]
    assert "CTR" in field(compared, "Verdict") or "beyond chance" in field(compared, "Verdict")
    alone = await busy.admin.slash(busy.channel, "stats link", link="vintage")
    assert number(field(compared, "Vintage finds")) == number(field(alone, "Clicks"))
    await busy.admin.select(answer_of(compared), ["r"])
    assert re.search(
        r"Leo: \d\.\d% \([\d,]+ of about [\d,]+, as of 7 Mar\), \d\.\d% – \d+\.\d%",
        answer_of(compared).attachments[0].description,
    )
    explained = await busy.admin.click(answer_of(compared), label="Explain")
    assert field(explained, "Vintage finds").startswith("Click: **")
    days = await table(await busy.admin.click(answer_of(compared), label="CSV"))
    assert {day["name"] for day in days} == {"Summer lookbook", "Vintage finds", "Leo"}

    weeks = [await choose(busy, busy.admin, "stats compare", "first", typed) for typed in ("last week", "this week")]
    times = await busy.admin.slash(busy.channel, "stats compare", first=weeks[0], second=weeks[1], of="summer")
    assert "Summer lookbook: Last week, This week" in text_of(times)
    assert "2 Mar – 8 Mar 2026" in field(times, "Last week")
    assert "so far" in field(times, "This week")

    for wrong, said in (
        ({"first": "summer", "second": "summer"}, "second: choose something else"),
        ({"first": "summer", "second": weeks[0]}, "not both"),
        ({"first": weeks[0], "second": weeks[1], "period": "7d"}, "period: leave it out"),
        ({"first": "summer", "second": "vintage", "of": "summer"}, "of: that is for comparing times"),
        ({"first": "summer", "second": "=nonsense"}, "none of those"),
        ({"first": "summer", "second": "nowhere"}, "nowhere"),
    ):
        assert said in text_of(await busy.admin.slash(busy.channel, "stats compare", **wrong))

    await busy.add_link("eleventh")
    await busy.visit("/eleventh")
    top = await busy.sam.slash(busy.channel, "stats top")
    assert "1. **Summer lookbook**" in text_of(top)
    assert "Unannounced brand deal" not in text_of(top), "a private link is not named to the server"
    assert "1 that is private is left out" in text_of(top)
    assert "Page 1 of 2" in text_of(top)
    await busy.sam.click(answer_of(top), label="Next")
    assert "11. " in text_of(top)
    assert "Page 2 of 2" in text_of(top)
    await busy.sam.select(answer_of(top), ["r"])
    rates = [number(line) for line in re.findall(r"· ([\d.]+)% \(", text_of(top))]
    assert rates
    assert "Page" not in text_of(top) or "Page 1" in text_of(top)
    await busy.sam.click(answer_of(top), label="Show posts")
    assert "Top posts of Golden Hour" in text_of(top)
    ranked = await table(await busy.sam.click(answer_of(top), label="CSV"))
    lows = [float(row["ctr_low"]) for row in ranked if int(row["ctr_displays"]) >= 100]
    assert lows == sorted(lows, reverse=True)
    assert all("/" in row["slug"] for row in ranked)
    refused = await busy.sam.slash(busy.channel, "stats top", rank="p", by="u")
    assert "rank posts by clicks instead" in text_of(refused)
    explained = text_of(await busy.sam.click(answer_of(top), label="Explain"))
    assert "Ranking" in explained
    assert "set aside" in explained

    hours = await busy.admin.slash(busy.channel, "stats heatmap")
    assert "brings" in field(hours, "Best times")
    assert "Best times leave out 22 Feb" in text_of(hours)
    cells = await table(await busy.admin.click(answer_of(hours), label="CSV"))
    own = await busy.admin.slash(busy.channel, "stats creator", period="90d")
    assert len(cells) == 168
    assert sum(int(cell["clicks"]) for cell in cells) == number(field(own, "Clicks"))

    sources = await busy.admin.slash(busy.channel, "stats sources", of="summer")
    assert field(sources, "Clicks from").startswith("Instagram **")
    assert "(was " in field(sources, "Clicks from")
    assert "phone" in field(sources, "Devices")
    assert "🇩🇪 DE" in field(sources, "Countries")
    post = await choose(busy, busy.admin, "stats sources", "of", "teaser")
    assert "choose the post's link" in text_of(await busy.admin.slash(busy.channel, "stats sources", of=post))


async def test_who_may_see_what(busy: World) -> None:
    leo, sam = busy.leo, busy.sam
    brand = await choose(busy, busy.admin, "stats compare", "first", "brand deal")
    refused = await leo.slash(busy.channel, "stats compare", first="desk", second=brand)
    assert "no longer there" in text_of(refused)
    creator = await choose(busy, busy.admin, "stats heatmap", "of", "creator noor")
    assert "A creator's numbers are theirs" in text_of(await leo.slash(busy.channel, "stats heatmap", of=creator))
    offered = [choice["name"] for choice in await sam.autocomplete(busy.channel, "stats sources", "of", "")]
    assert offered == ["You", "The whole server"]

    mine = await busy.admin.slash(busy.channel, "stats creator")
    assert "Unannounced brand deal" in text_of(
        await busy.admin.slash(busy.channel, "stats top", of=await choose(busy, busy.admin, "stats top", "of", "you"))
    )
    shared = await busy.admin.slash(busy.channel, "stats creator", share=True)
    assert number(field(mine, "Clicks")) == number(field(shared, "Clicks")), "private links count in totals"
    assert "Unannounced" not in text_of(shared)
    assert "belong to who asked" in text_of(await sam.click(answer_of(shared), label="CSV"))
    csv_of_mine = await table(await busy.admin.click(answer_of(shared), label="CSV"))
    assert len(csv_of_mine) == 29


async def test_an_empty_server_says_what_to_do_next(world: World) -> None:
    text = text_of(await world.admin.slash(world.channel, "stats creator"))
    assert "/link add makes one" in text
    assert "Nothing to rank" in text_of(await world.admin.slash(world.channel, "stats top"))
    assert "Nothing was counted" in text_of(await world.admin.slash(world.channel, "stats heatmap"))
    assert "Nothing was counted" in text_of(await world.admin.slash(world.channel, "stats sources"))
    everything = await world.admin.slash(world.channel, "stats server", period="all")
    for label in ("Explain", "CSV", "Picture"):
        assert answer_of(await world.admin.click(answer_of(everything), label=label)).ephemeral
    for metric in "uir":
        await world.admin.select(answer_of(everything), [metric])
        assert answer_of(everything).attachments


async def test_a_period_is_typed_or_chosen(world: World) -> None:
    await world.add_link()
    offered = await world.admin.autocomplete(world.channel, "stats link", "period", "month")
    assert [choice["name"] for choice in offered] == ["This month", "Last month"]
    for text, name in (
        ("14", "14 days"),
        ("febr", "February 2026"),
        ("q4 2025", "Q4 2025"),
        ("since 1 mar", "Since 1 Mar"),
    ):
        offered = await world.admin.autocomplete(world.channel, "stats link", "period", text)
        assert offered[0]["name"].startswith(name)
        shown = await world.admin.slash(world.channel, "stats link", link="summer", period=offered[0]["value"])
        assert "summer: " in text_of(shown)
        assert answer_of(shown).attachments
    typed = await world.admin.slash(world.channel, "stats link", link="summer", period="2026-02-01 to 2026-02-14")
    assert "summer: 1 Feb – 14 Feb 2026" in text_of(typed)
    assert "today so far" not in text_of(typed)
    refused = await world.admin.slash(world.channel, "stats link", link="summer", period="soon")
    assert "period: “soon” is no period" in text_of(refused)
    today = await world.admin.slash(world.channel, "stats link", link="summer", period="today")
    assert "11 Mar 2026 · UTC · today so far" in text_of(today)


async def test_today_is_compared_with_yesterday_up_to_the_same_time(world: World) -> None:
    await world.add_link()
    for _n in range(30):
        await world.visit("/summer")
    world.move(hours=6)  # 18:00, after what is compared
    for _n in range(300):
        await world.visit("/summer")
    world.move(hours=18, minutes=5)  # noon of the next day
    for _n in range(30):
        await world.visit("/summer")
    shown = await world.admin.slash(world.channel, "stats link", link="summer", period="today")
    assert field(shown, "Clicks") == "**30**\nno change"
    assert field(shown, "Unique clicks") == "**30**", "unique clicks belong to whole days"


async def test_unique_clicks_say_whom_they_leave_out(world: World) -> None:
    await world.add_link()
    for n in range(40):
        agent: dict[str, Any] = {"User-Agent": f"{BROWSER} Phone/{n % 15}", "X-Forwarded-For": "203.0.113.9"}
        await world.visit("/summer", **agent)
    shown = await world.admin.slash(world.channel, "stats link", link="summer")
    assert field(shown, "Clicks").startswith("**40**")
    assert field(shown, "Unique clicks").startswith("**at least 15**")
    assert "Do-Not-Track" not in text_of(shown)
    for _n in range(60):
        await world.visit("/summer", DNT="1")
    shown = await world.admin.slash(world.channel, "stats link", link="summer")
    assert field(shown, "Unique clicks").startswith("**at least 15**"), "over a fifth of 100 clicks"
    for _n in range(100):
        await world.visit("/summer", DNT="1")
    shown = await world.admin.slash(world.channel, "stats link", link="summer")
    assert field(shown, "Unique clicks").startswith("**15**")
    assert "160 Do-Not-Track clicks aren't in the unique count" in text_of(shown)
    explained = text_of(await world.admin.click(answer_of(shown), label="Explain"))
    assert "15 of 200 clicks" in explained
    assert "Those were 160 clicks." in explained
    assert "behind one address" in explained
    assert "behind one address" in text_of(await world.admin.slash(world.channel, "explain", term="unique"))


async def test_likes_make_an_engagement_rate(world: World) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="instagram", kind="story")
    for _n in range(10):
        await world.visit("/summer/ig1")
    world.move(minutes=5)
    post = await choose(world, world.admin, "stats post", "post", "")
    logged = await world.admin.slash(
        world.channel, "impressions log", impressions="1000", post=post, likes="60", comments="20", saves="10"
    )
    assert "Kept with them: 60 likes, 20 comments, 10 saves." in text_of(logged)
    shown = await world.admin.slash(world.channel, "stats post", post=post)
    assert field(shown, "Engagement rate") == "**10.0%** (4.8%–17.3%)\n100 of 1,000 displays"
    assert field(shown, "Displays") == "**1,000**\n1,000 impressions", "likes are no displays"
    wrong = await world.admin.slash(world.channel, "impressions log", impressions="1", post=post, likes="many")
    assert "likes: “many” is not a whole number" in text_of(wrong)


async def test_notes_are_drawn_undone_and_brought_back(world: World) -> None:
    await world.add_link()
    await world.add_link("other")
    await world.visit("/summer")
    world.move(minutes=1)

    async def seen(link: str) -> str:
        shown = await world.admin.slash(world.channel, "stats link", link=link)
        return answer_of(shown).attachments[0].description

    assert "None yet" in text_of(await world.admin.slash(world.channel, "note list"))
    noted = await world.admin.slash(world.channel, "note add", text="posted the reel", link="summer")
    assert "11 Mar 2026** posted the reel" in text_of(noted)
    await world.admin.slash(world.channel, "note add", text="on the radio", day="2026-03-09")
    await world.admin.slash(world.channel, "note add", text="giveaway", day="yesterday", server=True)
    told = await seen("summer")
    assert all(text in told for text in ("posted the reel", "on the radio", "giveaway"))
    assert "posted the reel" not in await seen("other"), "it was noted for one link"
    server = await world.sam.slash(world.channel, "stats server")
    assert "giveaway" in answer_of(server).attachments[0].description
    assert "radio" not in answer_of(server).attachments[0].description

    await world.env.restart_bot(world.app.client())
    undone = await world.admin.click(answer_of(noted), label="Delete it")
    assert undone.acknowledged
    assert "posted the reel" not in await seen("summer")
    await world.admin.click(answer_of(noted), label="Bring it back")
    assert "posted the reel" in await seen("summer")
    listed = text_of(await world.admin.slash(world.channel, "note list"))
    assert "Notes (3)" in listed
    gone = await choose(world, world.admin, "note delete", "note", "radio")
    assert "Note deleted" in text_of(await world.admin.slash(world.channel, "note delete", note=gone))
    assert "no such note" in text_of(await world.leo.slash(world.channel, "note delete", note=gone))
    for wrong, said in (
        ({"text": "x" * 81}, "1 to 80 characters"),
        ({"text": "x", "day": "2027-01-01"}, "still to come"),
        ({"text": "x", "link": "summer", "server": True}, "belongs to no link"),
    ):
        assert said in text_of(await world.admin.slash(world.channel, "note add", **wrong))
    assert "Manage Server" in text_of(await world.leo.slash(world.channel, "note add", text="x", server=True))


async def test_what_was_pressed_too_late_is_answered_in_a_sentence(world: World) -> None:
    await world.add_link()
    shown = await world.admin.slash(world.channel, "stats link", link="summer")
    question = await world.admin.slash(world.channel, "link delete", link="summer")
    await world.admin.click(answer_of(question), label="Delete for good")
    assert "no longer there" in text_of(await world.admin.click(answer_of(shown), label="7 days"))
    assert "no longer there" in text_of(await world.admin.click(answer_of(shown), label="Explain"))


async def test_a_post_is_held_against_the_creators_own_and_against_the_servers_when_it_opted_in(world: World) -> None:
    people = [world.admin, world.maya, world.leo, world.sam, world.guild.add_member(world.env.create_user("noor"))]
    best = ""
    for n, person in enumerate(people):
        await world.add_link(f"link{n}", creator=person)
        for k in range(7 if n == 0 else 2):
            added = await world.admin.slash(
                world.channel, "post add", link=f"link{n}", platform="x", kind="post", title=f"number {n}{k}"
            )
            assert "number" in text_of(added)
            post = await choose(world, world.admin, "stats post", "post", f"number {n}{k}")
            for _n in range(5 if (n, k) == (0, 6) else 1):
                await world.visit(f"/link{n}/x{k + 1}")
            world.move(minutes=1)
            best = post if (n, k) == (0, 6) else best
            await world.admin.slash(world.channel, "impressions log", impressions="200", post=post)
    world.move(days=3)
    shown = await world.admin.slash(world.channel, "stats post", post=best)
    assert field(shown, "Benchmark").splitlines()[0] == (
        "**CTR** better than all of your X posts of the last 90 days (6 posts)"
    )
    assert "server's" not in field(shown, "Benchmark")
    told = await world.admin.slash(world.channel, "setup", benchmarks=True)
    assert "on: posts are compared" in text_of(told)
    shown = await world.admin.slash(world.channel, "stats post", post=best)
    assert "**CTR** better than all of this server's X posts of the last 90 days (14 posts)" in field(
        shown, "Benchmark"
    )


async def test_numbers_are_written_as_the_servers_locale_does(world: World) -> None:
    there = world.env.create_guild("Goldene Stunde", preferred_locale="de")
    channel = there.create_text_channel("general")
    boss = there.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    anna = there.add_member(world.env.create_user("anna"), roles=[boss])
    await anna.slash(channel, "link add", destination="https://shop.example", name="sommer")
    await anna.slash(channel, "post add", link="sommer", platform="instagram", kind="story")
    for _n in range(3):
        await world.visit("/sommer/ig1")
    world.move(minutes=5)
    offered = await anna.autocomplete(channel, "stats post", "post", "")
    await anna.slash(channel, "impressions log", impressions="20000", post=offered[0]["value"], likes="1500")
    shown = await anna.slash(channel, "stats post", post=offered[0]["value"])
    assert field(shown, "Displays") == "**20.000**\n20.000 impressions"
    assert field(shown, "Engagement rate").startswith("**7,5\xa0%**")
    assert "20.000 from" in answer_of(shown).attachments[0].description


async def test_the_longest_names_fit_into_an_answer(world: World) -> None:
    for n in range(6):
        name, title = f"{n}{'x' * 60}", f"{n} {'*_W_*' * 30}"[:100]
        await world.add_link(name, title=title, creator=world.admin)
        for platform in ("instagram", "x"):
            added = await world.admin.slash(
                world.channel, "post add", link=name, platform=platform, kind="message", title=title
            )
            assert answer_of(added).embeds, text_of(added)
        await world.visit(f"/{name}/ig1")
        await world.visit(f"/{name}/x1")
    for command in ("stats creator", "stats server", "stats top", "stats heatmap"):
        shown = await world.admin.slash(world.channel, command)
        assert len(answer_of(shown).embeds[0]) <= 6000
        assert answer_of(shown).attachments


async def test_what_was_set_aside_of_a_post_is_its_own(world: World) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="x", kind="post")
    await world.visit("/summer", method="HEAD")
    await world.visit("/summer/x1", method="HEAD")
    await world.visit("/summer/x1")
    await world.set_aside(2)
    post = await choose(world, world.admin, "stats post", "post", "")
    shown = await world.admin.slash(world.channel, "stats post", post=post)
    assert "Set aside: 1 HEAD request" in text_of(shown)
    whole = await world.admin.slash(world.channel, "stats link", link="summer")
    assert "Set aside: 2 HEAD requests" in text_of(whole)


async def test_a_picture_tells_the_figure_that_the_change_is_made_of(world: World) -> None:
    await world.add_link()
    for day, clicks in (("2026-03-12", (4, 3)), ("2026-03-13", (6,))):
        for hour, n in zip((8, 20), clicks, strict=False):
            world.move_to(f"{day}T{hour:02}:30:00+00:00")
            for _visit in range(n):
                await world.visit("/summer")
    world.move(hours=2)
    for period, clicks, before in (("today", 6, 4), ("yesterday", 7, 0)):
        shown = await world.admin.slash(world.channel, "stats server", period=period)
        words = answer_of(shown).attachments[0].description
        assert field(shown, "Clicks").startswith(f"**{clicks}**")
        if before:
            assert "+50%" in field(shown, "Clicks")
            assert f"The previous period had {before} up to the same time." in words
        best = re.search(r"Best hour: (\d\d:\d\d) with (\d+)", words)
        assert best is not None
        assert field(shown, "Best hour").split() == [f"**{best[1]}**", best[2], "clicks"]
        assert "Best day" not in text_of(shown)
        explained = await world.admin.click(answer_of(shown), label="Explain")
        assert "Best day" not in text_of(explained)

    world.move_to("2026-03-14T12:00:00+00:00")
    shown = await world.admin.slash(world.channel, "stats server", period="yesterday")
    assert "The previous period had 7." in answer_of(shown).attachments[0].description
    assert "up to the same time" not in text_of(shown)


async def test_the_pages_of_a_ranking_are_of_one_moment_and_its_first_page_is_new(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    stats, who = busy.app.services.stats, Actor(busy.guild.id, busy.sam.id)

    async def names(page: int) -> list[str]:
        question = Question(View.TOP, (Subject(Scope.SERVER, busy.guild.id),), (Named.DAYS_28,), page=page)
        found = await stats.answer(who, question, private=False)
        assert isinstance(found, Top)
        assert found.page == page
        return [row.link.slug for row in found.rows if row.link is not None]

    first, second = await names(0), await names(1)
    await clicked(busy, await link_named(busy, second[1]), 10_000)
    assert await names(1) == second, "another order while somebody reads it"
    moved = [second[1], first[0]]
    assert await names(0) == moved
    assert await names(1) == [first[1], second[0]]
    await clicked(busy, await link_named(busy, second[0]), 30_000)
    busy.move(seconds=RANKED_SECONDS + 1)
    assert await names(1) == [first[0], first[1]], "kept for good"
    async with busy.app.db.read() as conn:
        (link,) = [link for link in await links.find(conn, busy.guild.id) if link.slug == first[1]]
    await busy.app.db.write(lambda conn: links.change(conn, busy.guild.id, link.id, private=True))
    assert await names(1) == [first[0]], "what was made private since is named"


async def test_a_chart_says_as_many_displays_as_the_answer(busy: World) -> None:
    shown = await busy.admin.slash(busy.channel, "stats link", link="summer", period="7d")
    (reported,) = re.findall(r"([\d,]+) reported", field(shown, "Displays"))
    told = answer_of(shown).attachments[0].description.partition(" clicks. ")[0]
    growth = [
        number(n)
        for n in re.findall(r"(?:reported|About) ([\d,]+) (?:from|of)|adds? (?:up to )?([\d,]+)", told)
        for n in n
        if n
    ]
    assert sum(growth) == number(reported)
