"""The window in which a creator types in what a platform tells of a post."""

from __future__ import annotations

from typing import Any

import discord

from bot.impressions.numbers import parse_count
from bot.links.access import Actor
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import logged
from cogs.ui.answers import embed, say_error, services, use_server_locale
from storage.records import Post

MOST_TYPED = 30


class LogModal(discord.ui.Modal):
    """Five fields, as many as Discord allows: shares and saves share one."""

    def __init__(self, who: Actor, post: Post) -> None:
        super().__init__(title=fmt.plain(_("Numbers of {post}").format(post=fmt.post_title(post)), 45), timeout=900)
        self._who = who
        self._post = post
        self._impressions = self._field("impressions", _("Impressions so far"), "20000, 20,000, 20k", required=True)
        self._reach = self._field("reach", _("Reach: how many different people"))
        self._likes = self._field("likes", _("Likes"))
        self._comments = self._field("comments", _("Comments"))
        self._shares = self._field("shares", _("Shares / saves"), _("120 / 45, or one number for shares"))

    def _field(
        self, name: str, label: str, placeholder: str = "", *, required: bool = False
    ) -> discord.ui.TextInput[Any]:
        typed = discord.ui.TextInput[Any](
            custom_id=name, placeholder=placeholder or None, required=required, max_length=MOST_TYPED
        )
        self.add_item(discord.ui.Label(text=label, component=typed))
        return typed

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        if interaction.guild_id is not None:
            use_server_locale(interaction)
        shares, _slash, saves = self._shares.value.partition("/")
        typed = {
            "reach": self._reach.value,
            "likes": self._likes.value,
            "comments": self._comments.value,
            "shares": shares,
            "saves": saves,
        }
        value = parse_count(self._impressions.value, "impressions")
        others = {metric: parse_count(text, metric) for metric, text in typed.items() if text.strip()}
        known = services(interaction)
        post = await known.posts.get(self._who, self._post.id)
        found = await known.impressions.log(self._who, post, value, others=others)
        answer = embed(_("Logged"), "\n".join(await logged.said(known, self._who, found)))
        await interaction.followup.send(embed=answer, ephemeral=True)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await say_error(interaction, error)
