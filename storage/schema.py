"""The tables; `guild_id` leads every tenant table's key, so that the schema can be spread over PostgreSQL or Citus."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UTC(sa.TypeDecorator[dt.datetime]):
    """An instant, kept as milliseconds since 1970; refuses naive datetimes."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: storage takes aware ones only")
        return round(value.timestamp() * 1000)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return _EPOCH + dt.timedelta(milliseconds=value)


metadata = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any] | sa.Index) -> sa.Table:
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=False)


def _guild() -> sa.Column[int]:
    return sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _ref(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[dt.datetime]:
    return sa.Column(name, UTC, nullable=nullable)


def _import() -> sa.Column[int]:
    """The import that brought a row, 0 for none; it is seen only while `storage.imports` shows that import."""
    return sa.Column("import_id", sa.BigInteger, nullable=False, server_default="0")


def _search() -> sa.Column[str]:
    """What autocomplete looks for people's words in (`storage.words.key`): kept up by what writes names."""
    return _text("search")


meta = _table("meta", sa.Column("key", sa.Text, primary_key=True), _text("value"))
"""Facts about this installation, such as the hash of the commands last registered with Discord."""

servers = _table(
    "servers",
    _guild(),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("first_weekday", sa.SmallInteger, nullable=False),
    _ref("creator_role_id", nullable=True),
    sa.Column("add_policy", sa.Text, nullable=False),
    sa.Column("benchmarks", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_set_up", sa.Boolean, nullable=False),
)

links = _table(
    "links",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("destination", sa.Text, nullable=False),
    _text("title"),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    _ref("created_by"),
    _at("created_at"),
    _at("updated_at"),
    _at("expires_at", nullable=True),
    _ref("max_clicks", nullable=True),
    sa.Column("history_id", sa.BigInteger, nullable=False, server_default="0"),
    _search(),
    sa.Index("links_by_creator", "guild_id", "creator_id"),
)

posts = _table(
    "posts",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    _ref("link_id", nullable=True),
    sa.Column("code", sa.Text),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    _text("title"),
    _text("permalink"),
    _at("published_at", nullable=True),
    _text("platform_id"),
    _at("moved_at", nullable=True),
    sa.Column("state", sa.Text, nullable=False),
    _ref("created_by"),
    _at("created_at"),
    _import(),
    _search(),
    sa.Index("posts_by_creator", "guild_id", "creator_id"),
    sa.Index("posts_by_link", "guild_id", "link_id"),
    sa.Index("posts_by_platform_id", "guild_id", "platform", "platform_id"),
)

addresses = _table(
    "addresses",
    sa.Column("address", sa.Text, primary_key=True),
    _ref("guild_id"),
    _ref("creator_id"),
    _ref("link_id", nullable=True),
    _ref("post_id", nullable=True),
    _text("destination"),
    sa.Column("state", sa.Text, nullable=False),
    _at("expires_at", nullable=True),
    _ref("max_clicks", nullable=True),
    sa.Index("addresses_by_link", "guild_id", "link_id"),
)
"""Every public name ever given out, for the whole installation: a redirect is one read by primary key."""

profiles = _table(
    "profiles",
    _guild(),
    _key("creator_id"),
    sa.Column("handle", sa.Text, nullable=False),
    _text("name"),
    sa.Column("published", sa.Boolean, nullable=False),
    _ref("id"),
    *(_text(name) for name in ("line", "theme", "accent", "avatar", "taken_down")),
)

profile_entries = _table(
    "profile_entries",
    _guild(),
    _key("creator_id"),
    _key("link_id"),
    sa.Column("rank", sa.Integer, nullable=False),
    _text("heading"),
    sa.Column("pinned", sa.Boolean, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    _at("shows_from", nullable=True),
    _at("shows_until", nullable=True),
)

avatars = _table("avatars", _guild(), _key("creator_id"), sa.Column("picture", sa.LargeBinary, nullable=False))
"""WebP of a fixed size, made by us; `profiles.avatar` is its digest."""

flags = _table(
    "flags",
    _guild(),
    _key("id"),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _at("at"),
    _at("told_at", nullable=True),
)

creators = _table(
    "creators",
    _guild(),
    _key("user_id"),
    sa.Column("featured", sa.Boolean, nullable=False),
)
"""What creators chose for themselves: whether a digest may call a post of theirs the post of the week."""

hits = _table(
    "hits",
    _guild(),
    _key("id"),
    _ref("link_id"),
    _ref("place_id"),
    sa.Column("kind", sa.Text, nullable=False),
    _at("at"),
    sa.Column("visitor", sa.BigInteger),
    sa.Column("day", sa.Date),
    sa.Column("is_unique", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("country"),
    _text("device"),
    _text("source"),
    _text("position"),
    _text("delay"),
    _text("anonymity"),
)
"""Raw events, without an index beyond the key (it would cost more than all else). `day` is the server's local date when
it was counted, `is_unique` marks a visitor's first click on the link, or first view of the profile, that day. Events
from before there were dimensions have no `device`, and a `day` only where unique."""

hits_quarter = _table(
    "hits_quarter",
    _guild(),
    _key("link_id"),
    sa.Column("bucket", UTC, primary_key=True),
    _key("place_id"),
    sa.Column("kind", sa.Text, primary_key=True),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""15 minutes of UTC: whatever zone a server moves to, its days can be built from these.

In this and the other rollups a writer below 0 is a `History`: of its counts there are no events.

In this and the other rollups the rows of link 0 (`storage.records.ALL_LINKS`) are the sums over a server's links and
places."""

hits_daily = _table(
    "hits_daily",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    _key("link_id"),
    _key("place_id"),
    sa.Column("kind", sa.Text, primary_key=True),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""This and the other rollups of days are led by the day: what is written, and read but by `totals`, is of today."""

uniques_daily = _table(
    "uniques_daily",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    _key("link_id"),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""First clicks of visitors on a link, first views of a profile by its id; a server's sums are of clicks alone."""

audience_daily = _table(
    "audience_daily",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    _key("link_id"),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("dimension", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""People's hits by country, device, source, position, delay and anonymity, each apart; days keep the zone they were
counted in."""

dropped_quarter = _table(
    "dropped_quarter",
    _guild(),
    _key("link_id"),
    sa.Column("bucket", UTC, primary_key=True),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""Hits that found the queue full: how many are missing from the other tables, and when."""

visitors_seen = _table(
    "visitors_seen",
    _guild(),
    _key("link_id"),
    sa.Column("day", sa.Date, primary_key=True),
    _key("visitor"),
)
"""Who has clicked a link today, as salted hashes, written behind the events (`storage.seen`); purged with the salts."""

set_aside_daily = _table(
    "set_aside_daily",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    _key("link_id"),
    _key("place_id"),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("agent", sa.Text, primary_key=True),
    _key("writer_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)

shared_daily = _table(
    "shared_daily",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    _key("link_id"),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""How many clicks of a link and day came from the one network that most came from, once they are worth a word
(`bot.tracking.tracker.SHARED`); which network that was is nowhere."""

totals = _table(
    "totals",
    _guild(),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("facet", sa.Text, primary_key=True),
    _key("link_id"),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    *(sa.Column(f"t{day}", sa.BigInteger, nullable=False, server_default="0") for day in range(32)),
)
"""Running totals of closed days: `t5` is everything up to and with the 5th of the month, `t0` what was before it.

So any range of days is one total less another, however long it is. `storage.totals` builds them behind the hits."""

closed_days = _table(
    "closed_days",
    _guild(),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("building", sa.Date, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="0"),
)
"""The totals are there for the days before `until`; those before `building` are there or under way. `version` rises
when a day is opened again and when anything but events is counted: while it stands, so do the counts of closed days."""

salts = _table(
    "salts",
    _guild(),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    _at("created_at"),
)

figures = _table(
    "figures",
    _guild(),
    _key("id"),
    _ref("post_id"),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    _at("as_of"),
    _ref("entered_by"),
    _at("entered_at"),
    _text("currency"),
    _import(),
    sa.Index("figures_by_post", "guild_id", "post_id", "metric", "as_of"),
    sa.Index("figures_by_time", "guild_id", "as_of"),
)

imports = _table(
    "imports",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    _ref("created_by"),
    _at("created_at"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    _at("as_of"),
    sa.Column("state", sa.Text, nullable=False),
    _ref("last_id"),
    _ref("new_posts"),
    _ref("figures"),
    sa.Index("imports_by_state", "guild_id", "state"),
)
"""Imports of platforms' exports: what one brought is visible, all at once, by its state alone. No row that it brought
has an id above `last_id`."""

import_chunks = _table(
    "import_chunks",
    _guild(),
    _key("import_id"),
    _key("number"),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""What was read from an export, until it is confirmed or forgotten."""

import_fills = _table(
    "import_fills",
    _guild(),
    _key("import_id"),
    _key("post_id"),
    _text("permalink"),
    _text("platform_id"),
    _at("published_at", nullable=True),
)
"""What an import filled in of posts that were there: to be taken back with it."""

histories = _table(
    "histories",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    _ref("created_by"),
    _at("created_at"),
    sa.Column("service", sa.Text, nullable=False),
    _text("account"),
    _at("until"),
    sa.Column("taken", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    _ref("last_id"),
    _ref("links"),
    _ref("clicks"),
)
"""Links and counts brought from elsewhere. No row that one brought has an id above `last_id`."""

history_pages = _table(
    "history_pages",
    _guild(),
    _key("history_id"),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""The journal of a history that is under way: what was fetched or read is not fetched again."""

notes = _table(
    "notes",
    _guild(),
    _key("id"),
    _ref("creator_id", nullable=True),
    _ref("link_id", nullable=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    _ref("created_by"),
    _at("created_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("notes_by_day", "guild_id", "day"),
)

digests = _table(
    "digests",
    _guild(),
    _key("id"),
    _ref("channel_id", nullable=True),
    _ref("user_id", nullable=True),
    sa.Column("cadence", sa.Text, nullable=False),
    sa.Column("weekday", sa.SmallInteger, nullable=False),
    sa.Column("minute", sa.SmallInteger, nullable=False),
    _text("tag"),
    _ref("role_id", nullable=True),
    sa.Column("quiet", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    _at("next_run_at"),
    _ref("created_by"),
    _text("reason"),
    _text("failure"),
    sa.Index("digests_due", "state", "next_run_at"),
)

digest_runs = _table(
    "digest_runs",
    _guild(),
    _key("digest_id"),
    sa.Column("period_start", sa.Date, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    _at("first_attempt_at", nullable=True),
    _at("lease_until", nullable=True),
    _ref("message_id", nullable=True),
    _at("finished_at", nullable=True),
    _text("reason"),
    _text("failure"),
)

alert_targets = _table(
    "alert_targets",
    _guild(),
    _key("user_id"),
    _ref("channel_id", nullable=True),
    sa.Column("kinds", sa.JSON, nullable=False),
    sa.Column("quiet_from", sa.SmallInteger),
    sa.Column("quiet_until", sa.SmallInteger),
    sa.Column("state", sa.Text, nullable=False),
    _text("reason"),
    _text("failure"),
    _at("try_at", nullable=True),
    sa.Column("created_by", sa.BigInteger, nullable=False, server_default="0"),
)

alerts = _table(
    "alerts",
    _guild(),
    _key("user_id"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    _ref("link_id", nullable=True),
    _ref("creator_id"),
    sa.Column("facts", sa.JSON, nullable=False),
    _at("made_at"),
    _ref("message_id", nullable=True),
    sa.Index("alerts_by_message", "message_id", "guild_id", "user_id"),
    sa.Index("alerts_by_time", "guild_id", "made_at"),
)
"""What happened, once for each target and for good: its key is the claim that nothing is told twice."""

alert_messages = _table(
    "alert_messages",
    _guild(),
    _key("id"),
    _ref("user_id"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    _at("first_attempt_at"),
    _at("lease_until"),
    _ref("discord_id", nullable=True),
    _at("finished_at", nullable=True),
    _text("reason"),
    _text("failure"),
    sa.Index("alert_messages_by_target", "guild_id", "user_id", "first_attempt_at"),
    sa.Index("alert_messages_by_state", "state", "lease_until"),
)

notices = _table(
    "notices",
    _guild(),
    _key("id"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    _ref("set_up_by"),
    _at("made_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    _at("first_attempt_at", nullable=True),
    _at("lease_until", nullable=True),
    _ref("message_id", nullable=True),
    _at("finished_at", nullable=True),
    _text("reason"),
    _text("failure"),
    sa.Index("notices_by_state", "state", "lease_until"),
)
"""What those who run a server are told of: trouble with a delivery, flags on public pages; and what managers did to
what is a member's, to that member."""

direct_channels = _table("direct_channels", _guild(), _key("user_id"), _ref("channel_id"))
"""The channel of a member's direct messages with the bot: to open it anew each time looks like spam."""

alert_mutes = _table("alert_mutes", _guild(), _key("user_id"), _key("link_id"), _at("until"))

destination_checks = _table(
    "destination_checks",
    _guild(),
    _key("link_id"),
    sa.Column("destination", sa.Text, nullable=False),
    _at("checked_at"),
    sa.Column("failures", sa.SmallInteger, nullable=False),
    _at("failing_since", nullable=True),
    _at("dead_at", nullable=True),
    _at("back_at", nullable=True),
    _text("answer"),
)

brand_reports = _table(
    "brand_reports",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    _ref("made_by"),
    _at("made_at"),
    _at("expires_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("brand_reports_by_token", "token", unique=True),
    sa.Index("brand_reports_by_creator", "guild_id", "creator_id"),
)
"""`content` is a frozen report in its one spelling, `hash` its SHA-256 of when it was made, `token` the secret half of
its address."""

brand_views = _table(
    "brand_views",
    _guild(),
    _key("report_id"),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""How often a report's page or a file of it was opened; with a `reason`, by no person. Nothing of who it was."""

deals = _table(
    "deals",
    _guild(),
    _key("id"),
    _ref("creator_id"),
    sa.Column("brand", sa.Text, nullable=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("promised", sa.BigInteger, nullable=False),
    sa.Column("first", sa.Date, nullable=False),
    sa.Column("last", sa.Date, nullable=False),
    sa.Column("link_ids", sa.JSON, nullable=False),
    sa.Column("post_ids", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    _text("fee"),
    _text("currency"),
    sa.Column("ended", sa.Date),
    sa.Column("state", sa.Text, nullable=False),
    _at("made_at"),
    sa.Index("deals_by_creator", "guild_id", "creator_id"),
)
