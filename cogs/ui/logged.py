"""What is said when a platform's numbers were kept."""

from __future__ import annotations

from bot.impressions.service import Logged
from bot.links.access import Actor
from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt

OTHERS = {
    "reach": _("reached"),
    "likes": _("likes"),
    "comments": _("comments"),
    "shares": _("shares"),
    "saves": _("saves"),
}


async def said(services: Services, who: Actor, logged: Logged, *, new: bool = False) -> list[str]:
    """What was kept, what that means beside the totals before and after it, and what to do next."""
    post = logged.post
    link = None if post.link_id is None else await services.links.get(who, post.link_id)
    name = fmt.post_name(post)
    if link is not None:
        name += " " + _("of {link}").format(link=f"{fmt.escape(link.label)} (`/{link.slug}/{post.code}`)")
    if logged.before is None:
        text = _("{n} reported impressions for {post}, as of {at}.")
    elif logged.growth >= 0:
        text = _("{n} reported impressions for {post}, as of {at}: {growth} more than the {before} before.")
    else:
        text = _("{n} reported impressions for {post}, as of {at}: corrected, {growth} fewer than the {before} before.")
    lines = [
        text.format(
            n=f"**{fmt.number(logged.value)}**",
            post=name,
            at=fmt.moment(logged.as_of),
            growth=fmt.number(abs(logged.growth)),
            before=fmt.number(logged.before or 0),
        )
    ]
    if logged.others:
        told = ", ".join(f"{fmt.number(value)} {OTHERS[metric]}" for metric, value in logged.others.items())
        lines.append(_("Kept with them: {list}.").format(list=told))
    if logged.later is not None:
        later = _("A later total of {later} is kept already and stands; this one tells how it grew.")
        lines.append(later.format(later=fmt.number(logged.later)))
    if link is None:
        lines.append(_("It carries no tracked link, so it counts in impressions and has no CTR."))
    elif new:
        lines.append(_("Its own tracked address from now on:"))
        lines.append(fmt.copyable(services.links.url(link, post)))
    else:
        lines.append(_("/stats link shows them beside the clicks of that post's address."))
    return lines
