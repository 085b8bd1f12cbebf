"""What a digest says, in every form: numbers that agree, names that may be named, and Discord's limits."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from typing import Any

import discord
import pytest

from bot import texts
from bot.digests.content import Content, compose
from bot.digests.movers import Mover
from bot.insights.growth import told_of
from bot.insights.periods import ONE_DAY, Named, Period, local_day, period_of
from bot.insights.rates import change
from bot.insights.tally import by_link, by_post
from bot.stats.answers import Report
from bot.stats.question import pack
from cogs.delivery import messages
from cogs.ui.digest import Form, message
from cogs.ui.format import escape, label
from storage.records import (
    BARE,
    AsideCount,
    Cadence,
    DayCount,
    Digest,
    DigestState,
    Kind,
    Link,
    PlaceCounts,
    PlaceKey,
    Post,
    Quiet,
)
from tests.conftest import NOW, World, answer_of, text_of, words
from tests.sampled import a_busy_server as _busy  # noqa: F401
from tests.summed import summed

ZONE = "Europe/Berlin"
WEEK = period_of(Named.LAST_WEEK, NOW, ZONE, 0, None)
"""2 to 8 March."""
HOSTILE = "@everyone [x](https://evil.example) `**_~~|| # > <@1> \\ " * 3
EVERY_FORM = pytest.mark.parametrize("form", Form, ids=str)


def a_digest(**given: Any) -> Digest:
    """A weekly one in channel 3 of server 1."""
    usual: dict[str, Any] = {
        "guild_id": 1,
        "id": 7,
        "channel_id": 3,
        "user_id": None,
        "cadence": Cadence.WEEKLY,
        "weekday": 0,
        "minute": 540,
        "tag": "",
        "role_id": None,
        "quiet": Quiet.LINE,
        "state": DigestState.ACTIVE,
        "next_run_at": NOW,
        "created_by": 1,
    }
    return Digest(**(usual | given))


def of(world: World, **given: Any) -> Digest:
    return a_digest(**({"guild_id": world.guild.id, "channel_id": world.channel.id} | given))


async def content(world: World, period: Period = WEEK, *, late: bool = False, **given: Any) -> Content:
    return await world.app.services.contents.of(of(world, **given), period, late=late)


async def post(world: World, said: Content, form: Form = Form.LAYOUT, channel: Any = None) -> discord.Message:
    """The digest, posted; what was sent is held against Discord's own description when the test ends."""
    guild = world.client.get_guild(world.guild.id)
    assert guild is not None
    parts = await messages.compose(world.app.services, world.client.names, said, guild, form)
    channel = channel or world.client.get_channel(world.channel.id)
    return await channel.send(**parts)


def custom_ids(found: Any) -> list[str]:
    """Of a message's parts as they are sent."""
    return re.findall(r'"custom_id": "([^"]+)"', json.dumps(found))


def sent(world: World) -> dict[str, Any]:
    """The body of the last message."""
    *_others, last = (r for r in world.env.http_requests if r.method == "POST" and r.path.endswith("/messages"))
    assert last.json is not None
    return last.json


