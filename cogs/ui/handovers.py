"""What managers do to what is another's: giving a link away, taking a page down. Asked first, told, and taken back."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.links.access import Actor, may_add
from bot.stats.question import pack
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import people
from cogs.ui.answers import Pressed, actor, conclude, embed, read_packed_id, require_asker, server_of, services
from cogs.ui.links import KeepButton
from cogs.ui.on_page import view_of
from cogs.ui.tell import tell, will_tell
from storage.records import Link, NoticeKind, Profile


async def transfer_question(interaction: discord.Interaction, link: Link, to: discord.Member) -> dict[str, Any]:
    """The keywords of a message that asks before a link changes hands."""
    who, asked = actor(interaction), services(interaction)
    server = await asked.servers.get(who.guild_id)
    people.note(interaction, to)
    before = fmt.escape(await people.name_of(interaction, link.creator_id))
    after = fmt.escape(to.display_name)
    lines = [
        _(
            "Its posts and all of its numbers go along. {before} no longer sees or changes it, and it leaves their "
            "page; {after} decides whether it stands on theirs. Its addresses stay as they are."
        ).format(before=before, after=after)
    ]
    if not may_add(Actor(who.guild_id, to.id, role_ids=frozenset(role.id for role in to.roles)), server):
        lines.append(
            "⚠️ "
            + _(
                "{after} may not add links in this server: they could use this one, but make none of their own."
            ).format(after=after)
        )
    lines.append(await will_tell(interaction, (link.creator_id, to.id)) + _("Undo gives it back."))
    said = embed(_("Give {link} to {creator}?").format(link=fmt.escape(link.label, 60), creator=after))
    said.description = "\n".join(lines)
    return {
        "embed": said,
        "view": view_of(TransferButton(link.id, link.creator_id, to.id, who.user_id), KeepButton(who.user_id)),
    }


class TransferButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"give:(?P<act>do|undo):(?P<ids>[\w-]{1,11}:[\w-]{1,11}:[\w-]{1,11}:[\w-]{1,11})",
):
    """Gives a link to another creator, or back to the one it was taken from, if it is still where it was then."""

    def __init__(self, link_id: int, from_id: int, to_id: int, asker_id: int, *, undo: bool = False) -> None:
        act = "undo" if undo else "do"
        super().__init__(
            discord.ui.Button(
                label=_("Undo") if undo else _("Give it away"),
                style=discord.ButtonStyle.secondary if undo else discord.ButtonStyle.danger,
                custom_id=f"give:{act}:" + ":".join(map(pack, (link_id, from_id, to_id, asker_id))),
            )
        )
        self._ids = link_id, from_id, to_id
        self._asker_id = asker_id
        self._undo = undo

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> TransferButton:
        link_id, from_id, to_id, asker_id = map(read_packed_id, match["ids"].split(":"))
        return cls(link_id, from_id, to_id, asker_id, undo=match["act"] == "undo")

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        link_id, from_id, to_id = self._ids
        server_of(interaction)  # to be known before anything changes
        who, links = actor(interaction), services(interaction).links
        link = await links.transfer(who, link_id, to_id, of=from_id)
        facts = {
            **{"link": link.label, "url": links.url(link)},
            **{"manager": who.user_id, "before": from_id, "after": to_id},
        }
        creator = (await people.names_of(interaction, (from_id, to_id)))[to_id]
        lines = [
            _("{link} with its posts and numbers belongs to {creator} now.").format(
                link=fmt.label(link), creator=creator
            ),
            await tell(interaction, (from_id, to_id), NoticeKind.HANDOVER, facts),
        ]
        back = None if self._undo else TransferButton(link_id, to_id, from_id, self._asker_id, undo=True)
        text = "\n".join(filter(None, lines))
        await conclude(interaction, content=text, embed=None, view=view_of(back))


# ---------------------------------------------------------------------- pages


async def takedown_question(interaction: discord.Interaction, profile: Profile) -> dict[str, Any]:
    """The keywords of a message that asks before a page is taken down."""
    creator = fmt.escape(await people.name_of(interaction, profile.creator_id))
    text = _(
        "The page of {creator} answers “not found” at once, and {creator} can't publish it until you bring it back. "
        "Their links work on."
    ).format(creator=creator)
    text = f"{text} {await will_tell(interaction, [profile.creator_id])}".rstrip()
    said = embed(_("Take down {page}?").format(page=fmt.escape(f"@{profile.handle}")), text)
    said.colour = discord.Colour.red()
    asker_id = interaction.user.id
    return {"embed": said, "view": view_of(TakedownButton(profile.creator_id, asker_id), KeepButton(asker_id))}


async def taken_down(interaction: discord.Interaction, profile: Profile) -> dict[str, Any]:
    """Tell the creator what became of their page; the keywords of a message that says it to the manager."""
    if profile.taken_down:
        text = _(
            "`/@{handle}` answers “not found” from now on. "
            "`/profile takedown handle:{handle} restore:True` brings it back."
        )
        back = TakedownButton(profile.creator_id, interaction.user.id, restore=True)
    else:
        text = _("`/@{handle}` may be public again.")
        back = None
    facts = {
        "url": services(interaction).profiles.url(profile),
        "taken_down": profile.taken_down,
        "published": profile.published,
    }
    told = await tell(interaction, [profile.creator_id], NoticeKind.PAGE, facts)
    return {"content": "\n".join(filter(None, (text.format(handle=profile.handle), told))), "view": view_of(back)}


class TakedownButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"takedown:(?P<act>down|back):(?P<creator>[\w-]{1,11}):(?P<asker>[\w-]{1,11})",
):
    """Takes a creator's page down, or brings it back."""

    def __init__(self, creator_id: int, asker_id: int, *, restore: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label=_("Bring it back") if restore else _("Take it down"),
                style=discord.ButtonStyle.secondary if restore else discord.ButtonStyle.danger,
                custom_id=f"takedown:{'back' if restore else 'down'}:{pack(creator_id)}:{pack(asker_id)}",
            )
        )
        self._creator_id = creator_id
        self._asker_id = asker_id
        self._restore = restore

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> TakedownButton:
        return cls(read_packed_id(match["creator"]), read_packed_id(match["asker"]), restore=match["act"] == "back")

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        server_of(interaction)  # to be known before anything changes
        pages, who = services(interaction).profiles, actor(interaction)
        profile = await pages.take_down(who, await pages.handle_of(who, self._creator_id), restore=self._restore)
        message = await taken_down(interaction, profile)
        await conclude(interaction, **message, embed=None)
