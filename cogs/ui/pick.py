"""Autocomplete: links, posts and zones, curated for an empty query, 25 at most."""

from __future__ import annotations

import re
from collections.abc import Iterable

import discord
from discord import app_commands

from bot.errors import NotFoundError
from bot.inputs.periods import spell
from bot.insights.periods import Choice, decode, encode
from bot.links import platforms
from bot.reports.service import Selection
from bot.servers import zone_names
from bot.stats.question import Ranks, Scope, Subject
from bot.texts import _, days
from cogs.ui import format as fmt
from cogs.ui import people
from cogs.ui.answers import actor, services, use_server_locale
from cogs.ui.format import CHOICES, date, plain
from cogs.ui.posts import links_of
from storage.records import Link, Post

MOST = 25
CREATORS = 10

PERIOD = _("Which days: 14 days, last month, November, Q3 2025, since 1 Nov, 2026-01-01 to 2026-01-31")
SHARE = _("Show the answer to everybody here")
RANKS = [
    app_commands.Choice(name=_("Links"), value=Ranks.LINKS.value),
    app_commands.Choice(name=_("Posts"), value=Ranks.POSTS.value),
    app_commands.Choice(name=_("Platforms"), value=Ranks.PLATFORMS.value),
    app_commands.Choice(name=_("Kinds of posts"), value=Ranks.KINDS.value),
]
METRICS = [app_commands.Choice(name=name, value=metric.value) for metric, name in fmt.METRICS.items()]
_SUBJECT, _TIME = "=", "~"
"""What values of our own begin with: no slug does."""

PLATFORMS = [app_commands.Choice(name=name, value=key) for key, (name, _code) in platforms.PLATFORMS.items()]
KINDS = [app_commands.Choice(name=kind.capitalize(), value=kind) for kind in platforms.KINDS]

COMMON_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Manila",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
)


def _link_name(link: Link) -> str:
    return plain(f"{link.title} ({link.slug})" if link.title else link.slug)


def _matches(query: str, *texts: str) -> bool:
    return all(any(word in text.lower() for text in texts) for word in query.lower().split())


