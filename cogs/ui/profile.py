"""How a creator's page is set up and arranged in Discord."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import discord

from bot.charts import alt_text
from bot.errors import InvalidError, NotFoundError
from bot.profiles.card import card_of
from bot.profiles.layout import Step, moved
from bot.profiles.pages import host_of
from bot.profiles.service import MAX_HEADING, MAX_LINE, MAX_NAME, NOT_ON_PAGE, Board
from bot.profiles.themes import DEFAULT, LOOKS, Fitted, fitted
from bot.stats.question import pack
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import people
from cogs.ui import qr as codes
from cogs.ui.answers import (
    Pressed,
    actor,
    conclude,
    embed,
    read_packed_id,
    require_asker,
    say_error,
    services,
    use_server_locale,
)
from cogs.ui.limits import Buttons, Form, picture
from cogs.ui.on_page import show_button, view_of
from storage.records import Entry, Link, Profile

LISTED = 25
"""Links of the select: Discord takes no more."""
KEEP, DISCORD, NONE = "keep", "discord", "none"


# ---------------------------------------------------------------------- setup


class SetupModal(Form):
    """Asks for what stands at the head of the page."""

    def __init__(self, profile: Profile | None, user: discord.User | discord.Member) -> None:
        super().__init__(_("Your page"))
        self.handle: discord.ui.TextInput[SetupModal] = discord.ui.TextInput(
            custom_id="handle",
            default=profile.handle if profile else None,
            min_length=2,
            max_length=33,
            placeholder=_("maya, for …/@maya"),
        )
        self.name: discord.ui.TextInput[SetupModal] = discord.ui.TextInput(
            custom_id="name",
            default=fmt.plain(profile.name if profile else user.display_name, MAX_NAME),
            max_length=MAX_NAME,
        )
        self.line: discord.ui.TextInput[SetupModal] = discord.ui.TextInput(
            custom_id="line",
            default=profile.line if profile and profile.line else None,
            required=False,
            max_length=MAX_LINE,
        )
        options = [
            discord.SelectOption(
                label=_("My picture on Discord, as it is now"), value=DISCORD, default=profile is None
            ),
            discord.SelectOption(label=_("No picture"), value=NONE),
        ]
        if profile is not None:
            options.insert(0, discord.SelectOption(label=_("As it is"), value=KEEP, default=True))
        self.avatar: discord.ui.Select[SetupModal] = discord.ui.Select(custom_id="avatar", options=options)
        for text, description, item in (
            (_("Handle"), _("The page's address; an earlier one leads on to it."), self.handle),
            (_("Name"), None, self.name),
            (_("A line about you"), None, self.line),
            (_("Picture"), None, self.avatar),
        ):
            self.add_item(discord.ui.Label(text=text, description=description, component=item))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        use_server_locale(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = self.avatar.values[0] if self.avatar.values else KEEP
        picture = None if chosen == KEEP else b""
        hint = ""
        if chosen == DISCORD:
            try:
                picture = await people.picture_of(interaction.user)
            except (discord.HTTPException, InvalidError):
                hint = _(
                    "Your picture could not be fetched from Discord; the page shows your initial until you try again."
                )
        done = await services(interaction).profiles.set_up(
            actor(interaction),
            self.handle.value,
            self.name.value,
            self.line.value,
            default=interaction.user.display_name,
            avatar=picture,
        )
        text = fmt.copyable(services(interaction).profiles.url(done.profile))
        if done.former is not None:
            text += (
                _("The old address {handle} leads on to it, and stays yours.").format(handle=f"`/{done.former}`") + "\n"
            )
        text += (
            _("It is public; what you changed is there already.")
            if done.profile.published
            else _("Nobody else sees it yet. /profile preview shows it to you, /profile publish makes it public.")
        )
        if hint:
            text += "\n⚠️ " + hint
        found = await services(interaction).profiles.board(actor(interaction))
        message = with_links(embed(_("Your page is set up"), text), found, interaction.user.id)
        await interaction.followup.send(**message, ephemeral=True)

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        await say_error(interaction, error)


# ---------------------------------------------------------------------- looks


def looks(profile: Profile, made: Fitted) -> dict[str, Any]:
    """The keywords of a message that says how the page looks from now on."""
    name = LOOKS.get(profile.theme, LOOKS[DEFAULT]).name
    lines = [_("Theme: **{name}**").format(name=name)]
    if profile.accent:
        lines.append(_("Accent: `{colour}`").format(colour=profile.accent))
    if made.adjusted:
        lines.append(
            _(
                "That colour is too faint somewhere: the page shows `{light}` on light and `{dark}` on dark, so that "
                "everybody sees what is marked with it."
            ).format(light=made.light.accent, dark=made.dark.accent)
        )
    lines.append(_("/profile preview shows it."))
    said = embed(_("How your page looks"), "\n".join(lines))
    said.colour = discord.Colour(int(made.dark.accent[1:], 16))
    return {"embed": said}


async def preview(interaction: discord.Interaction) -> dict[str, Any]:
    """The keywords of a message with the card of the actor's page, and an address to look at it."""
    asked = services(interaction)
    shown = await asked.profiles.board(actor(interaction))
    page = await asked.pages.of_creator(shown.profile)
    card = card_of(page)
    png = await asked.charts.draw(card)
    url = await asked.profiles.preview_url(shown.profile)
    said = embed(
        _("Your page, for your eyes only"),
        _("This address works for an hour, and counts nothing. The picture is what shows where the page is shared.")
        + f"\n{url}",
    )
    made = fitted(shown.profile.theme, shown.profile.accent)
    said.colour = discord.Colour(int(made.dark.accent[1:], 16))
    said.set_image(url="attachment://card.png")
    return {"embed": said, "file": picture(png, "card.png", alt_text(card))}


