"""How notes look in an answer, and the button that takes the last step back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, actor, conclude, embed, read_id, require_asker, services
from cogs.ui.limits import Buttons
from storage.records import Link, Note


def line(note: Note) -> str:
    """ "20 Nov 2026 posted the reel", and whose charts it is on where that is not its creator's."""
    where = _("the server's charts") if note.creator_id is None else _("one link's charts") if note.link_id else ""
    return f"**{fmt.date(note.day, year=True)}** {fmt.escape(note.text)}" + (f" · {where}" if where else "")


def added(note: Note, link: Link | None, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says where the note is seen from now on, with a button to undo it."""
    if note.creator_id is None:
        where = _("Charts of the whole server show it from now on.")
    elif link is not None:
        where = _("Charts of {link} show it from now on.").format(link=fmt.label(link))
    else:
        where = _("Charts of your numbers show it from now on: /stats creator, /stats link.")
    return _message(_("Noted"), f"{line(note)}\n{where}", NoteButton("delete", note.id, asker_id))


def deleted(note: Note, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says what is gone, with a button to bring it back."""
    return _message(_("Note deleted"), line(note), NoteButton("restore", note.id, asker_id))


def restored(note: Note, asker_id: int) -> dict[str, Any]:
    return _message(_("Noted again"), line(note), NoteButton("delete", note.id, asker_id))


def listing(found: Sequence[Note]) -> discord.Embed:
    if not found:
        return embed(_("Notes"), _("None yet. /note add “posted the reel” marks today on your charts."))
    return embed(f"{_('Notes')} ({fmt.number(len(found))})", fmt.rows([line(note) for note in found], 4096))


def _message(title: str, text: str, button: NoteButton) -> dict[str, Any]:
    return {"embed": embed(title, text), "view": Buttons().add_item(button)}


class NoteButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"note:(?P<action>delete|restore):(?P<note>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Takes a note off the charts or brings it back, in place."""

    def __init__(self, action: str, note_id: int, asker_id: int) -> None:
        label = _("Delete it") if action == "delete" else _("Bring it back")
        super().__init__(discord.ui.Button(label=label, custom_id=f"note:{action}:{note_id}:{asker_id}"))
        self._action = action
        self._note_id = note_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> NoteButton:
        return cls(match["action"], read_id(match["note"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        notes, who = services(interaction).notes, actor(interaction)
        if self._action == "delete":
            answer = deleted(await notes.delete(who, self._note_id), who.user_id)
        else:
            answer = restored(await notes.restore(who, self._note_id), who.user_id)
        await conclude(interaction, **answer)
