"""The metrics of a brand report: one table that names each, wherever it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.insights.summary import REACTIONS
from bot.texts import _


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number is called, and what it means in small print; "" where its name says it."""

    name: str
    meaning: str = ""
    rate: bool = False


METRICS: dict[str, Metric] = {
    "displays": Metric(
        _("Displays"),
        _(
            "showings of a post as its platform counts them: views, repeats included, on Instagram, Facebook, Threads, "
            "TikTok, YouTube and Twitch (impressions where only those are known), impressions on the others and here; "
            "a post counts once, by the reported figure where it has both"
        ),
    ),
    "impressions": Metric(_("Impressions")),
    "views": Metric(_("Views")),
    "measured": Metric(_("Measured"), _("displays that Eyeballs saw itself, on a profile page or by a link's pixel")),
    "viewable": Metric(_("Viewable"), _("the measured ones with half of the pixels in view for a second (MRC, IAB)")),
    "reported": Metric(
        _("Reported"),
        _(
            "what platforms told, as the growth of their totals within the period; of growth between two readings it "
            "is the share that lies within (a story's in its 24 hours, else as the post's clicks fell, or evenly), an "
            "estimate, marked “about”"
        ),
    ),
    "reach": Metric(
        _("Reach"), _("different people, told by the platform for each post; who saw two posts is in it twice")
    ),
    "clicks": Metric(
        _("Clicks"),
        _("people following a tracked link; crawlers, previews, prefetches, parts of pages and repeats are set aside"),
    ),
    "unique_clicks": Metric(_("Unique clicks"), _("each visitor's first click on a link on a day, summed over days")),
    "ctr": Metric(
        _("CTR"),
        _("clicks / displays of the same time, up to a post's last reading, over the posts and places with both known"),
        rate=True,
    ),
    "engagement": Metric(
        _("Engagement rate"),
        _("(clicks + likes + comments + shares + saves) / displays of the same time, over the posts with both known"),
        rate=True,
    ),
    "likes": Metric(_("Likes")),
    "comments": Metric(_("Comments")),
    "shares": Metric(_("Shares")),
    "saves": Metric(_("Saves")),
}

FIRST: Mapping[str, Metric] = METRICS | {
    "impressions": Metric(
        _("Impressions"),
        _("measured + reported over different posts; where a post has both, the reported figure stands for it"),
    ),
    "reported": Metric(_("Reported"), _("what the platform told, as the growth of its total within the period")),
    "views": Metric(_("Views"), _("the platforms' newer count, repeats included; never added to impressions")),
    "ctr": Metric(_("CTR"), _("clicks / impressions, over the posts and places with both sides known"), rate=True),
    "engagement": Metric(
        _("Engagement rate"),
        _("(clicks + likes + comments + shares + saves) / impressions, over the posts with both sides known"),
        rate=True,
    ),
}
"""What the numbers of reports of version 1 mean, which were made otherwise."""

TOLD = ("reach", *REACTIONS)
"""What platforms tell of a post beside its displays, as `storage.records.Figure.metric` names it."""