async def qr(interaction: discord.Interaction) -> dict[str, Any]:
    """The keywords of a message with the page's address as a QR code, as PNG and as SVG."""
    asked = services(interaction)
    profile = await asked.profiles.required(actor(interaction))
    return await codes.code(asked.profiles.url(profile), f"qr-{profile.handle}", profile.name)


def with_links(said: discord.Embed, found: Board, asker_id: int) -> dict[str, Any]:
    """The keywords of a message about a page; where nothing is on it yet, it says so and has a button for all links."""
    if found.shown or not found.off:
        return {"embed": said}
    hint = _("None of your links is on it yet; /profile links chooses among them.")
    said.description = f"{said.description or ''}\n{hint}".strip()
    return {"embed": said, "view": view_of(None if found.entries else show_button(found.off, asker_id, found))}


# ---------------------------------------------------------------------- links


def board(found: Board, asker_id: int, chosen: int | None = None) -> dict[str, Any]:
    """The keywords of a message that lists the links of a page in its order, and what can be done with the chosen one.

    Below them stand the links that are not on the page.
    """
    shown, link = found.shown, next((link for link in [*found.shown, *found.off] if link.id == chosen), None)
    if not shown and not found.off:
        return {"embed": embed(_("Links on your page"), _("You have no links that could stand here yet."))}
    rows = [_row(f"{number}.", one, found, one == link) for number, one in enumerate(shown, start=1)]
    if found.off:
        rows += ["", "**" + _("Not on your page") + "**"] if rows else ["**" + _("None of them is on your page") + "**"]
        rows += [_row("▫️", one, found, one == link) for one in found.off]
    said = embed(_("Links on your page"), fmt.rows(rows, 3800))
    said.set_footer(text=_("Pinned links stand on top, then those without a heading, then each heading."))
    view = Buttons()
    for row, (kind, listed) in enumerate((("pick", shown), ("off", found.off))):
        options = listed[:LISTED]
        if link is not None and link in listed[LISTED:]:
            options = [*options[:-1], link]
        if options:
            view.add_item(BoardSelect(kind, asker_id, [(one, one == link) for one in options], row=row))
    if link is None:
        if len(found.off) > 1 and not found.entries and (button := show_button(found.off, asker_id, found)) is not None:
            view.add_item(button)
        return {"embed": said, "view": view}
    entry = found.entry(link)
    if link in shown:
        for step, label in ((Step.UP, _("Up")), (Step.DOWN, _("Down")), (Step.TOP, _("To the top"))):
            off = moved(found.sections, link.id, step) is None
            view.add_item(BoardButton(step.value, link.id, asker_id, label, off=off, row=2))
    view.add_item(BoardButton("pin", link.id, asker_id, _("Unpin") if entry.pinned else _("Pin"), row=2))
    view.add_item(BoardButton("hide", link.id, asker_id, _("Show") if entry.hidden else _("Hide"), row=2))
    view.add_item(BoardButton("more", link.id, asker_id, _("Heading and times"), row=3))
    return {"embed": said, "view": view}


def _row(mark: str, link: Link, found: Board, current: bool) -> str:
    entry = found.entry(link)
    notes = []
    if entry.pinned:
        notes.append(_("pinned"))
    elif entry.heading:
        notes.append(_("under “{heading}”").format(heading=fmt.escape(entry.heading, 40)))
    if not link.title:
        notes.append(_("shown as {host}").format(host=fmt.escape(host_of(link))))
    if link.id in found.ended:
        notes.append(_("ended"))
    elif not entry.hidden and entry.shows_from is not None:
        notes.append(_("from {when}").format(when=fmt.moment(entry.shows_from)))
    if not entry.hidden and entry.shows_until is not None:
        notes.append(_("until {when}").format(when=fmt.moment(entry.shows_until)))
    return ("▶ " if current else "") + f"{mark} {fmt.label(link)}" + (f" · {', '.join(notes)}" if notes else "")


