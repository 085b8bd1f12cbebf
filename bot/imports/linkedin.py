"""What LinkedIn exports: a creator's top posts in two tables side by side, and a company page's posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.imports import cells
from bot.imports.formats import DayFormat, PostFormat, Row, spellings
from bot.imports.values import Parsed

_URL = spellings(
    "Post URL|Beitrags-URL|URL des Beitrags|URL du post|URL de la publicación|URL da publicação|投稿のURL|게시물 URL"
)
_PUBLISHED = spellings(
    "Post publish date|Veröffentlichungsdatum des Beitrags|Date de publication du post|"
    "Fecha de publicación|Data de publicação|投稿の公開日|게시물 게시일"
)
_IMPRESSIONS = spellings(
    "Impressions|Impressionen|Impresiones|Impressões|Impressioni|インプレッション|インプレッション数|노출|노출수"
)
_ENGAGEMENTS = spellings(
    "Engagements|Interaktionen|Interactions|Interacciones|Engajamentos|エンゲージメント|참여|인게이지먼트"
)

_ADVICE = "LinkedIn, Analytics, Posts, Export: the sheet “TOP POSTS”"


class TopPosts(PostFormat):
    """Two tables side by side with the same posts in different orders: joined by the posts' addresses."""

    def find(self, row: Sequence[str]) -> dict[str, int] | None:
        names = [cells.fold(cell) for cell in row]
        starts = [place for place, name in enumerate(names) if name in _URL]
        places = {f"{column} {n}": at for n, start in enumerate(starts) for column, at in self._table(names, start)}
        return places if any(name.startswith(("impressions", "engagements")) for name in places) else None

    def _table(self, names: Sequence[str], start: int) -> list[tuple[str, int]]:
        found = [("link", start)]
        for at in range(start + 1, len(names)):
            if names[at] in _URL:
                break
            found += [
                (column, at)
                for column in ("published", "impressions", "engagements")
                if names[at] in self.columns[column]
            ]
        return found if len(found) > 2 else []

    def parse(
        self, places: Mapping[str, int], header: Sequence[str], rows: Sequence[Row], now: dt.datetime, zone: ZoneInfo
    ) -> Parsed:
        """One table below the other; lines of one post are then taken together."""
        stacked: list[Row] = []
        names: list[str] = []
        for n in sorted({name.rpartition(" ")[2] for name in places}):
            at = {name.rpartition(" ")[0]: place for name, place in places.items() if name.endswith(f" {n}")}
            names = names or [header[at["link"]], header[at.get("published", at["link"])], "Impressions", "Engagements"]
            columns = [at.get(column) for column in ("link", "published", "impressions", "engagements")]
            for line, row in rows:
                cells_ = ["" if place is None or place >= len(row) else row[place] for place in columns]
                if any(cell.strip() for cell in cells_):
                    stacked.append((line, cells_))
        merged = {"link": 0, "published": 1, "impressions": 2, "engagements": 3}
        parsed = super().parse(merged, names, stacked, now, zone)
        tables = len({name.rpartition(" ")[2] for name in places})
        return parsed if tables < 2 else _joined(parsed)


def _joined(parsed: Parsed) -> Parsed:
    """A post that stands once in each table is no repetition."""
    return Parsed(parsed.name, parsed.platform, parsed.reports, parsed.troubles, parsed.totals)


TOP_POSTS = TopPosts(
    name="LinkedIn, your top posts",
    platform="linkedin",
    columns={"link": _URL, "published": _PUBLISHED, "impressions": _IMPRESSIONS, "engagements": _ENGAGEMENTS},
    needed=(),
)

PAGE = PostFormat(
    name="LinkedIn page, post by post",
    platform="linkedin",
    columns={
        "title": spellings(
            "Post title|Titel des Beitrags|Beitragstitel|Titre du post|Título de la publicación|Título da publicação"
        ),
        "link": spellings(
            "Post link|Link zum Beitrag|Beitragslink|Lien du post|Enlace de la publicación|Link da publicação"
        ),
        "published": spellings("Created date|Erstellungsdatum|Date de création|Fecha de creación|Data de criação"),
        "impressions": _IMPRESSIONS,
        "views": spellings("Views|Views (Excluding offsite video views)|Aufrufe|Vues|Visualizaciones|Visualizações"),
        "clicks": spellings("Clicks|Klicks|Clics|Cliques"),
        "ctr fraction": spellings(
            "Click through rate (CTR)|Click-through rate (CTR)|Klickrate (CTR)|Taux de clics (CTR)|"
            "Tasa de clics (CTR)|Taxa de cliques (CTR)"
        ),
        "likes": spellings("Likes|Reactions|Gefällt mir|Reaktionen|J'aime|Recomendaciones|Gostei"),
        "comments": spellings("Comments|Kommentare|Commentaires|Comentarios|Comentários"),
        "reposts": spellings("Reposts|Geteilte Beiträge|Republications|Veces compartido|Compartilhamentos"),
    },
    needed=(frozenset({"link"}), frozenset({"published"}), frozenset({"impressions"})),
)

BY_DAY = DayFormat(
    name="LinkedIn, the account by day",
    platform="linkedin",
    advice=_ADVICE,
    date=spellings("Date|Datum|Fecha|Data|日付|날짜"),
    others=(
        _IMPRESSIONS | spellings("Impressions (organic)|Impressions (total)"),
        _ENGAGEMENTS | spellings("Clicks (organic)|Clicks (total)"),
    ),
)
