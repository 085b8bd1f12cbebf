"""What the cogs are given: one object for each thing that the bot can do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.alerts.service import Alerts
from bot.charts import ChartRenderer
from bot.clock import Clock
from bot.digests.contents import Contents
from bot.digests.service import Digests
from bot.impressions.service import Impressions
from bot.links.posts import Posts
from bot.links.service import Links
from bot.notes import Notes
from bot.profiles.service import Profiles
from bot.reports.deals import Deals
from bot.reports.service import BrandReports
from bot.servers import Servers
from bot.stats.service import Stats


@dataclass(frozen=True, slots=True)
class Services:
    clock: Clock
    servers: Servers
    links: Links
    posts: Posts
    impressions: Impressions
    notes: Notes
    stats: Stats
    profiles: Profiles
    contents: Contents
    digests: Digests
    alerts: Alerts
    reports: BrandReports
    deals: Deals
    charts: ChartRenderer
