"""What Meta Business Suite exports of Instagram and Facebook: posts, and single metrics by day."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from bot.imports.columns import spellings
from bot.imports.formats import DayFormat, PostFormat

_ID = spellings(
    "Post ID|Publicerings-id|Identificação do post|投稿ID|Beitrags-ID|Beitrag-ID|Identifiant de la publication|"
    "Identifiant de publication|ID de publication|Identificador de la publicación|ID de la publicación|ID do post|"
    "ID publicação|ID del post|게시물 ID|Inläggs-ID"
)
_DESCRIPTION = spellings(
    "Description|Beschreibung|Descripción|Descrição|Descrizione|説明|설명|Beskrivning|Omschrijving"
)
_PUBLISHED = spellings(
    "Publish time|Published|公開時間|Veröffentlichungszeitpunkt|Veröffentlichungszeit|"
    "Zeitpunkt der Veröffentlichung|Veröffentlicht|Heure de publication|Hora de publicación|"
    "Fecha de publicación|Horário de publicação|Ora di pubblicazione|公開日時|投稿日時|게시 시간|"
    "Publiceringstid"
)
_LINK = spellings(
    "Permalink|Permalänk|リンク|Dauerhafter Link|Beitragslink|Lien permanent|Permalien|Enlace permanente|"
    "Link permanente|パーマリンク|고유 링크|Permanent länk"
)
_TYPE = spellings(
    "Post type|Beitragstyp|Beitragsart|Type de publication|Tipo de publicación|Tipo de post|Tipo di post|"
    "投稿タイプ|게시물 유형|Inläggstyp"
)
_DATE = spellings("Date|Datum|Fecha|Data|日時|日付|날짜|Dato|Päivämäärä|Tarih|Дата")
_IMPRESSIONS = spellings(
    "Impressions|Impressionen|Impresiones|Impressões|Impression|Visningar (impressions)|インプレッション|"
    "インプレッション数|노출|노출수"
)
_VIEWS = spellings(
    "Views|Aufrufe|Vues|Visualizaciones|Reproducciones|Visualizações|Visualizzazioni|閲覧数|ビュー|"
    "ビュー数|조회|조회수|Visningar|Weergaven"
)
_REACH = spellings("Reach|Reichweite|Couverture|Portée|Alcance|Copertura|リーチ|リーチ数|도달|도달수|Räckvidd|Bereik")
_LIKES = spellings(
    "Likes|Gefällt mir-Angaben|Gefällt mir|„Gefällt mir“-Angaben|Mentions J’aime|J'aime|Me gusta|"
    "Curtidas|Mi piace|いいね！の数|いいね!|「いいね!」|いいね数|좋아요|Gilla-markeringar|Vind-ik-leuks"
)
_SHARES = spellings(
    "Shares|Geteilte Inhalte|Geteilt|Mal geteilt|Teilungen|Partages|Veces que se compartió|Veces compartido|"
    "Compartidos|Compartilhamentos|Condivisioni|シェア|シェア数|공유|Delningar|Keer gedeeld"
)
_COMMENTS = spellings(
    "Comments|Kommentare|Commentaires|Comentarios|Comentários|Commenti|コメント|コメント数|댓글|Kommentarer|Opmerkingen"
)
_SAVES = spellings(
    "Saves|Gespeichert|Gespeicherte Inhalte|Speicherungen|Mal gespeichert|Enregistrements|Veces guardado|"
    "Guardados|Veces que se guardó|Salvamentos|Salvataggi|保存数|保存|저장|Sparade objekt|Sparade|Bewaard"
)
_REACTIONS = spellings(
    "Reactions|Reaktionen|Réactions|Reacciones|Reações|Reazioni|リアクション|リアクション数|공감|Reaktioner"
)

_IDS = re.compile(r"\d{4,25}(?:_\d{1,25})?", re.ASCII)

_ZONE = ZoneInfo("America/Los_Angeles")
"""Of all its times: files of accounts in Bangladesh, Ohio and elsewhere have the minute in the post's shortcode so."""

ADVICE = "Meta Business Suite, Insights, Content, Export data, with the breakdown Lifetime"


def _kind(text: str) -> str:
    if "reel" in text or "リール" in text or "릴스" in text:
        return "reel"
    if any(word in text for word in ("story", "stories", "storie", "historia", "ストーリー", "스토리", "händelse")):
        return "story"
    if "live" in text:
        return "live"
    return "video" if "video" in text or "vidéo" in text or "動画" in text or "동영상" in text else "post"


INSTAGRAM = PostFormat(
    name="Instagram, post by post",
    platform="instagram",
    columns={
        "id": _ID,
        "account": spellings(
            "Account username|Nutzername des Kontos|Benutzername des Kontos|Konto-Nutzername|"
            "Nom d’utilisateur du compte|Nombre de usuario de la cuenta|Nome de usuário da conta|"
            "Nome utente dell'account|アカウントのユーザーネーム|アカウントユーザーネーム|계정 사용자 이름|"
            "Kontots användarnamn"
        ),
        "description": _DESCRIPTION,
        "published": _PUBLISHED,
        "link": _LINK,
        "type": _TYPE,
        "date": _DATE,
        "impressions": _IMPRESSIONS,
        "views": _VIEWS,
        "reach": _REACH,
        "likes": _LIKES,
        "shares": _SHARES,
        "comments": _COMMENTS,
        "saves": _SAVES,
    },
    needed=(
        ("id",),
        ("account",),
        ("link",),
        ("views", "impressions", "reach"),
    ),
    ids=_IDS,
    days=True,
    kind=_kind,
    zone=_ZONE,
)

FACEBOOK = PostFormat(
    name="Facebook, post by post",
    platform="facebook",
    columns={
        "id": _ID,
        "page": spellings(
            "Page ID|Sid-id|Identificação da Página|Seiten-ID|Identifiant de la Page|"
            "ID de la página|ID da Página|ID della Pagina|ページID|페이지 ID|Pagina-ID"
        ),
        "title": spellings("Title|Titel|Titre|Título|Titolo|タイトル|제목"),
        "description": _DESCRIPTION,
        "published": _PUBLISHED,
        "link": _LINK,
        "type": _TYPE,
        "date": _DATE,
        "impressions": _IMPRESSIONS,
        "views": _VIEWS,
        "reach": _REACH,
        "likes": _REACTIONS,
        "shares": _SHARES,
        "comments": _COMMENTS,
    },
    needed=(("id",), ("page",), ("link",), ("views", "impressions", "reach")),
    ids=_IDS,
    days=True,
    kind=_kind,
    zone=_ZONE,
)

METRIC_BY_DAY = DayFormat(
    name="Instagram or Facebook, one metric by day",
    platform="instagram",
    advice=ADVICE,
    date=_DATE,
    others=(spellings("Primary|Primär|Principal|Principale|Primaire|プライマリ|主要|기본|기준"),),
    most=3,
)
