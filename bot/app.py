"""The one place where everything is built, from config to Discord, and closed in reverse."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from yarl import URL

from bot import scheduler
from bot.alerts.asking import Asker
from bot.alerts.destinations import Destinations
from bot.alerts.service import Alerts
from bot.alerts.telling import Telling
from bot.charts import ChartRenderer
from bot.client import Client
from bot.clock import Clock, SystemClock
from bot.config import Config
from bot.delivery.budget import Budget
from bot.delivery.direct import DirectChannels
from bot.delivery.notices import Notices
from bot.digests.contents import Contents
from bot.digests.service import Digests
from bot.exports import Exports
from bot.housekeeping import Housekeeping
from bot.imports.histories import Histories
from bot.imports.service import Imports
from bot.impressions.service import Impressions
from bot.links.owner import OwnerTokens
from bot.links.picks import Picks
from bot.links.posts import Posts
from bot.links.recent import Recent
from bot.links.service import Limits, Links
from bot.links.twins import Twins
from bot.notes import Notes
from bot.profiles.flags import Flags
from bot.profiles.pages import Pages
from bot.profiles.service import Profiles
from bot.profiles.views import Views
from bot.reports.deals import Deals
from bot.reports.service import BrandReports
from bot.servers import Servers
from bot.services import Services
from bot.stats.service import Stats
from bot.timekeeping import Watch
from bot.tracking.countries import open_countries
from bot.tracking.recorder import Recorder
from bot.tracking.tracker import Tracker
from bot.tracking.visitors import Visitors
from bot.turns import Turns
from bot.web.metrics import serve_metrics
from bot.web.profiles import ProfileEdge
from bot.web.reports import ReportPages
from bot.web.routes import Edge
from bot.web.server import WebEdge, serve
from cogs.delivery.port import DiscordPort
from cogs.ui.people import Members
from storage import meta
from storage.database import Database
from storage.ids import Ids

TICK_SECONDS = 20.0
NOTICE_SECONDS = 60.0
CLOCK_SECONDS = 60.0
HOUSEKEEPING_SECONDS = 3600.0
ALERT_SECONDS = 300.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that runs, but for the connection to Discord."""

    db: Database
    watch: Watch
    services: Services
    jobs: scheduler.Jobs
    """Those that need no Discord; they run by themselves."""
    members: Members
    budget: Budget
    direct: DirectChannels
    telling: Telling
    notices: Notices
    web: WebEdge
    metrics_port: int | None
    base_url: URL
    shard_count: int | None

    def client(self) -> Client:
        """A Discord client that is not connected yet."""
        client = self.members.client = Client(
            self.services, self.db, shard_count=self.shard_count, tell_time=self.watch.confirm
        )
        self.notices.port = self.port(client)
        return client

    def port(self, client: Client) -> DiscordPort:
        """What delivers through that client."""
        return DiscordPort(client, self.budget, self.direct)

    def deliveries(self, client: Client) -> scheduler.Jobs:
        """What posts digests, alerts and notices through that client, once it is connected."""
        port = self.port(client)

        async def tick() -> None:
            if client.is_ready():
                await self.services.digests.tick(port)

        async def tell() -> None:
            if client.is_ready():
                await self.telling.tick(port)

        async def notify() -> None:
            if client.is_ready():
                await self.notices.tick(port)

        return {
            "digests": (TICK_SECONDS, tick),
            "alerts": (TICK_SECONDS, tell),
            "notices": (NOTICE_SECONDS, notify),
        }


