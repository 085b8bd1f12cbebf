"""`/post`: where links were shared, so that places can be told apart; and tracked twins of the links in a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.links.platforms import describe_many
from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import people, pick, twins, ways
from cogs.ui import posts as ui
from cogs.ui.answers import actor, begin
from storage.records import Post as PostRecord
from storage.records import State

if TYPE_CHECKING:
    from bot.client import Client

PUBLISHED = "When it was published: yesterday, 2026-11-20, 2026-11-20 18:30"


class Post(commands.GroupCog, group_name="post", group_description="The places where you shared a link"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description="Register where you shared a link: it gets an address of its own")
    @app_commands.describe(
        link="Which link you share there",
        permalink="The post's own address on the platform: it tells platform and kind",
        platform="The platform you share it on; left out, the permalink tells",
        kind="The kind of post; left out, the permalink tells",
        title="What you call it",
        published=PUBLISHED,
    )
    @app_commands.autocomplete(link=pick.link)
    @app_commands.choices(platform=pick.PLATFORMS, kind=pick.KINDS)
    async def add(
        self,
        interaction: discord.Interaction,
        link: str,
        permalink: str = "",
        platform: str | None = None,
        kind: str | None = None,
        title: str = "",
        published: str | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        post = await self._services.posts.add(
            who,
            found,
            platform,
            kind,
            title=title,
            permalink=permalink,
            published_at=None if published is None else await self._services.posts.moment(who, published),
        )
        hints = [
            ui.IN_BIO.format(posts=describe_many(post.platform, post.kind)) if post.link_in_bio else ui.IN_POST,
            _("When the platform tells you its numbers, type them in with /{word} log.").format(
                word=post.display_metric
            ),
        ]
        heading = _("{post} for {link}").format(post=fmt.post_name(post), link=fmt.escape(found.label, 60))
        await self._show(interaction, post, heading=heading, hint="\n".join(hints))

    @app_commands.command(name="list", description="Your posts, newest first; a manager sees the server's")
    @app_commands.describe(link="Only those of this link", creator="Only this creator's", archived="The archived ones")
    @app_commands.autocomplete(link=pick.link)
    async def list(
        self,
        interaction: discord.Interaction,
        link: str | None = None,
        creator: discord.User | None = None,
        archived: bool = False,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        link_id = 0 if link is None else (await self._services.links.find(who, link)).id
        creator_id = 0 if creator is None else creator.id
        which = {"creator_id": creator_id, "link_id": link_id, "archived": archived}
        listed = await self._services.posts.page(who, None, ui.PAGE, **which)
        if not listed.count:
            text = _("No archived posts.") if archived else await ways.no_posts(interaction)
            await interaction.followup.send(text, ephemeral=True)
            return
        message = await ui.listing(interaction, listed, **which)
        await interaction.followup.send(**message, ephemeral=True)

    @app_commands.command(name="show", description="Everything about one post, and what its platform told of it")
    @app_commands.describe(post="Which post")
    @app_commands.autocomplete(post=pick.post)
    async def show(self, interaction: discord.Interaction, post: str) -> None:
        await begin(interaction)
        await self._show(interaction, await self._services.posts.find(actor(interaction), post))

    async def _show(
        self, interaction: discord.Interaction, post: PostRecord, *, heading: str = "", hint: str = ""
    ) -> None:
        who = actor(interaction)
        link = None if post.link_id is None else await self._services.links.get(who, post.link_id)
        own = None if link is None else f"{link.slug}/{post.code}"
        base = self._services.links.base_url
        others = [f"{base}/{one}" for one in await self._services.posts.addresses(post) if one != own]
        card = ui.card(
            self._services.posts.shown(post),
            link,
            "" if link is None else self._services.links.url(link, post),
            fmt.escape(await people.name_of(interaction, post.creator_id)),
            others=others,
            figures=await self._services.impressions.latest(who, post),
            heading=heading,
            hint=hint,
        )
        await interaction.followup.send(embed=card, ephemeral=True)

    @app_commands.command(name="edit", description="Change a post; what you leave out stays as it is")
    @app_commands.describe(
        post="Which post",
        platform="The platform it is on; its address stays",
        kind="The kind of post",
        title="What you call it; a single - removes it",
        permalink="The post's own address on the platform; a single - removes it",
        published=f"{PUBLISHED}; a single - removes it",
    )
    @app_commands.autocomplete(post=pick.post)
    @app_commands.choices(platform=pick.PLATFORMS, kind=pick.KINDS)
    async def edit(
        self,
        interaction: discord.Interaction,
        post: str,
        platform: str | None = None,
        kind: str | None = None,
        title: str | None = None,
        permalink: str | None = None,
        published: str | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.posts.find(who, post)
        at = None if published in (None, "-") else await self._services.posts.moment(who, published)
        changed = await self._services.posts.edit(
            who,
            found.id,
            platform=platform,
            kind=kind,
            title="" if title == "-" else title,
            permalink="" if permalink == "-" else permalink,
            published_at=at,
            forget_published=published == "-",
        )
        await self._show(interaction, changed, heading=_("Changed"))

    @app_commands.command(name="move", description="Give a post to another link; its old address goes on working")
    @app_commands.describe(post="Which post", link="The link that it carries from now on")
    @app_commands.autocomplete(post=pick.post, link=pick.link)
    async def move(self, interaction: discord.Interaction, post: str, link: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.posts.find(who, post)
        moved = await self._services.posts.move(who, found.id, await self._services.links.find(who, link))
        url, base_url = self._services.links.url(moved.link, moved.post), str(self._services.links.base_url)
        await interaction.followup.send(**ui.moved(moved, url, base_url, who.user_id), ephemeral=True)

    @app_commands.command(
        name="archive", description="Take a post out of the lists; its address redirects and counts on"
    )
    @app_commands.describe(post="Which post", restore="Bring an archived post back instead")
    @app_commands.autocomplete(post=pick.archivable_post)
    async def archive(self, interaction: discord.Interaction, post: str, restore: bool = False) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.posts.find(who, post)
        if restore == (found.state is State.ACTIVE):
            text = _("post: {post} is in the lists already.") if restore else _("post: {post} is archived already.")
            raise InvalidError(text.format(post=fmt.post_name(found)))
        changed = await self._services.posts.archive(who, found.id, archived=not restore)
        await interaction.followup.send(**ui.archived(changed, who.user_id, restored=restore), ephemeral=True)

    async def track(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """The message's menu: tracked twins of every address in it, after a question."""
        await begin(interaction)
        await interaction.followup.send(**await twins.question(interaction, message), ephemeral=True)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.PostPageButton, ui.PostStateButton, ui.MoveBackButton, twins.TwinsButton)
    cog = Post(bot.services)
    bot.tree.add_command(app_commands.ContextMenu(name="Track links here", callback=cog.track))
    await bot.add_cog(cog)
