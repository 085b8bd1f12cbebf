"""What the cogs are given: one object for each thing that the bot can do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.alerts.service import Alerts
from bot.charts import ChartRenderer
from bot.clock import Clock
from bot.delivery.notices import Notices
from bot.digests.contents import Contents
from bot.digests.service import Digests
from bot.exports import Exports
from bot.imports.histories import Histories
from bot.imports.service import Imports
from bot.impressions.service import Impressions
from bot.links.picks import Picks
from bot.links.posts import Posts
from bot.links.service import Links
from bot.links.twins import Twins
from bot.notes import Notes
from bot.profiles.flags import Flags
from bot.profiles.pages import Pages
from bot.profiles.service import Profiles
from bot.reports.deals import Deals
from bot.reports.service import BrandReports
from bot.servers import Servers
from bot.stats.service import Stats
from bot.turns import Turns


@dataclass(frozen=True, slots=True)
class Services:
    clock: Clock
    servers: Servers
    links: Links
    posts: Posts
    picks: Picks
    twins: Twins
    impressions: Impressions
    imports: Imports
    histories: Histories
    exports: Exports
    notes: Notes
    stats: Stats
    profiles: Profiles
    contents: Contents
    pages: Pages
    flags: Flags
    notices: Notices
    digests: Digests
    alerts: Alerts
    reports: BrandReports
    deals: Deals
    charts: ChartRenderer
    turns: Turns