def hostile() -> Content:
    """Hundreds of links and posts whose names are as long as they come and all Markdown; everything to say."""
    made = WEEK.start_at + dt.timedelta(hours=3)
    links = {
        n: Link(1, n, 9, f"slug-{n:04}-{'x' * 40}", "https://a.example", 9, made, made, HOSTILE[:100])
        for n in range(100, 400)
    }
    posts = {
        n: Post(
            1, n, 9, n - 900, f"ig{n}", "instagram", "story", 9, made, HOSTILE[:100], "https://a.example/" + "p)" * 120
        )
        for n in range(1000, 1300)
    }

    def counts(times: int) -> PlaceCounts:
        found: dict[PlaceKey, int] = {}
        for n in links:
            found |= {(n, BARE, Kind.CLICK): 9 * times + n, (n, BARE, Kind.IMPRESSION): 4000}
            found |= {(n, n + 900, Kind.CLICK): 12 * times, (n, n + 900, Kind.IMPRESSION): 900}
        return found

    def summary(period: Period, times: int) -> Any:
        total = sum(n for (_link_id, _place_id, kind), n in counts(times).items() if kind == Kind.CLICK)
        days = [DayCount(day, Kind.CLICK, total // 7) for day in period.days]
        return summed(period, counts(times), days, total // 2, [told_of(post, []) for post in posts.values()])

    now = summary(WEEK, 40)
    report = Report(
        period=WEEK,
        as_of=NOW,
        now=now,
        before=summary(WEEK.previous, 1),
        unique_change=(10_000, 5_000),
        uniques_by_day=(100_000_000,) * 7,
        previous_clicks=(3,) * 7,
        rates_by_day=(),
        by_link=by_link(now.by_place),
        by_post=by_post(now.by_place),
        links=links,
        posts=posts,
        grown=(),
        set_aside=[AsideCount(reason, "", 10**7) for reason in ("preview", "crawler", "repeat", "head", "owner")],
        audience=(),
        gaps=(),
        ever=900,
    )
    told = dict.fromkeys(posts)
    return compose(
        a_digest(user_id=9, channel_id=None, tag=HOSTILE[:40], role_id=5),
        report,
        links=links,
        made=list(posts.values()),
        told=told,
        featured={9},
        late=True,
    )


def count_components(items: list[dict[str, Any]]) -> int:
    return sum(1 + count_components(item.get("components", [])) + ("accessory" in item) for item in items)


def total_text(items: list[dict[str, Any]]) -> int:
    return sum(len(item.get("content", "")) + total_text(item.get("components", [])) for item in items)


@EVERY_FORM
@pytest.mark.parametrize("whose", ["a creator's", "the server's"])
async def test_every_form_holds_discords_limits_whatever_things_are_called(
    world: World, form: Form, whose: str
) -> None:
    said = hostile()
    if whose == "the server's":
        said = dataclasses.replace(said, digest=dataclasses.replace(said.digest, user_id=None, channel_id=3))
        said = dataclasses.replace(said, missing=(), post_of_period=said.top_posts[0])
    parts = await message(world.app.services.charts, said, HOSTILE[:100], {9: escape(HOSTILE, 40)}, form)
    components = parts["view"].to_components()
    assert count_components(components) <= 40
    assert total_text(components) <= 4000
    assert all(len(id_) <= 100 for id_ in custom_ids(components))
    assert len(set(custom_ids(components))) == len(custom_ids(components))
    assert len(parts.get("content", "")) <= 2000
    if (shown := parts.get("embed")) is not None:
        assert len(shown) <= 6000
        assert len(shown.fields) <= 25
        assert all(0 < len(field.value) <= 1024 for field in shown.fields)
    if (file := parts.get("file")) is not None:
        assert 0 < len(file.description) <= 1024
    assert parts["allowed_mentions"].to_dict() == {"parse": []}
    await post(world, said, form)
    assert sent(world)["allowed_mentions"] == {"parse": []}


@EVERY_FORM
async def test_title_range_and_numbers_agree_in_every_form(busy: World, form: Form) -> None:
    said = await content(busy)
    text = words(await post(busy, said, form))
    now = said.report.now
    assert "2 Mar – 8 Mar 2026" in text
    assert f"**{now.clicks:,} clicks**" in text
    assert f"**about {now.displays:,} displays**" in text
    assert "Change against 23 Feb – 1 Mar 2026" in text
    assert "Set aside:" in text
    assert sum(now.clicks_by_day) == now.clicks
    assert f"digest:{busy.guild.id}:7:20260302" in custom_ids(sent(busy))
    if form is Form.BARE:
        assert "lookbook" not in json.dumps(sent(busy))
        return
    assert "The week of Golden Hour" in text
    for link, tally in said.top:
        assert f"{label(link)} · {tally.clicks:,} clicks" in text
    assert "Resonated most" in text
    assert "95% sure of" in text
    assert "Unannounced brand deal" not in json.dumps(sent(busy)), "it is private"
    if form is Form.TEXT_TABLE:
        rows = re.findall(r"^\w{3} \d Mar +([\d,]+) ", text, re.MULTILINE)
        assert sum(int(row.replace(",", "")) for row in rows) == now.clicks
    if form in (Form.LAYOUT, Form.EMBED):
        (chart,) = (await anext(history(busy))).attachments
        assert f"{now.clicks:,} clicks" in (chart.description or "")


def history(world: World) -> Any:
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return channel.history(limit=1)


async def test_what_moved_what_is_new_and_what_was_passed(busy: World) -> None:
    said = await content(busy)
    assert [link.slug for link in said.new_links] == ["autumn"]
    assert "First look" in {one.title for one in said.new_posts}
    link, tally = said.top[0]
    said = dataclasses.replace(said, movers=(Mover(link, tally.clicks, 7, change(tally.clicks, 7)),))
    text = words(await post(busy, said))
    assert f"{tally.clicks:,} clicks, 7 before" in text
    assert "Links: **Autumn capsule** (`autumn`)" in text
    ever, now = said.report.ever, said.report.now.clicks
    reached = next(step for step in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000) if step > ever)
    assert said.milestone == (reached if reached <= ever + now else None)


async def test_only_links_with_a_tag_or_of_a_role(busy: World) -> None:
    whole = await content(busy)
    food = await content(busy, tag="Food")
    assert {link.slug for link, _tally in food.top} == {"recipes", "cookbook"}
    assert 0 < food.report.now.clicks < whole.report.now.clicks
    assert sum(tally.clicks for tally in food.report.by_link.values()) == food.report.now.clicks
    assert "only links tagged **food**" in words(await post(busy, await content(busy, tag="food")))
    creators = await content(busy, role_id=busy.creator_role.id)
    assert busy.admin.id not in {link.creator_id for link, _tally in creators.top}, "has another role"
    assert busy.leo.id in {link.creator_id for link, _tally in creators.top}
    nobody = await content(busy, tag="nothing has it")
    assert nobody.is_quiet
    assert "A quiet week: nothing has been counted yet" in words(await post(busy, nobody))


async def test_a_creators_own_digest_names_their_private_links_and_asks_for_what_is_missing(busy: World) -> None:
    said = await content(busy, user_id=busy.admin.id, channel_id=None)
    assert {link.creator_id for link, _tally in said.top} == {busy.admin.id}
    assert "brand-deal" in {link.slug for link in said.links.values()}
    assert [(one.post.title, one.told) for one in said.missing] == [("First look", None)]
    text = words(await post(busy, said))
    assert "Your week in Golden Hour" in text
    assert "Still without the platform's numbers" in text
    # A week later nobody has told anything new of posts that are clicked still.
    busy.move(days=7)
    week = period_of(Named.LAST_WEEK, busy.clock.now(), ZONE, 0, None)
    later = await content(busy, week, user_id=busy.admin.id, channel_id=None)
    told = [one.told for one in later.missing]
    assert told[0] is None
    assert all(one.clicks > 0 for one in later.missing if one.told is not None)


async def test_the_post_of_the_week_takes_its_creators_consent(busy: World) -> None:
    assert (await content(busy)).post_of_period is None
    own = await content(busy, user_id=busy.leo.id, channel_id=None)
    shown = await post(busy, own, channel=await busy.client.fetch_user(busy.leo.id))
    agreed = await busy.leo.user.click(shown, label="Allow “post of the week”")
    assert "may show a post of yours" in text_of(agreed)
    said = await content(busy)
    assert said.post_of_period is not None
    assert said.post_of_period[0].creator_id == busy.leo.id
    for form in (Form.LAYOUT, Form.EMBED, Form.PLAIN):
        text = words(await post(busy, said, form))
        assert "by Leo" in text
        assert "<@" not in text
    await busy.leo.user.click(answer_of(agreed), label="No “post of the week” for me")
    assert (await content(busy)).post_of_period is None


# ---------------------------------------------------------------------- quiet, first, days and months


async def test_a_quiet_period_gets_one_honest_line(world: World) -> None:
    said = await content(world)
    assert said.is_quiet
    text = words(await post(world, said))
    assert "A quiet week: nothing has been counted yet. There is no tracked link here yet." in text
    await world.add_link()
    for _n in range(3):
        await world.visit("/summer")
    week = Period(local_day(NOW, ZONE) - 2 * ONE_DAY, local_day(NOW, ZONE) + 5 * ONE_DAY, ZONE)
    world.move(days=20)
    after = Period(week.end, week.end + 7 * ONE_DAY, ZONE)
    assert "nothing was counted, after 3 clicks the week before." in words(
        await post(world, await content(world, after))
    )
    following = Period(after.end, after.end + 7 * ONE_DAY, ZONE)
    text = words(await post(world, await content(world, following)))
    assert "nothing was counted, as in the week before." in text
    for cadence, line in ((Cadence.DAILY, "A quiet day"), (Cadence.MONTHLY, "A quiet month")):
        assert line in words(await post(world, await content(world, following, cadence=cadence), Form.PLAIN))


async def test_the_first_week_compares_with_nothing(world: World) -> None:
    await world.add_link()
    for _n in range(120):
        await world.visit("/summer")
    week = Period(local_day(NOW, ZONE) - 2 * ONE_DAY, local_day(NOW, ZONE) + 5 * ONE_DAY, ZONE)
    world.move(days=8)
    text = words(await post(world, await content(world, week)))
    assert "**120 clicks**\n" in text
    assert "The first week with numbers" in text
    assert "100 clicks in all** passed: 120 by the end of 15 Mar" in text
    assert "Change against" not in text
    assert "new" not in text.split("Top links")[0]


@pytest.mark.parametrize(
    ("cadence", "days", "title", "button"),
    [
        (Cadence.DAILY, 1, "The day of Golden Hour\n-# Sun 8 Mar 2026", "My day"),
        (Cadence.MONTHLY, 28, "The month of Golden Hour\n-# 9 Feb – 8 Mar 2026", "My month"),
    ],
)
async def test_days_and_months(busy: World, cadence: Cadence, days: int, title: str, button: str) -> None:
    said = await content(busy, Period(WEEK.end - days * ONE_DAY, WEEK.end, ZONE), cadence=cadence)
    shown = await post(busy, said)
    assert title in words(shown)
    (chart,) = shown.attachments
    assert chart.description
    assert text_of(await busy.leo.click(shown, label=button)).startswith("Leo:")
    await post(busy, said, Form.TEXT_TABLE)


async def test_numbers_and_dates_are_the_servers(busy: World) -> None:
    guild = busy.client.get_guild(busy.guild.id)
    assert guild is not None
    guild.preferred_locale = discord.Locale.german
    said = await content(busy)
    text = words(await post(busy, said))
    assert "2.–8. März 2026" in text
    assert f"**about {said.report.now.displays:,} ".replace(",", ".") in text


# ---------------------------------------------------------------------- buttons


async def test_my_week_and_this_link_are_for_who_may_see_them(busy: World) -> None:
    said = await content(busy)
    shown = await post(busy, said)
    select = next(id_ for id_ in custom_ids(sent(busy)) if id_.startswith("digest-link"))
    await busy.env.restart_bot(busy.app.client())
    mine = await busy.leo.click(shown, label="My week")
    assert mine.ephemeral
    assert "Leo: 2 Mar – 8 Mar 2026" in text_of(mine)
    assert "no links here yet" in text_of(await busy.sam.click(shown, label="My week"))

    link = next(link for link, _tally in said.top if link.creator_id == busy.leo.id)
    told = await busy.leo.select(shown, [pack(link.id)], custom_id=select)
    assert told.ephemeral
    assert f"{link.title}: 2 Mar – 8 Mar 2026" in text_of(told)
    refused = await busy.sam.select(shown, [pack(link.id)], custom_id=select)
    assert "Only that link's creator and managers" in text_of(refused)
    explained = await busy.sam.click(shown, label="Explain")
    assert explained.ephemeral
    assert "Private links" in text_of(explained)


async def test_digests_of_the_first_version_still_explain(world: World) -> None:
    view = discord.ui.View(timeout=None)
    old = f"digest:{world.guild.id}:20260302"
    view.add_item(discord.ui.Button(label="What do these numbers mean?", custom_id=old))
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    shown = await channel.send("The week of Golden Hour", view=view)
    await world.env.restart_bot(world.app.client())
    assert "Unique clicks" in text_of(await world.sam.click(shown, custom_id=old))


@pytest.mark.parametrize("form", [Form.LAYOUT, Form.EMBED, Form.PLAIN], ids=str)
async def test_the_log_button_keeps_what_a_platform_told_in_a_direct_message(busy: World, form: Form) -> None:
    said = await content(busy, user_id=busy.admin.id, channel_id=None)
    (missing,) = said.missing
    there = await busy.client.fetch_user(busy.admin.id)
    shown = await post(busy, said, form, there)
    await busy.env.restart_bot(busy.app.client())
    log = f"digest-log:{busy.guild.id}:{missing.post.id}"
    opened = await busy.admin.user.click(shown, custom_id=log)
    assert opened.modal is not None
    wrong = await busy.admin.user.submit_modal(opened, {"views": "many"})
    assert "views: “many” is not a whole number" in text_of(wrong)
    opened = await busy.admin.user.click(shown, custom_id=log)
    kept = await busy.admin.user.submit_modal(opened, {"views": "20k", "likes": "300", "rest": "shares 12, saves 5"})
    assert "**20,000** reported views for Instagram reel “First look”" in text_of(kept)
    assert "300 likes, 12 shares, 5 saves" in text_of(kept)
    assert (await content(busy, user_id=busy.admin.id, channel_id=None)).missing == ()
    mine = await busy.admin.user.click(shown, label="My week")
    assert "Admin: 2 Mar – 8 Mar 2026" in text_of(mine)
    assert f"Clicks: **{said.report.now.clicks:,}**" in text_of(mine)


async def test_the_form_behind_the_log_button_is_named_after_the_post(busy: World) -> None:
    """A form shows no Markdown, so that what escapes it would be seen."""
    said = await content(busy, user_id=busy.admin.id, channel_id=None)
    (missing,) = said.missing
    edited = await busy.admin.slash(busy.channel, "post edit", post=str(missing.post.id), title="Spring-sale (v2)_*")
    assert "Something went wrong" not in text_of(edited)
    shown = await post(busy, said)
    opened = await busy.admin.click(shown, custom_id=f"digest-log:{busy.guild.id}:{missing.post.id}")
    assert opened.modal is not None
    assert opened.modal["title"] == "Numbers of Instagram reel “Spring-sale (v2)_…"


async def test_nobody_logs_for_a_post_of_somebody_else(busy: World) -> None:
    said = await content(busy, user_id=busy.admin.id, channel_id=None)
    shown = await post(busy, said)
    log = f"digest-log:{busy.guild.id}:{said.missing[0].post.id}"
    refused = await busy.leo.click(shown, custom_id=log)
    assert refused.modal is None
    assert "no such post that you can use here" in text_of(refused)


@pytest.mark.parametrize(
    ("tag", "alone", "with_year", "span"),
    [
        ("en-US", "Thu 24 Sep", "24 Sep 2026", "24 Sep – 3 Oct 2026"),
        ("en-GB", "Thu 24 Sep", "24 Sep 2026", "24 Sep – 3 Oct 2026"),
        ("de", "Do., 24. Sept.", "24. Sept. 2026", "24. Sept. – 3. Okt. 2026"),
        ("pt-BR", "qui., 24 de set.", "24 de set. de 2026", "24 de set. – 3 de out. de 2026"),
        ("ja", "9月24日(木)", "2026年9月24日", "2026年9月24日～10月3日"),
        ("xx", "Thu 24 Sep", "24 Sep 2026", "24 Sep – 3 Oct 2026"),
    ],
)
def test_dates_are_written_as_the_locale_does(tag: str, alone: str, with_year: str, span: str) -> None:
    before = texts.current_locale()
    texts.use_locale(tag)
    try:
        day = dt.date(2026, 9, 24)
        said = (texts.day(day, weekday=True), texts.day(day, year=True), texts.days(day, dt.date(2026, 10, 3)))
    finally:
        texts.use_locale(before)
    assert [" ".join(text.split()) for text in said] == [alone, with_year, span]
