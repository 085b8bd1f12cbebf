"""What LinkedIn exports: a creator's top posts in two tables side by side, and a company page's posts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.imports import cells, reading
from bot.imports.columns import Row, known, settle, spellings, unread
from bot.imports.formats import DayFormat, PostFormat
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

    def find(self, row: Sequence[str]) -> dict[str, list[int]] | None:
        names = [cells.fold(cell) for cell in row]
        starts = [at for at, name in enumerate(names) if name in known(self.columns["link"])]
        if len(starts) > 1 and self._table(names, 0, starts[0]):
            return None  # whose figures these are, left of all addresses, can't be told
        starts = starts if len(starts) > 1 else [0]
        tables = [self._table(names, start, end) for start, end in pairwise([*starts, len(names)])]
        places = {f"{column} {n}": at for n, table in enumerate(tables) for column, at in table.items()}
        return None if any(self._missing(table) for table in tables) else places

    def _table(self, names: Sequence[str], start: int, end: int) -> dict[str, list[int]]:
        found = {
            column: [at for at in range(start, end) if names[at] in known(spelled)]
            for column, spelled in self.columns.items()
        }
        return {column: places for column, places in found.items() if places}

    def parse(
        self,
        places: Mapping[str, Sequence[int]],
        header: Sequence[str],
        rows: list[Row],
        now: dt.datetime,
        zone: ZoneInfo,
    ) -> Parsed:
        """One table below the other; lines of one post are then taken together."""
        settled, twice = settle(places, header, rows)
        left = unread(header, settled.values(), rows)
        tables = sorted({column.rpartition(" ")[2] for column in settled})
        stacked: list[Row] = []
        names = list(_COLUMNS)
        for n in tables:
            taken = [settled.get(f"{column} {n}") for column in _COLUMNS]
            names = [name if at is None else header[at] for name, at in zip(names, taken, strict=True)]
            for line, row in rows:
                cells_ = ["" if at is None or at >= len(row) else row[at] for at in taken]
                if any(cell.strip() for cell in cells_):
                    stacked.append((line, cells_))
        rows.clear()
        columns = {column: at for at, column in enumerate(_COLUMNS)}
        parsed = reading.read(self, columns, names, stacked, now, zone, twice=twice, unread=left)
        read = tuple((name, metric) for name, metric in parsed.read if name not in _COLUMNS)
        # A post that stands once in each table is no repetition.
        return dataclasses.replace(parsed, read=read, repeated=0 if len(tables) > 1 else parsed.repeated)


_COLUMNS = ("link", "published", "impressions", "engagements")

TOP_POSTS = TopPosts(
    name="LinkedIn, your top posts",
    platform="linkedin",
    columns={"link": _URL, "published": _PUBLISHED, "impressions": _IMPRESSIONS, "engagements": _ENGAGEMENTS},
    needed=(("link",), ("impressions", "engagements")),
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
    needed=(("link",), ("published",), ("impressions",)),
)

BY_DAY = DayFormat(
    name="LinkedIn, the account by day",
    platform="linkedin",
    advice=_ADVICE,
    date=spellings("Date|Datum|Fecha|Data|日付|날짜"),
    others=(
        _IMPRESSIONS + spellings("Impressions (organic)|Impressions (total)"),
        _ENGAGEMENTS + spellings("Clicks (organic)|Clicks (total)"),
    ),
)