async def link(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's links (a manager's: the server's), the newest first; archived ones only when searched for."""
    who = actor(interaction)
    found = list(await services(interaction).links.visible(who))
    if current:
        found += await services(interaction).links.visible(who, archived=True)
    # A manager's own links first: they are what a manager who creates wants most.
    found.sort(key=lambda item: item.creator_id != who.user_id)
    return _choices(found, current)


async def archivable(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Links to archive; with restore:True those that were."""
    if not interaction.namespace.restore:
        return await link(interaction, current)
    return _choices(await services(interaction).links.visible(actor(interaction), archived=True), current)


def _choices(found: Iterable[Link], current: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=_link_name(item), value=str(item.id))
        for item in found
        if _matches(current, item.slug, item.title, item.destination, " ".join(item.tags))
    ][:MOST]


def _post_name(post: Post, slug: str | None) -> str:
    place = f"/{slug}/{post.code}" if slug and post.code else _("no link")
    title = f" “{post.title}”" if post.title else ""
    return plain(f"{platforms.describe(post.platform, post.kind)}{title} · {place}")


async def post(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's posts, the newest first; archived ones only when searched for."""
    who, asked = actor(interaction), services(interaction).posts
    found = list(await asked.visible(who))
    if current:
        found += await asked.visible(who, archived=True)
    return await _post_choices(interaction, found, current)


async def archivable_post(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Posts to archive; with restore:True those that were."""
    archived = bool(interaction.namespace.restore)
    found = await services(interaction).posts.visible(actor(interaction), archived=archived)
    return await _post_choices(interaction, found, current)


async def _post_choices(
    interaction: discord.Interaction, found: Iterable[Post], current: str
) -> list[app_commands.Choice[str]]:
    links = await links_of(interaction)
    slugs = {id_: item.slug for id_, item in links.items()}
    named = [
        (_post_name(item, slugs.get(item.link_id or 0)), item)
        for item in found
        if item.link_id is None or item.link_id in slugs
    ]
    return [
        app_commands.Choice(name=name, value=str(item.id))
        for name, item in named
        if _matches(current, name, item.permalink)
    ][:MOST]


async def period(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What the typed text would mean as a time, and named ones that it is part of."""
    times = await _times(interaction, current)
    return [app_commands.Choice(name=fmt.choice(choice), value=spell(choice)) for choice in times][:MOST]


async def _times(interaction: discord.Interaction, current: str) -> list[Choice]:
    use_server_locale(interaction)
    named = [choice for choice, name in CHOICES.items() if _matches(current, name, choice.value)]
    if not current.strip():
        return list(named)
    return list(dict.fromkeys([*await services(interaction).stats.suggestions(actor(interaction), current), *named]))


async def subject(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Whose numbers: the asker's, the server's, one of their links or posts; for managers another creator's."""
    return (await _subjects(interaction, current))[:MOST]


async def compared(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What can be compared: links, posts, creators, or times."""
    found = await _subjects(interaction, current)
    times = [
        app_commands.Choice(name=_("Time: {name}").format(name=fmt.choice(choice)), value=f"{_TIME}{encode(choice)}")
        for choice in await _times(interaction, re.sub("^(time|period)\\b:? ?", "", current.lower()))
    ]
    room = MOST - min(len(times), len(CHOICES))
    return [*found[:room], *times][:MOST]


async def _subjects(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    who, asked = actor(interaction), services(interaction)
    links = list(await asked.links.visible(who))
    own = sorted(links, key=lambda item: item.creator_id != who.user_id)
    slugs = {item.id: item.slug for item in links}
    named = [
        (_("You"), Subject(Scope.CREATOR, who.user_id)),
        (_("The whole server"), Subject(Scope.SERVER, who.guild_id)),
    ]
    named += [(_link_name(item), Subject(Scope.LINK, item.id)) for item in own]
    named += [
        (_post_name(item, slugs[item.link_id]), Subject(Scope.POST, item.id))
        for item in await asked.posts.visible(who)
        if item.link_id in slugs
    ]
    if who.manager:
        others = list(dict.fromkeys(item.creator_id for item in own if item.creator_id != who.user_id))[:CREATORS]
        named += [
            (
                _("Creator {name}").format(name=plain(await people.name_of(interaction, other))),
                Subject(Scope.CREATOR, other),
            )
            for other in others
        ]
    if current:  # posts and creators would drown behind many links otherwise
        named = [(name, item) for name, item in named if _matches(current, name)]
    return [app_commands.Choice(name=name, value=f"{_SUBJECT}{item}") for name, item in named]


async def covered(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What a brand report may cover: one creator's links, posts and tags; the asker's, unless a manager chose one."""
    who, asked = actor(interaction), services(interaction)
    chosen = getattr(interaction.namespace, "creator", None)
    creator_id = who.user_id if chosen is None else chosen.id
    own = [item for item in await asked.links.visible(who) if item.creator_id == creator_id]
    if current:
        own += [item for item in await asked.links.visible(who, archived=True) if item.creator_id == creator_id]
    slugs = {item.id: item.slug for item in own}
    named = [(_link_name(item), f"{_SUBJECT}{Subject(Scope.LINK, item.id)}") for item in own]
    named += [(f"#{tag}", f"#{tag}") for tag in dict.fromkeys(tag for item in own for tag in item.tags)]
    named += [
        (_post_name(item, slugs.get(item.link_id or 0)), f"{_SUBJECT}{Subject(Scope.POST, item.id)}")
        for item in await asked.posts.visible(who)
        if item.creator_id == creator_id
    ]
    return [app_commands.Choice(name=name, value=value) for name, value in named if _matches(current, name)][:MOST]


async def selection_of(interaction: discord.Interaction, texts: Iterable[str | None]) -> Selection:
    """What was chosen from the list of `covered`, or links typed by their names. Raises UserError."""
    link_ids, post_ids, tags = [], [], []
    for text in texts:
        if text is None:
            continue
        if text.strip().startswith("#"):
            tags.append(text.strip()[1:])
            continue
        found = await subject_of(interaction, text)
        if found.scope not in (Scope.LINK, Scope.POST):
            raise NotFoundError(_("“{value}” is none of those; choose from the list.").format(value=plain(text, 60)))
        (link_ids if found.scope is Scope.LINK else post_ids).append(found.id)
    return Selection(*(tuple(dict.fromkeys(found)) for found in (link_ids, post_ids, tags)))


async def subject_of(interaction: discord.Interaction, text: str) -> Subject:
    """What was chosen from the list of subjects, or a link typed by its name. Raises UserError."""
    who, value = actor(interaction), text.strip()
    if value.startswith(_SUBJECT):
        try:
            return Subject.parse(value[1:])
        except ValueError:
            raise NotFoundError(
                _("“{value}” is none of those; choose from the list.").format(value=plain(value, 60))
            ) from None
    return Subject(Scope.LINK, (await services(interaction).links.find(who, value)).id)


def time_of(text: str) -> Choice | None:
    """The time that was chosen from the list of what can be compared; None for all else."""
    try:
        return decode(text[1:]) if text.startswith(_TIME) else None
    except ValueError:
        return None


async def note(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's notes, the latest first."""
    found = await services(interaction).notes.visible(actor(interaction))
    named = [(plain(f"{date(item.day, year=True)} {item.text}"), item) for item in found]
    return [app_commands.Choice(name=name, value=str(item.id)) for name, item in named if _matches(current, name)][
        :MOST
    ]


async def report(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's brand reports, the newest first, numbered as in their list."""
    found = await services(interaction).reports.visible(actor(interaction))
    named = [
        (f"{len(found) - n}. {made.frozen.brand or _('No brand')}, {days(made.frozen.first, made.frozen.last)}", made)
        for n, made in enumerate(found)
    ]
    return [
        app_commands.Choice(name=plain(name), value=str(made.report.id))
        for name, made in named
        if _matches(current, name)
    ][:MOST]


async def deal(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's deals, the one that ends last first."""
    found = await services(interaction).deals.visible(actor(interaction))
    named = [(f"{n}. {item.brand}, {days(item.first, item.until)}", item) for n, item in enumerate(found, start=1)]
    return [
        app_commands.Choice(name=plain(name), value=str(item.id)) for name, item in named if _matches(current, name)
    ][:MOST]


async def zone(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """IANA time zones; the common ones for an empty query."""
    query = current.strip().lower().replace(" ", "_")
    names = zone_names() if query else COMMON_ZONES
    # Names whose city begins with what was typed come first.
    found = sorted(
        (name for name in names if query in name.lower()),
        key=lambda name: (not name.lower().rsplit("/", 1)[-1].startswith(query), name) if query else (False, ""),
    )
    return [app_commands.Choice(name=name, value=name) for name in found][:MOST]