@asynccontextmanager
async def open_application(
    config: Config, *, clock: Clock | None = None, charts: ChartRenderer | None = None, shard_count: int | None = None
) -> AsyncIterator[Application]:
    """Build the whole application but Discord; closes in reverse, so that no hit answered for is lost.

    `charts` may be handed in by who keeps a renderer for several applications.
    """
    base_url = config.base_url
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database.open(config.storage.path, backups=config.storage.backups))
        watch = await Watch.begin(clock or SystemClock(), db)
        clock, by_job, ids = watch.clock, watch.jobs, Ids(watch.latest.timestamp)
        if charts is None:
            charts = await stack.enter_async_context(ChartRenderer())
        recorder = await stack.enter_async_context(Recorder(db, clock))
        stats, members, budget, recent = Stats(db, clock, base_url), Members(), Budget(), Recent()
        reports = BrandReports(db, clock, ids, base_url)
        deals = Deals(db, clock, ids, reports)
        denied = config.links.denied_domains
        contents = Contents(db, by_job, stats, members.creators_with, members.locale_of, deals, denied)
        digests = Digests(db, by_job, ids, contents)
        flags = Flags(db, by_job, ids)
        telling, notices = Telling(db, by_job, ids), Notices(db, by_job, ids, flags)
        outboxes = {"digests": digests.sender, "alerts": telling, "notices": notices}
        metrics_port = await stack.enter_async_context(
            serve_metrics(recorder, outboxes, watch, config.web.metrics_port)
        )
        country_of = stack.enter_context(open_countries(config.tracking.country_database))
        visitors = Visitors(db, clock, recorder.keep_salt)
        owner_tokens = OwnerTokens(db)
        views = Views(db)
        tracker = Tracker(
            db=db,
            recorder=recorder,
            visitors=visitors,
            clock=clock,
            ids=ids,
            owner_tokens=owner_tokens,
            views=views,
            denied_domains=denied,
            repeat_seconds=config.tracking.repeat_seconds,
            crawlers=config.tracking.patterns,
            country_of=country_of,
        )
        pages = Pages(db, clock, tracker, views, owner_tokens)
        edge = Edge(
            tracker,
            ProfileEdge(pages, charts, base_url),
            flags,
            base_url,
            config.web.trusted_proxies,
            reports=ReportPages(reports, charts),
            security_contact=config.web.security_contact,
            hsts_subdomains=config.web.hsts_subdomains,
            instance=await db.write(meta.name_instance),
        )
        web = await stack.enter_async_context(serve(edge, host=config.web.host, port=config.web.port))
        limits = Limits(
            denied_domains=denied,
            allow_private_destinations=config.links.allow_private_destinations,
            per_creator=config.links.per_creator,
            per_server=config.links.per_server,
            posts_per_creator=config.links.posts_per_creator,
            posts_per_server=config.links.posts_per_server,
        )
        imports = Imports(db, by_job, ids)
        histories = Histories(db, by_job, ids, base_url, limits)
        keep_events = dt.timedelta(days=config.storage.keep_events_days)
        housekeeping = Housekeeping(db, watch.earliest, visitors, keep_events, ids, watch.is_settled)
        links = Links(db, clock, ids, base_url, limits, owner_tokens, recent)
        posts = Posts(db, clock, ids, limits, recent)
        services = Services(
            clock=clock,
            servers=Servers(db),
            links=links,
            posts=posts,
            picks=Picks(db, clock, base_url, recent),
            twins=Twins(db, clock, ids, links, posts),
            impressions=Impressions(db, clock, ids, posts),
            imports=imports,
            histories=histories,
            exports=Exports(db, clock),
            notes=Notes(db, clock, ids),
            stats=stats,
            profiles=Profiles(db, clock, ids, base_url, views, tracker.is_open),
            pages=pages,
            flags=flags,
            notices=notices,
            digests=digests,
            contents=contents,
            alerts=Alerts(
                db, by_job, checks_destinations=config.alerts.check_destinations, is_settled=watch.is_settled
            ),
            reports=reports,
            deals=deals,
            charts=charts,
            turns=Turns(),
        )
        jobs: dict[str, tuple[float, scheduler.Job]] = {
            "housekeeping": (HOUSEKEEPING_SECONDS, housekeeping.run),
            "imports": (HOUSEKEEPING_SECONDS, imports.tidy),
            "histories": (HOUSEKEEPING_SECONDS, histories.tidy),
            "alerts": (ALERT_SECONDS, services.alerts.look),
        }
        if config.alerts.check_destinations:
            asker = await stack.enter_async_context(Asker(base_url))
            jobs["destinations"] = (ALERT_SECONDS, Destinations(db, by_job, asker).round)
        await stack.enter_async_context(scheduler.running({"clock": (CLOCK_SECONDS, lambda: watch.note(db))}))
        await stack.enter_async_context(scheduler.running(jobs, watch.is_trusted))
        yield Application(
            db=db,
            watch=watch,
            services=services,
            jobs=jobs,
            members=members,
            budget=budget,
            direct=DirectChannels(db),
            telling=telling,
            notices=notices,
            web=web,
            metrics_port=metrics_port,
            base_url=base_url,
            shard_count=shard_count,
        )


@asynccontextmanager
async def digest_schedule(app: Application, client: Client) -> AsyncIterator[None]:
    """Ask every few seconds which digests, alerts and notices are due, and post them once Discord is there."""
    async with scheduler.running(app.deliveries(client), app.watch.is_trusted):
        yield
