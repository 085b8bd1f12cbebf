"""Autocomplete: links, posts and zones, curated for an empty query, 25 at most."""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import itemgetter

import discord
from discord import app_commands

from bot.errors import NotFoundError
from bot.inputs.periods import spell
from bot.inputs.text import clean, shows
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
from storage.picks import LinkPick, PostPick
from storage.words import Query, key

MOST = 25
LONGEST = 100
"""Characters of a choice's name."""
CREATORS = 200
"""Creators whose names are looked at, those of the newest links."""
SHOWN_CREATORS = 10
_SECONDS = 0.5
"""How long choices wait for names."""

Named = tuple[str, str, str]
"""A choice: what it is called, what tells it from others that are called so, and its value."""

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


def choices(named: Iterable[Named]) -> list[app_commands.Choice[str]]:
    """The first of them as Discord takes choices: no name is blank, too long, or twice there."""
    found: dict[str, str] = {}
    for head, tail, value in named:
        name, n = _fitted(head, tail), 1
        if not shows(name):
            name = plain(value)
        while name in found:  # as of two notes of one day that say the same
            n += 1
            name = _fitted(head, f"{tail} ({n})")
        found[name] = value
        if len(found) == MOST:
            break
    return [app_commands.Choice(name=name, value=value) for name, value in found.items()]


def _fitted(head: str, tail: str) -> str:
    """Both on one line of at most `LONGEST` characters: what tells it apart stands behind, so the head is cut."""
    tail = plain(tail, LONGEST)
    return f"{plain(head, LONGEST - len(tail) - 1)} {tail}".strip() if tail else plain(head, LONGEST)


def _link(link: LinkPick) -> Named:
    slug = f"({link.slug})"
    return (link.title, slug, str(link.id)) if plain(link.title) else (link.slug, "", str(link.id))


def _post(post: PostPick) -> Named:
    """ "Instagram story “Teaser” · /summer/ig1"; one without an address is told by its day."""
    title = f" “{post.title}”" if plain(post.title) else ""
    if post.slug and post.code:
        place = f"/{post.slug}/{post.code}"
    else:
        place = _("no link, {day}").format(day=date(post.published.date(), year=True))
    return f"{platforms.describe(post.platform, post.kind)}{title}", f"· {place}", str(post.id)


