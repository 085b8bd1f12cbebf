"""The tracked twins of a message's addresses: what would become of each, one button to make them, and what was made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.errors import InvalidError, NotFoundError
from bot.links.twins import MOST, Fate, Message, Twin, find_addresses, taken
from bot.texts import _, ngettext
from cogs.ui import format as fmt
from cogs.ui import on_page, people
from cogs.ui.answers import Pressed, actor, conclude, embed, read_id, require_asker, services
from cogs.ui.limits import Buttons

_LINE = re.compile(r"^`(https?://[^`\s]+)`", re.IGNORECASE | re.MULTILINE)


def _fate(twin: Twin) -> str:
    """What would become of an address, in a line."""
    match twin.fate:
        case Fate.NEW:
            return _("→ a new link of yours")
        case Fate.JOINED:
            assert twin.link is not None
            return _("→ {link}, which leads there already").format(link=fmt.label(twin.link))
        case Fate.TWIN:
            assert twin.link is not None
            return _("has its twin of {link} already").format(link=fmt.label(twin.link))
        case Fate.OWN:
            return _("is a tracked address already")
        case Fate.REFUSED:
            return _("left out: {reason}").format(reason=fmt.escape(twin.reason, 200))


async def question(interaction: discord.Interaction, message: discord.Message) -> dict[str, Any]:
    """The keywords of a message that says what would become of each address, with a button to make the twins.

    Raises UserError where there is nothing to do.
    """
    who, found = actor(interaction), find_addresses(text_of(message))
    if not found:
        raise InvalidError(_("That message holds no address; one begins with https:// or http://."))
    chosen = taken(found)
    told = _of(message)
    twins = await services(interaction).twins.look(who, chosen, told)
    todo = [twin for twin in twins if twin.fate in (Fate.NEW, Fate.JOINED)]
    lines = [f"`{twin.address}`\n{_fate(twin)}" for twin in twins]
    more = len(found) - len(chosen)
    if more:
        lines.append(
            ngettext(
                "{n} more address is left out: {most} at most are taken at once.",
                "{n} more addresses are left out: {most} at most are taken at once.",
                more,
            ).format(n=fmt.number(more), most=MOST)
        )
    answer = embed(_("Track the links of this message?"), "\n".join(lines))
    answer.url, answer.timestamp = message.jump_url, message.created_at
    if told.channel:
        answer.set_footer(text=f"#{told.channel}")
    view = Buttons()
    if todo:
        view.add_item(TwinsButton(True, who.user_id, len(todo)))
        view.add_item(TwinsButton(False, who.user_id))
    else:
        answer.title = _("Nothing to track here")
        add_addresses(interaction, answer, twins)
    return {"embed": answer, "view": view}


def text_of(message: discord.Message | discord.MessageSnapshot) -> str:
    """All that a message says: its own text, what it forwards, and the texts of embeds and components."""
    parts = [message.content]
    for shown in message.embeds:
        parts += [
            shown.url,
            shown.title,
            shown.description,
            *(f"{field.name}\n{field.value}" for field in shown.fields),
        ]
        parts += [shown.author.url, shown.footer.text]
    parts += _told(message.components)
    if isinstance(message, discord.Message):
        parts += map(text_of, message.message_snapshots)
    return "\n".join(part for part in parts if part)


def _told(components: Sequence[Any]) -> list[str | None]:
    """The texts among components, and where their link buttons lead, in order."""
    found: list[str | None] = []
    for part in components:
        found += [getattr(part, "content", None), getattr(part, "url", None)]
        found += _told(getattr(part, "children", None) or getattr(part, "components", None) or ())
        if (beside := getattr(part, "accessory", None)) is not None:
            found += _told([beside])
    return [text for text in found if isinstance(text, str)]


def _of(message: discord.Message) -> Message:
    return Message(message.jump_url, message.created_at, people.public_name(message.channel))


def add_addresses(interaction: discord.Interaction, answer: discord.Embed, twins: Sequence[Twin]) -> None:
    """A field for each twin that there is, with its address ready to copy."""
    links = services(interaction).links
    for twin in twins:
        if twin.link is not None and twin.post is not None:
            value = fmt.copyable(links.url(twin.link, twin.post))
            answer.add_field(name=fmt.escape(twin.address, 120), value=value, inline=False)


def made(interaction: discord.Interaction, twins: Sequence[Twin]) -> discord.Embed:
    """What was made, each address ready to copy."""
    new = sum(twin.fate in (Fate.NEW, Fate.JOINED) for twin in twins)
    title = ngettext("{n} twin is ready", "{n} twins are ready", new).format(n=fmt.number(new))
    answer = embed(title, _("Post these in place of the originals; /stats post shows what each brought."))
    add_addresses(interaction, answer, twins)
    for twin in twins:
        if twin.fate in (Fate.OWN, Fate.REFUSED):
            answer.add_field(name=fmt.escape(twin.address, 120), value=_fate(twin), inline=False)
    return answer


class TwinsButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"twins:(?P<yes>[01]):(?P<asker>\d{1,20})",
):
    """Makes the twins of the addresses in the question that it stands under, or nothing.

    The question itself carries them: it is the bot's own message, and what it was asked of may not be read again.
    """

    def __init__(self, yes: bool, asker_id: int, n: int = 1) -> None:
        label = ngettext("Track {n} link", "Track {n} links", n).format(n=n) if yes else _("Leave it")
        style = discord.ButtonStyle.primary if yes else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"twins:{yes:d}:{asker_id}"))
        self._yes = yes
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> TwinsButton:
        return cls(match["yes"] == "1", read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        if not self._yes:
            await interaction.response.edit_message(content=_("Nothing was tracked."), embed=None, view=None)
            return
        await interaction.response.defer()
        asked = interaction.message.embeds[0] if interaction.message and interaction.message.embeds else None
        if asked is None or asked.url is None or asked.timestamp is None:
            raise NotFoundError(_("This question can't be read any more; ask again with “Track links here”."))
        told = Message(asked.url, asked.timestamp, (asked.footer.text or "").removeprefix("#"))
        addresses = _LINE.findall(asked.description or "")
        twins = await services(interaction).twins.make(actor(interaction), addresses, told)
        new = [twin.link for twin in twins if twin.fate is Fate.NEW and twin.link is not None]
        page = await services(interaction).profiles.board_of(actor(interaction).guild_id, self._asker_id)
        button = on_page.show_button(new, self._asker_id, page)
        await conclude(interaction, embed=made(interaction, twins), view=on_page.view_of(button))
