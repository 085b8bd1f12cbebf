"""When posts were published of which nobody said, from the ids that platforms gave them."""

from __future__ import annotations

import re
import string
import time

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_DECIMAL = r"(\d{15,20})"
_SHORTCODE = r"([\w-]{10,11})(?:[\w-]{28})?"
_BASE64URL = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_BASE32_SORTABLE = "234567" + string.ascii_lowercase
_META_EPOCH = 1_314_220_021_721
# Platform, form of the id, its digits, bits below the time, microseconds of its unit, in milliseconds its epoch and the
# earliest time: bot.links.publication as it was when this was written.
_RULES = (
    ("x", _DECIMAL, string.digits, 22, 1_000, 1_288_834_974_657, 1_288_828_800_000),
    ("discord", _DECIMAL, string.digits, 22, 1_000, 1_420_070_400_000, 1_431_475_200_000),
    ("linkedin", _DECIMAL, string.digits, 22, 1_000, 0, 1_052_092_800_000),
    ("tiktok", _DECIMAL, string.digits, 32, 1_000_000, 0, 1_474_329_600_000),
    ("bluesky", "([2-7a-j][2-7a-z]{12})", _BASE32_SORTABLE, 10, 1, 0, 1_667_260_800_000),
    ("threads", _SHORTCODE, _BASE64URL, 23, 1_000, _META_EPOCH, 1_688_515_200_000),
    ("instagram", r"(\d{19})", string.digits, 23, 1_000, _META_EPOCH, 1_470_096_000_000),
    ("instagram", _SHORTCODE, _BASE64URL, 23, 1_000, _META_EPOCH, 1_314_230_400_000),
)


def upgrade() -> None:
    conn = op.get_bind()
    posts = sa.table("posts", *map(sa.column, ("guild_id", "id", "platform", "platform_id", "published_at")))
    c = posts.c
    unknown = sa.select(c.guild_id, c.id, c.platform, c.platform_id).where(
        c.published_at.is_(None), c.platform_id != ""
    )
    change = (
        sa.update(posts)
        .where(c.guild_id == sa.bindparam("guild"), c.id == sa.bindparam("post"))
        .values(published_at=sa.bindparam("at"))
    )
    latest = int(time.time() * 1000) + 24 * 60 * 60 * 1000
    found = [
        {"guild": guild_id, "post": post_id, "at": at}
        for guild_id, post_id, platform, platform_id in conn.execute(unknown).all()
        if (at := _published(platform, platform_id, latest)) is not None
    ]
    if found:
        conn.execute(change, found)


def _published(platform: str, platform_id: str, latest: int) -> int | None:
    for name, form, digits, shift, unit, epoch, earliest in _RULES:
        match = re.fullmatch(form, platform_id, re.ASCII) if name == platform else None
        if match is None:
            continue
        number = 0
        for letter in match[1]:
            number = number * len(digits) + digits.index(letter)
        at = epoch + (number >> shift) * unit // 1000
        if earliest <= at <= latest:
            return at
    return None