async def link(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's links (a manager's: the server's); archived ones only when searched for."""
    return choices(map(_link, await services(interaction).picks.links(actor(interaction), current)))


async def archivable(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Links to archive; with restore:True those that were."""
    if not interaction.namespace.restore:
        return await link(interaction, current)
    return choices(map(_link, await services(interaction).picks.links(actor(interaction), current, archived=True)))


async def post(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's posts (a manager's: the server's); archived ones only when searched for."""
    return choices(map(_post, await services(interaction).picks.posts(actor(interaction), current)))


async def archivable_post(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Posts to archive; with restore:True those that were."""
    if not interaction.namespace.restore:
        return await post(interaction, current)
    return choices(map(_post, await services(interaction).picks.posts(actor(interaction), current, archived=True)))


async def period(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What the typed text would mean as a time, and named ones that it is part of."""
    return choices((fmt.choice(choice), "", spell(choice)) for choice in await _times(interaction, current))


async def _times(interaction: discord.Interaction, current: str) -> list[Choice]:
    use_server_locale(interaction)
    query = Query.of(clean(current))
    named = [choice for choice, name in CHOICES.items() if query.tier(key(name, choice.value)) is not None]
    if not current.strip():
        return list(named)
    return list(dict.fromkeys([*await services(interaction).stats.suggestions(actor(interaction), current), *named]))


async def subject(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Whose numbers: the asker's, the server's, one of their links or posts; for managers another creator's."""
    return choices(await _subjects(interaction, current))


async def compared(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What can be compared: links, posts, creators, or times."""
    found = await _subjects(interaction, current)
    times = [
        (_("Time: {name}").format(name=fmt.choice(choice)), "", f"{_TIME}{encode(choice)}")
        for choice in await _times(interaction, re.sub("^(time|period)\\b:? ?", "", current.lower()))
    ]
    return choices([*found[: MOST - min(len(times), len(CHOICES))], *times])


async def _subjects(interaction: discord.Interaction, current: str) -> list[Named]:
    who = actor(interaction)
    offer = await services(interaction).picks.subjects(who, current, CREATORS)
    own = _("You"), _("The whole server")
    ranked = [
        (offer.query.tier(key(name)), (name, "", f"{_SUBJECT}{subject}"))
        for name, subject in zip(
            own, (Subject(Scope.CREATOR, who.user_id), Subject(Scope.SERVER, who.guild_id)), strict=True
        )
    ]
    ranked += [(item.tier, _of(Scope.LINK, _link(item))) for item in offer.links]
    ranked += [(item.tier, _of(Scope.POST, _post(item))) for item in offer.posts]
    others = offer.creators if offer.query.within else offer.creators[:SHOWN_CREATORS]
    names = await people.names_in(interaction, others, _SECONDS)
    called = [(_("Creator {name}").format(name=names[id_]), id_) for id_ in others]
    creators = [
        (offer.query.tier(key(names[id_], name)), (name, "", f"{_SUBJECT}{Subject(Scope.CREATOR, id_)}"))
        for name, id_ in called
    ]
    at = 2 if offer.query.within else len(ranked)  # they would drown behind many links otherwise
    ranked[at:at] = creators
    answering = [(tier, named) for tier, named in ranked if tier is not None]
    return [named for _tier, named in sorted(answering, key=itemgetter(0))]


def _of(scope: Scope, named: Named) -> Named:
    head, tail, id_ = named
    return head, tail, f"{_SUBJECT}{Subject(scope, int(id_))}"


async def covered(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """What a brand report may cover: one creator's links, posts and tags; the asker's, unless a manager chose one."""
    who, chosen = actor(interaction), getattr(interaction.namespace, "creator", None)
    offer = await services(interaction).picks.covered(who, who.user_id if chosen is None else chosen.id, current)
    ranked = [(item.tier, _of(Scope.LINK, _link(item))) for item in offer.links]
    ranked += [(offer.query.tier(key(tag)), (f"#{tag}", "", f"#{tag}")) for tag in offer.tags]
    ranked += [(item.tier, _of(Scope.POST, _post(item))) for item in offer.posts]
    answering = [(tier, named) for tier, named in ranked if tier is not None]
    return choices(named for _tier, named in sorted(answering, key=itemgetter(0)))


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
    return best(current, ((f"{date(item.day, year=True)} {item.text}", "", str(item.id)) for item in found))


async def report(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's brand reports, the newest first, numbered as in their list."""
    found = await services(interaction).reports.visible(actor(interaction))
    named = [
        (f"{len(found) - n}. {made.frozen.brand or _('No brand')}, {days(made.frozen.first, made.frozen.last)}", made)
        for n, made in enumerate(found)
    ]
    return best(current, ((name, "", str(made.report.id)) for name, made in named))


async def deal(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's deals, the one that ends last first."""
    found = await services(interaction).deals.visible(actor(interaction))
    named = [(f"{n}. {item.brand},", days(item.first, item.until), str(item.id)) for n, item in enumerate(found, 1)]
    return best(current, named)


def best(current: str, named: Iterable[Named]) -> list[app_commands.Choice[str]]:
    """Those whose names answer to what was typed, the best first, else in the order that they have."""
    query = Query.of(current)
    ranked = [(query.tier(key(f"{head} {tail}")), (head, tail, value)) for head, tail, value in named]
    answering = [(tier, one) for tier, one in ranked if tier is not None]
    return choices(one for _tier, one in sorted(answering, key=itemgetter(0)))


async def zone(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """IANA time zones; the common ones for an empty query."""
    query = current.strip().lower().replace(" ", "_")
    names = zone_names() if query else COMMON_ZONES
    # Names whose city begins with what was typed come first.
    found = sorted(
        (name for name in names if query in name.lower()),
        key=lambda name: (not name.lower().rsplit("/", 1)[-1].startswith(query), name) if query else (False, ""),
    )
    return choices((name, "", name) for name in found)