async def _shown(interaction: discord.Interaction, asker_id: int, link_id: int | None) -> None:
    found = await services(interaction).profiles.board(actor(interaction))
    await conclude(interaction, **board(found, asker_id, link_id))


class BoardSelect(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"board:(?P<kind>pick|off):(?P<asker>[\w-]{1,11})",
):
    """Chooses the link that the buttons are for, among those on the page or among those off it."""

    def __init__(
        self, kind: str, asker_id: int, links: list[tuple[Link, bool]] | None = None, *, row: int | None = None
    ) -> None:
        options = [
            discord.SelectOption(label=fmt.plain(link.label), value=str(link.id), default=current)
            for link, current in links or []
        ] or [discord.SelectOption(label="–", value="0")]
        placeholder = _("Choose a link to arrange") if kind == "pick" else _("Choose a link that is not on your page")
        custom_id = f"board:{kind}:{pack(asker_id)}"
        super().__init__(discord.ui.Select(custom_id=custom_id, options=options, placeholder=placeholder, row=row))
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> BoardSelect:
        return cls(match["kind"], read_packed_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        await _shown(interaction, self._asker_id, int(self.item.values[0]))


class BoardButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"board:(?P<action>up|down|top|pin|hide|more):(?P<link>[\w-]{1,11}):(?P<asker>[\w-]{1,11})",
):
    """Changes where and whether one link stands on the page, in place."""

    def __init__(
        self, action: str, link_id: int, asker_id: int, label: str = "", *, off: bool = False, row: int | None = None
    ) -> None:
        custom_id = f"board:{action}:{pack(link_id)}:{pack(asker_id)}"
        super().__init__(discord.ui.Button(label=label or "…", custom_id=custom_id, disabled=off, row=row))
        self._action = action
        self._link_id = link_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> BoardButton:
        return cls(match["action"], read_packed_id(match["link"]), read_packed_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        pages, who = services(interaction).profiles, actor(interaction)
        if self._action == "more":
            found = await pages.board(who)
            link = next((link for link in [*found.shown, *found.off] if link.id == self._link_id), None)
            if link is None:
                raise NotFoundError(NOT_ON_PAGE)
            await interaction.response.send_modal(EntryModal(link, found.entry(link), found.zone, self._asker_id))
            return
        await interaction.response.defer()
        if self._action in {step.value for step in Step}:
            await pages.move(who, self._link_id, Step(self._action))
        else:
            entry = (await pages.board(who)).entries.get(self._link_id)
            if self._action == "pin":
                await pages.change_entry(who, self._link_id, pinned=entry is None or not entry.pinned)
            else:
                await pages.change_entry(who, self._link_id, hidden=entry is not None and not entry.hidden)
        await _shown(interaction, self._asker_id, self._link_id)


class EntryModal(Form):
    """Asks for a link's heading, and for when it shows."""

    def __init__(self, link: Link, entry: Entry, zone: str, asker_id: int) -> None:
        super().__init__(fmt.plain(link.label, 45))
        self._link_id, self._asker_id = link.id, asker_id
        self.heading = _input("heading", entry.heading, MAX_HEADING)
        self.shows_from = _input("from", _stamp(entry.shows_from, zone), 40)
        self.shows_until = _input("until", _stamp(entry.shows_until, zone), 40)
        times = _("Such as 2026-12-24 18:00, tomorrow, or in 3 days; empty for always.")
        for text, description, item in (
            (_("Heading that it stands under"), _("The same words put links together; empty for none."), self.heading),
            (_("Show it from"), times, self.shows_from),
            (_("Show it until"), times, self.shows_until),
        ):
            self.add_item(discord.ui.Label(text=text, description=description, component=item))
        self._before = {"from": self.shows_from.default or "", "until": self.shows_until.default or ""}

    async def on_submit(self, interaction: discord.Interaction) -> None:
        use_server_locale(interaction)
        await interaction.response.defer()
        given = {"from": self.shows_from.value.strip(), "until": self.shows_until.value.strip()}
        # What was left as it stood is kept, also where it has passed.
        changed: dict[str, Any] = {f"shows_{key}": text for key, text in given.items() if text != self._before[key]}
        await services(interaction).profiles.change_entry(
            actor(interaction), self._link_id, heading=self.heading.value, **changed
        )
        await _shown(interaction, self._asker_id, self._link_id)

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        await say_error(interaction, error)


def _input(custom_id: str, default: str, most: int) -> discord.ui.TextInput[EntryModal]:
    return discord.ui.TextInput(custom_id=custom_id, default=default or None, required=False, max_length=most)


def _stamp(at: dt.datetime | None, zone: str) -> str:
    """An instant as it is typed in: the server's local time."""
    return "" if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
