"""The kinds of findings: each looks at the facts for one thing and speaks only when the numbers carry it."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from statistics import NormalDist

from bot.insights import benchmark, phrases
from bot.insights.audience import DIRECT
from bot.insights.facts import Facts, Finding, Origins
from bot.insights.hours import WEEKDAYS, Span
from bot.insights.milestones import passed
from bot.insights.noise import MIN_DAYS, t_of_normal
from bot.insights.rates import MIN_DISPLAYS, log_variance, ratio_interval, spread, wilson
from bot.insights.summary import Summary
from bot.texts import _, ngettext, number, percent
from bot.texts import day as date_of
from storage.records import Dimension

LEVEL = 0.005
"""At which each kind of finding is tested, both sides together."""
MILESTONE = "milestone"
"""The topic of that finding, for who says it elsewhere."""
HABIT = "hours"
"""The topic of what holds for months, not for the period alone."""
MIN_CLICKS = 50
UNKNOWN_SPREAD = 0.25
"""Then they are taken to differ by half."""
MIN_SHARE_DAYS = 5
"""Below as many days it is not known how much shares differ from one to the next."""
MIN_WEEKS = 6
MAX_POSTS = 30
"""As many posts, those with the most displays, are compared with one another."""


def _z(cases: int) -> float:
    return NormalDist().inv_cdf(1 - LEVEL / 2 / max(1, cases))


def _say(text: str, **words: str) -> str:
    """The text with its own words filled in; the places of users' words, {0}, {1}, {value}, stay as they are."""
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


def _times(ratio: float) -> str:
    return f"{number(round(ratio, 1))}×"


def _clicks(n: int) -> str:
    return ngettext("{n} click", "{n} clicks", n).format(n=number(n))


def _beyond(facts: Facts) -> float:
    """How much days differ beyond chance, learned from before the period, so that a rise does not hide itself."""
    days = dict(facts.history)
    if not days and facts.before is not None:
        days = dict(zip(facts.period.previous.days, facts.before.clicks_by_day, strict=False))
    if len(days) < MIN_DAYS:
        return UNKNOWN_SPREAD
    groups: dict[int, list[int]] = defaultdict(list)
    for day, count in days.items():
        groups[day.weekday()].append(count)
    return spread(groups.values())


def best_time(facts: Facts) -> Iterator[Finding]:
    """The part of the week that brings more clicks than usual."""
    for claim in facts.hours[:1]:
        text = _("{name} brings {ratio} your usual clicks, {clicks}.")
        if claim.span is Span.HOUR:
            text = _("{name} brings {ratio} your usual clicks for an hour, {clicks}.")
        clicks = _clicks(claim.hits)
        yield Finding(
            _say(text, name=claim.name, ratio=_times(claim.ratio), clicks=clicks),
            _("{clicks} over {n} weeks; surely more than {low}").format(
                clicks=clicks, n=number(claim.weeks), low=_times(claim.interval[0])
            ),
            weight=math.log2(claim.interval[0]) + 0.3,
            topics=frozenset({HABIT}),
        )


