"""What X exports, and what Twitter did: posts, and an account by day."""

from __future__ import annotations

import re

from bot.imports.columns import spellings
from bot.imports.formats import DayFormat, PostFormat

_IMPRESSIONS = spellings(
    "Impressions|Impressionen|Impresiones|Impressões|インプレッション数|インプレッション|노출수|노출|노출 수"
)
_LIKES = spellings(
    "Likes|Favorites|Gefällt mir|Gefällt mir-Angaben|J'aime|Me gusta|Curtidas|いいね|いいね数|마음에 들어요|좋아요|마음"
)
_ENGAGEMENTS = spellings(
    "Engagements|Interaktionen|Interacciones|Engajamentos|エンゲージメント|エンゲージメント数|참여|"
    "참여수|참여 수|인게이지먼트"
)
_REPLIES = spellings("Replies|Antworten|Réponses|Respuestas|Respostas|返信|返信数|답글|답글 수|답글수|댓글")
_REPOSTS = spellings("Reposts|Retweets|Republications|リポスト|リポスト数|재게시|재게시물|리포스트|리트윗")
_SHARES = spellings("Shares|Geteilt|Partages|Veces compartido|共有|共有された回数|공유|공유수")
_SAVES = spellings(
    "Bookmarks|Lesezeichen|Signets|Guardados|Elementos guardados|ブックマーク|ブックマーク数|북마크|북마크수"
)

_CLICKS = spellings(
    "URL Clicks|URL-Klicks|Clics sur l'URL|Clics en la URL|URLのクリック数|URL 클릭|URL 클릭수|링크 클릭"
)

_IDS = re.compile(r"\d{1,20}", re.ASCII)

POSTS = PostFormat(
    name="X, post by post",
    platform="x",
    columns={
        "id": spellings(
            "Post id|Post-ID|Beitrags-ID|ID du post|ID del post|ポストID|게시물 ID|게시물 아이디|포스트 ID"
        ),
        "published": spellings("Date|Datum|Fecha|Data|日付|날짜"),
        "title": spellings(
            "Post text|Post-Text|Beitragstext|Texte du post|Texto del post|ポスト本文|ポストのテキスト|"
            "게시물 텍스트|게시물 내용|게시물 본문|포스트 텍스트"
        ),
        "link": spellings(
            "Post Link|Link zum Post|Post-Link|Lien du post|Enlace del post|ポストのリンク|ポストリンク|"
            "게시물 링크|포스트 링크"
        ),
        "impressions": _IMPRESSIONS,
        "likes": _LIKES,
        "engagements": _ENGAGEMENTS,
        "saves": _SAVES,
        "shares": _SHARES,
        "comments": _REPLIES,
        "reposts": _REPOSTS,
        "clicks": _CLICKS,
    },
    needed=(("id",), ("link",), ("impressions",)),
    ids=_IDS,
)

TWEETS = PostFormat(
    name="Twitter, Tweet by Tweet",
    platform="x",
    columns={
        "id": spellings("Tweet id|Tweet-ID|ID du Tweet|ID del Tweet|ツイートID|트윗 ID"),
        "link": spellings(
            "Tweet permalink|Tweet-Permalink|Permalien du Tweet|Enlace permanente del Tweet|ツイートの固定リンク|"
            "트윗 고유링크"
        ),
        "title": spellings("Tweet text|Tweet-Text|Texte du Tweet|Texto del Tweet|ツイート本文|트윗 텍스트"),
        "published": spellings("time|Zeit|heure|hora|時間|시간"),
        "impressions": _IMPRESSIONS,
        "engagements": _ENGAGEMENTS,
        "reposts": _REPOSTS,
        "comments": _REPLIES,
        "likes": _LIKES,
        "clicks": _CLICKS,
    },
    needed=(("id",), ("link",), ("impressions",)),
    ids=_IDS,
)

BY_DAY = DayFormat(
    name="X, the account by day",
    platform="x",
    advice="X, Analytics, Content, Export data",
    date=spellings("Date|Datum|Fecha|Data|日付|날짜"),
    others=(
        _IMPRESSIONS,
        spellings(
            "Profile visits|Profilbesuche|Visites du profil|Visitas al perfil|プロフィールへのアクセス数|"
            "プロフィールへのアクセス|"
            "프로필 방문|프로필 방문수"
        ),
    ),
    never=(POSTS.columns["id"], POSTS.columns["link"], POSTS.columns["title"]),
)
