"""`/link`: add, import, list, show, edit, archive, transfer and delete tracked links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.imports.links import Taken
from bot.imports.service import check_size
from bot.links.access import require_manager
from bot.services import Services
from bot.stats.question import DEFAULT_CHOICE, Scope, Subject
from bot.texts import _
from cogs.ui import audit as audit_ui
from cogs.ui import format as fmt
from cogs.ui import handovers, link_imports, on_page, pick, qr, ways
from cogs.ui import links as ui
from cogs.ui.answers import actor, begin, server_of
from cogs.ui.turns import content_of, long_work
from storage.records import Server, State

if TYPE_CHECKING:
    from bot.client import Client


MOST_CLICKS = 1_000_000_000

TAKEN = [
    app_commands.Choice(name=_("Leave it out"), value=Taken.SKIP.value),
    app_commands.Choice(name=_("Give it another name: summer becomes summer-2"), value=Taken.RENAME.value),
]

ARCHIVED = _(
    "{link} is archived: it left the lists, and redirects and counts on. "
    "Bring it back with `/link archive link:{slug} restore:True`."
)


class Link(commands.GroupCog, group_name="link", group_description="Tracked links: add, find and change them"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description="Make a tracked link; the answer is its address, ready to copy")
    @app_commands.describe(
        destination="Where it leads, such as https://shop.example/summer",
        name="Its short name in the address; a random one when left out",
        title="What people call it",
        creator="Whose link it is; managers may add for anyone",
        tags="Words to find it by, separated by commas",
        private="Keep its name out of digests and rankings; totals count it",
        expires="When it ends, such as 2026-12-31, tomorrow, or in 30 days; never when left out",
        max_clicks="After how many clicks it ends; never when left out",
    )
    async def add(
        self,
        interaction: discord.Interaction,
        destination: str,
        name: str | None = None,
        title: str = "",
        creator: discord.User | None = None,
        tags: str = "",
        private: bool = False,
        expires: str | None = None,
        max_clicks: app_commands.Range[int, 1, MOST_CLICKS] | None = None,
    ) -> None:
        await begin(interaction)
        if creator is not None and creator.bot:
            raise InvalidError(_("creator: a bot can't own links; choose a member."))
        who = actor(interaction)
        link = await self._services.links.add(
            who,
            destination,
            name=name,
            title=title,
            creator_id=None if creator is None else creator.id,
            tags=tags,
            private=private,
            expires=expires,
            max_clicks=max_clicks,
        )
        naming = (
            _("It counts in totals only: digests and rankings never name it.")
            if private
            else _("Digests and rankings may name it; /link edit private:True keeps it out.")
        )
        hints = [naming, _("Sharing it in several places? /post add gives each its own address.")]
        server = await self._services.servers.get(who.guild_id)
        if not server.is_set_up:
            hints.append(defaults(server))
        card = await on_page.card(interaction, link, heading=_("Your tracked link is ready"), hint="\n".join(hints))
        await interaction.followup.send(**card, ephemeral=True)

    @app_commands.command(name="import", description="Bring links: attach the CSV that Dub, Kutt or Shlink gave you")
    @app_commands.describe(
        file="The CSV of links as Dub, Kutt, Shlink or Eyeballs writes it",
        taken="What becomes of a link whose short name is taken or reserved; it is left out when you don't say",
        creator="Whose links these are, you when left out; managers only",
    )
    @app_commands.choices(taken=TAKEN)
    async def bring(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        taken: str = Taken.SKIP.value,
        creator: discord.User | None = None,
    ) -> None:
        await begin(interaction)
        if creator is not None and creator.bot:
            raise InvalidError(_("creator: a bot can't own links; choose a member."))
        check_size(file.size)
        who = actor(interaction)
        creator_id = None if creator is None else creator.id
        async with long_work(interaction):
            data = await content_of(file)
            found = await self._services.histories.preview(
                who, data, file.filename, creator_id=creator_id, taken=Taken(taken)
            )
        await interaction.followup.send(**link_imports.preview(found, who.user_id), ephemeral=True)

    @app_commands.command(name="list", description="Your links, newest first; a manager sees the server's")
    @app_commands.describe(creator="Only this creator's", archived="Show the archived ones")
    async def list(
        self, interaction: discord.Interaction, creator: discord.User | None = None, archived: bool = False
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        creator_id = 0 if creator is None else creator.id
        listed = await self._services.links.page(who, None, ui.PAGE, creator_id=creator_id, archived=archived)
        if not listed.count:
            text = _("No archived links.") if archived else await ways.no_links(interaction)
            await interaction.followup.send(text, ephemeral=True)
            return
        message = await ui.listing(interaction, listed, creator_id=creator_id, archived=archived)
        await interaction.followup.send(**message, ephemeral=True)

    @app_commands.command(name="show", description="Everything about one link, and its posts")
    @app_commands.describe(link="Which link")
    @app_commands.autocomplete(link=pick.link)
    async def show(self, interaction: discord.Interaction, link: str) -> None:
        await begin(interaction)
        found = await self._services.links.find(actor(interaction), link)
        await interaction.followup.send(**await on_page.card(interaction, found), ephemeral=True)

    @app_commands.command(name="audit", description="Every request accounted for: what was counted, what was set aside")
    @app_commands.describe(link="Which link; the whole server when left out (managers)", period=pick.PERIOD)
    @app_commands.autocomplete(link=pick.link, period=pick.period)
    async def audit(
        self, interaction: discord.Interaction, link: str | None = None, period: str = DEFAULT_CHOICE.value
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        if link is None:
            require_manager(who)
            subject, title = Subject(Scope.SERVER, who.guild_id), server_of(interaction).name
        else:
            found = await self._services.links.find(who, link)
            subject, title = Subject(Scope.LINK, found.id), found.label
        report = await self._services.stats.report(who, subject, await self._services.stats.choice(who, period))
        await interaction.followup.send(embed=audit_ui.card(report, fmt.escape(title)), ephemeral=True)

    @app_commands.command(name="qr", description="A link as a QR code, whose scans are told apart from all else")
    @app_commands.describe(link="Which link")
    @app_commands.autocomplete(link=pick.link)
    async def qr(self, interaction: discord.Interaction, link: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        posts = await self._services.posts.of_link(found)
        post = next((post for post in posts if post.platform == "qr"), None)
        if post is None:
            post = await self._services.posts.add(who, found, "qr", "code")
        url = self._services.links.url(found, post)
        await interaction.followup.send(**await qr.code(url, f"qr-{found.slug}", found.label), ephemeral=True)

    @app_commands.command(name="edit", description="Change a link; what you leave out stays as it is")
    @app_commands.describe(
        link="Which link",
        destination="Where it leads from now on; its address and numbers stay",
        title="What people call it; a single - removes it",
        tags="Words to find it by, separated by commas; a single - removes them",
        private="Keep its name out of digests and rankings; totals count it",
        expires="When it ends, such as 2026-12-31, tomorrow, or in 30 days; a single - takes the end away",
        max_clicks="After how many clicks in all it ends; 0 takes the limit away",
    )
    @app_commands.autocomplete(link=pick.link)
    async def edit(
        self,
        interaction: discord.Interaction,
        link: str,
        destination: str | None = None,
        title: str | None = None,
        tags: str | None = None,
        private: bool | None = None,
        expires: str | None = None,
        max_clicks: app_commands.Range[int, 0, MOST_CLICKS] | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        changed = await self._services.links.edit(
            who,
            found.id,
            destination=destination,
            title="" if title == "-" else title,
            tags="" if tags == "-" else tags,
            private=private,
            expires="" if expires == "-" else expires,
            max_clicks=max_clicks,
        )
        await interaction.followup.send(
            **await on_page.card(interaction, changed, heading=_("Changed")), ephemeral=True
        )

    @app_commands.command(name="archive", description="Take a link out of the lists; it redirects and counts on")
    @app_commands.describe(link="Which link", restore="Bring an archived link back instead")
    @app_commands.autocomplete(link=pick.archivable)
    async def archive(self, interaction: discord.Interaction, link: str, restore: bool = False) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        if restore == (found.state is State.ACTIVE):
            text = _("{link} is in the lists already.") if restore else _("{link} is archived already.")
        else:
            await self._services.links.archive(who, found.id, archived=not restore)
            text = _("{link} is back in the lists.") if restore else ARCHIVED
        await interaction.followup.send(text.format(link=fmt.label(found), slug=found.slug), ephemeral=True)

    @app_commands.command(name="transfer", description="Give a link with its posts and numbers to another creator")
    @app_commands.describe(link="Which link", creator="Who gets it")
    @app_commands.autocomplete(link=pick.link)
    async def transfer(self, interaction: discord.Interaction, link: str, creator: discord.Member) -> None:
        await begin(interaction)
        who = actor(interaction)
        require_manager(who)
        if creator.bot:
            raise InvalidError(_("creator: a bot can't own links; choose a member."))
        found = await self._services.links.find(who, link)
        if found.creator_id == creator.id:
            raise InvalidError(_("creator: the link is theirs already."))
        await interaction.followup.send(
            **await handovers.transfer_question(interaction, found, creator), ephemeral=True
        )

    @app_commands.command(
        name="delete", description="Stop a link for good; a name that was ever seen is never given out again"
    )
    @app_commands.describe(link="Which link")
    @app_commands.autocomplete(link=pick.link)
    async def delete(self, interaction: discord.Interaction, link: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        question = ui.delete_question(found, self._services.links.url(found), who.user_id)
        await interaction.followup.send(**question, ephemeral=True)


def defaults(server: Server) -> str:
    """What holds until a manager uses /setup."""
    return _(
        "Until a manager uses /setup: days are those of {zone}, weeks begin on {weekday}, only managers add links, "
        "and no digest is posted."
    ).format(zone=server.timezone, weekday=fmt.WEEKDAYS[server.first_weekday])


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.PageButton, ui.DeleteButton, ui.KeepButton, link_imports.LinkImportButton)
    bot.add_dynamic_items(on_page.ShowButton, handovers.TransferButton)
    await bot.add_cog(Link(bot.services))