def unlike_sibling(facts: Facts) -> Iterator[Finding]:
    """A post with fewer displays and a much higher CTR than another of its kind, or of its link."""
    if facts.now is None:
        return
    rated = [
        (place.place_id, facts.posts[place.place_id], place.rate)
        for place in facts.now.by_place
        if place.place_id in facts.posts and place.rate is not None
        if place.rate.displays >= MIN_DISPLAYS and place.rate.clicks > 0
    ]
    rated = sorted(rated, key=lambda one: (-one[2].displays, one[0]))[:MAX_POSTS]
    pairs = [
        (one_id, one, other_id, other)
        for (one_id, one_post, one), (other_id, other_post, other) in permutations(rated, 2)
        if one.displays * 3 <= other.displays * 2
        and (
            (one_post.platform, one_post.kind) == (other_post.platform, other_post.kind)
            or (one_post.link_id is not None and one_post.link_id == other_post.link_id)
        )
    ]
    z = _z(len(pairs))
    surest = max(pairs, key=lambda pair: ratio_interval(pair[1], pair[3], z)[0], default=None)
    if surest is None:
        return
    one_id, one, other_id, other = surest
    low = ratio_interval(one, other, z)[0]
    if low > 1.3:
        yield Finding(
            _say(
                _("{0} has {part} of the displays of {1} and {ratio} its CTR."),
                part=percent(one.displays / other.displays, 0),
                ratio=_times(one.value / other.value),
            ),
            _("{one} against {other}").format(one=phrases.rate(one), other=phrases.rate(other)),
            (one_id, other_id),
            math.log2(low),
            topics=frozenset({"ctr", f"post {one_id}"}),
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One of several that clicks come from, now and before."""

    now: int
    before: int
    specific: int
    about: tuple[int, ...] = ()
    value: tuple[Dimension, str] | None = None

    @property
    def topic(self) -> str:
        if self.value is not None:
            return self.value[0].value
        return f"{'post' if self.specific == 2 else 'link'} {self.about[0]}"


def _parts(facts: Facts, now: Summary, before: Summary) -> Iterator[list[_Part]]:
    posts_now = {place.place_id: place.clicks for place in now.by_place}
    posts_before = {place.place_id: place.clicks for place in before.by_place}
    yield [_Part(posts_now.get(id_, 0), posts_before.get(id_, 0), 2, (id_,)) for id_ in facts.posts]
    yield [
        _Part(
            facts.links[id_].clicks if id_ in facts.links else 0,
            facts.links_before[id_].clicks if id_ in facts.links_before else 0,
            1,
            (id_,),
        )
        for id_ in facts.links.keys() | facts.links_before.keys()
    ]
    if not facts.unfinished:
        one, other = (_sums(found, Dimension.SOURCE) for found in (facts.origins, facts.origins_before))
        yield [
            _Part(one.get(value, 0), other.get(value, 0), 0, value=(Dimension.SOURCE, value))
            for value in one.keys() | other.keys()
        ]


def _sums(origins: Origins, dimension: Dimension) -> dict[str, int]:
    return {value: sum(by_day.values()) for (one, value), by_day in origins.items() if one is dimension}


def driver(facts: Facts) -> Iterator[Finding]:
    """What explains at least half of a rise or fall of clicks."""
    now, before = facts.now, facts.before
    if now is None or before is None or min(now.clicks, before.clicks) <= 0:
        return
    if now.clicks + before.clicks < MIN_CLICKS:
        return
    moved = now.clicks - before.clicks
    days, beyond = facts.period.length, _beyond(facts)

    def surely(one: float, other: float, cases: int) -> float:
        """The least that chance leaves of a change, as a logarithm without sign; negative when it leaves nothing."""
        variance = log_variance(one + 0.5, days, beyond) + log_variance(other + 0.5, days, beyond)
        return abs(math.log((one + 0.5) / (other + 0.5))) - _z(cases) * math.sqrt(variance)

    least = surely(now.clicks, before.clicks, 1)
    if least < math.log(1.1):
        return
    candidates = [
        part
        for parts in _parts(facts, now, before)
        if sum(part.now + part.before > 0 for part in parts) > 1
        for part in parts
        if (part.now - part.before) / moved >= 0.5 and surely(part.now, part.before, len(parts)) > 0
    ]
    if not candidates:
        return
    part = max(candidates, key=lambda one: (round(min(1, (one.now - one.before) / moved), 1), one.specific))
    share = (part.now - part.before) / moved
    name = "{value}" if part.value else "{0}"
    if moved > 0:
        text = _("{share} of the rise in clicks came from {name}.")
        whole = _("The whole rise in clicks came from {name}.")
    else:
        text = _("{share} of the fall in clicks came from {name}.")
        whole = _("The whole fall in clicks came from {name}.")
    text = whole if share >= 0.995 else text
    yield Finding(
        _say(text, name=name, share=percent(share, 0)),
        _("{now} after {before}; all clicks {all_now} after {all_before}").format(
            now=number(part.now),
            before=number(part.before),
            all_now=number(now.clicks),
            all_before=number(before.clicks),
        ),
        part.about,
        least / math.log(2) * min(1, share),
        part.value,
        frozenset({"change", part.topic}),
    )


def odd_day(facts: Facts) -> Iterator[Finding]:
    """A day far from the same weekdays before."""
    if facts.now is None or len(facts.history) < 7 * MIN_WEEKS:
        return
    weekdays: dict[int, list[int]] = defaultdict(list)
    for day, count in facts.history.items():
        weekdays[day.weekday()].append(count)
    today = facts.period.last if facts.unfinished else None
    days = [
        (day, count, weekdays[day.weekday()])
        for day, count in zip(facts.period.days, facts.now.clicks_by_day, strict=True)
        if day != today and day not in facts.incomplete and len(weekdays[day.weekday()]) >= MIN_WEEKS
    ]
    z, beyond = _z(len(days)), math.log1p(_beyond(facts))
    surest: tuple[float, dt.date, int, float, int] | None = None
    for day, count, equals in days:
        usual = sum(equals) / len(equals)
        variance = 1 / (min(count, usual) + 1) + beyond * (1 + 1 / len(equals))
        least = abs(math.log((count + 1) / (usual + 1))) - z * math.sqrt(variance)
        far = (count >= 1.5 * usual or count <= 0.5 * usual) and abs(count - usual) >= 20
        if least > 0 and far and usual > 0 and (surest is None or least > surest[0]):
            surest = least, day, count, usual, len(equals)
    if surest is None:
        return
    least, day, count, usual, weeks = surest
    weekday = WEEKDAYS[day.weekday()]
    date = f"{weekday}, {date_of(day)}"
    text = _("{date} had {ratio} the clicks of a usual {weekday}.")
    ratio = _times(count / usual)
    if count < usual:
        text = _("{date} had {ratio} of the clicks of a usual {weekday}.")
        ratio = percent(count / usual, 0)
    yield Finding(
        _say(text, date=date, ratio=ratio, weekday=weekday),
        _("{clicks}; {usual} on average over the {n} before").format(
            clicks=_clicks(count), usual=number(round(usual, 1)), n=number(weeks)
        ),
        weight=least / math.log(2) + 0.3,
        topics=frozenset({"day", "record"} if facts.period.length == 1 else {"day"}),
    )


@dataclass(frozen=True, slots=True)
class _Share:
    """Which part of a period's clicks had a value."""

    clicks: int
    of: int
    error: float
    """Its standard error."""

    @property
    def value(self) -> float:
        return self.clicks / self.of


def _share(by_day: Mapping[dt.date, int], totals: Mapping[dt.date, int]) -> _Share:
    """With the standard error of a ratio of sums over days (Cochran 1977, 6.4), which differ in their shares too."""
    clicks, of = sum(by_day.values()), sum(totals.values())
    share = clicks / of
    apart = sum((by_day.get(day, 0) - share * n) ** 2 for day, n in totals.items()) * len(totals) / (len(totals) - 1)
    return _Share(clicks, of, math.sqrt(max(apart, of * share * (1 - share))) / of)


def share_change(facts: Facts) -> Iterator[Finding]:
    """The source, country or device whose share of clicks clearly changed."""
    periods = facts.origins, facts.origins_before
    looked_at = (Dimension.SOURCE, Dimension.COUNTRY, Dimension.DEVICE)
    z = _z(sum(dimension in looked_at for dimension, _value in {*facts.origins, *facts.origins_before}))
    for dimension in looked_at:
        totals = [_by_day(origins, dimension) for origins in periods]
        if min(len(days) for days in totals) < MIN_SHARE_DAYS:
            continue
        if min(sum(days.values()) for days in totals) < MIN_CLICKS:
            continue
        surely = t_of_normal(z, sum(len(days) - 1 for days in totals))
        values = {value for origins in periods for one, value in origins if one is dimension}
        best: tuple[float, str, _Share, _Share] | None = None
        for value in values:
            now, before = (
                _share(origins.get((dimension, value), {}), days) for origins, days in zip(periods, totals, strict=True)
            )
            apart = abs(now.value - before.value)
            least = apart - surely * math.hypot(now.error, before.error)
            if apart >= 0.1 and least > 0.03 and (best is None or (least, value) > best[:2]):
                best = least, value, now, before
        if best is None:
            continue
        least, value, now, before = best
        if (dimension, value) == (Dimension.SOURCE, DIRECT):
            text = _("{now} of your clicks were direct, up from {before}.")
            fell = _("{now} of your clicks were direct, down from {before}.")
        else:
            text = _("{now} of your clicks came from {value}, up from {before}.")
            fell = _("{now} of your clicks came from {value}, down from {before}.")
        text = text if now.value > before.value else fell
        yield Finding(
            _say(text, now=percent(now.value, 0), before=percent(before.value, 0)),
            _("{one} of {total} clicks; before, {other} of {earlier}").format(
                one=number(now.clicks), total=number(now.of), other=number(before.clicks), earlier=number(before.of)
            ),
            weight=5 * least,
            value=(dimension, value),
            topics=frozenset({dimension.value}),
        )


def _by_day(origins: Origins, dimension: Dimension) -> Counter[dt.date]:
    found: Counter[dt.date] = Counter()
    for (one, _value), by_day in origins.items():
        if one is dimension:
            found.update(by_day)
    return found


def concentration(facts: Facts) -> Iterator[Finding]:
    """One link that brings more than half of all clicks."""
    if facts.now is None or facts.now.clicks < MIN_CLICKS:
        return
    used = {id_: summary.clicks for id_, summary in facts.links.items() if summary.clicks > 0}
    if len(used) < 3:
        return
    id_ = max(used, key=lambda one: (used[one], -one))
    total = facts.now.clicks
    carried = 1 / log_variance(total, facts.period.length, _beyond(facts))
    low = wilson(used[id_] / total * carried, carried, _z(len(used)))[0]
    if low > 0.5:
        yield Finding(
            _say(_("{0} brings {share} of your clicks."), share=percent(used[id_] / total, 0)),
            _("{clicks} of {total}, over {n} links").format(
                clicks=number(used[id_]), total=number(total), n=number(len(used))
            ),
            (id_,),
            low - 0.2,
            topics=frozenset({f"link {id_}"}),
        )


def standing(facts: Facts) -> Iterator[Finding]:
    """A post at the top or the bottom of its kind."""
    z = _z(len(facts.placed))
    for placed in facts.placed:
        among, rate = placed.standing, placed.rate
        if among.posts < 10 or 0.1 < among.percentile < 0.9 or among.pooled is None:
            continue
        if min(rate.clicks, among.pooled.clicks) <= 0:
            continue
        low, high = ratio_interval(rate, among.pooled, z)
        if low > 1.1 or high < 0.9:
            yield Finding(
                _say(_("By CTR, {0} is {words}."), words=benchmark.words(among, placed.what)),
                _("{one}; the others {other}").format(one=phrases.rate(rate), other=phrases.rate(among.pooled)),
                (placed.post_id,),
                math.log2(low if low > 1 else 1 / high),
                topics=frozenset({"ctr", f"post {placed.post_id}"}),
            )


def record(facts: Facts) -> Iterator[Finding]:
    """The best week of many, by more than weeks differ anyway."""
    if facts.now is None or facts.period.length != 7 or facts.unfinished:
        return
    weeks = list(_weeks_before(facts.period.first, facts.history))
    clicks = facts.now.clicks
    if len(weeks) < 8 or clicks < MIN_CLICKS or clicks <= max(weeks):
        return
    logs = [math.log(week + 1) for week in weeks]
    mean = sum(logs) / len(logs)
    variance = max(sum((one - mean) ** 2 for one in logs) / (len(logs) - 1), 1 / (sum(weeks) / len(weeks) + 1))
    # Student's quantile, by its first terms (Abramowitz and Stegun 26.7.5): few weeks tell little of how they differ.
    z, free = _z(1), len(weeks) - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free * free)
    least = math.log(clicks + 1) - mean - t * math.sqrt(variance * (1 + 1 / len(weeks)))
    if least > 0:
        yield Finding(
            _("Your best week of the last {n}: {clicks}.").format(n=number(len(weeks) + 1), clicks=_clicks(clicks)),
            _("the next best had {next}, the usual one {usual}").format(
                next=number(max(weeks)), usual=number(sorted(weeks)[len(weeks) // 2])
            ),
            weight=least / math.log(2) + 0.5,
            topics=frozenset({"record"}),
        )


def _weeks_before(first: dt.date, history: Mapping[dt.date, int]) -> Iterator[int]:
    while True:
        days = [first - dt.timedelta(days=n) for n in range(1, 8)]
        if not all(day in history for day in days):
            return
        yield sum(history[day] for day in days)
        first = days[-1]


def milestone(facts: Facts) -> Iterator[Finding]:
    """A round number of clicks that was passed."""
    if facts.lifetime is None:
        return
    before, now = facts.lifetime
    if steps := passed(before, now):
        yield Finding(
            _("You passed {n} clicks in all.").format(n=number(steps[-1])),
            _("{now} now, {before} before the period").format(now=number(now), before=number(before)),
            weight=0.4,
            topics=frozenset({MILESTONE}),
        )


ALL: Sequence[Callable[[Facts], Iterable[Finding]]] = (
    best_time,
    unlike_sibling,
    driver,
    odd_day,
    share_change,
    concentration,
    standing,
    record,
    milestone,
)
