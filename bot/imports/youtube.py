"""What YouTube Studio exports: "Table data.csv", and the charts and totals that come with it in one zip."""

from __future__ import annotations

import re

from bot.imports.columns import spellings
from bot.imports.formats import DayFormat, PostFormat

_CONTENT = spellings(
    "Content|Video|Videos|Inhalte|Contenu|Contenido|Conteúdo|Contenuti|コンテンツ|콘텐츠|Контент|İçerik|Materiał|Innehåll|動画"
)
_DATE = spellings("Date|Datum|Fecha|Data|日付|날짜|Дата|Tarih")
_VIEWS = spellings(
    "Views|Aufrufe|Vues|Vistas|Visualizaciones|Visualizações|Visualizzazioni|視聴回数|조회수|Просмотры|"
    "Görüntüleme sayısı|Wyświetlenia|Visningar|Weergaven"
)

TABLE = PostFormat(
    name="YouTube, video by video",
    platform="youtube",
    columns={
        "id": _CONTENT,
        "title": spellings(
            "Video title|Videotitel|Titel des Videos|Titre de la vidéo|Título del vídeo|Título del video|"
            "Título do vídeo|Titolo video|Titolo del video|動画のタイトル|動画タイトル|동영상 제목|"
            "Название видео|Video başlığı|Tytuł filmu|Videons titel"
        ),
        "published": spellings(
            "Video publish time|Veröffentlichungszeitpunkt des Videos|Zeitpunkt der Videoveröffentlichung|"
            "Veröffentlichungszeit des Videos|Heure de publication de la vidéo|Date de publication de la vidéo|"
            "Hora de publicación del vídeo|Hora de publicación del video|Tiempo de publicación de video|"
            "Horário de publicação do vídeo|Data e ora di pubblicazione del video|Ora di pubblicazione del video|"
            "動画公開時刻|動画公開日時|동영상 게시 시간|동영상 게시 시각|Время публикации видео|"
            "Video yayınlanma zamanı|Godzina publikacji filmu"
        ),
        "date": _DATE,
        "views": _VIEWS,
        "impressions": spellings(
            "Thumbnail impressions|Impressions|サムネイルのインプレッション|サムネイルのインプレッション数|"
            "Thumbnail-Impressionen|Показы значков видео|Impresiones de miniaturas|Impressionen|Impresiones|Impressões|"
            "Impressioni|インプレッション数|インプレッション|노출수|Показы|Gösterim|Gösterimler|Wyświetlenia miniatury|"
            "Exponeringar|Vertoningen"
        ),
        "ctr percent": spellings(
            "Thumbnail click-through rate (%)|Impressions click-through rate (%)|サムネイルのクリック率 (%)|"
            "Thumbnail-Klickrate (%)|Tasa de clics de las miniaturas (%)|Taux de clics par impression (%)|"
            "Gösterim tıklama oranı (%)|Klickrate der Impressionen (%)|Impressionen-Klickrate (%)|"
            "Taux de clics des impressions (%)|Taux de clics par impressions (%)|"
            "Tasa de clics de las impresiones (%)|Tasa de clics de impresiones (%)|"
            "Porcentaje de clics de las impresiones (%)|Taxa de cliques de impressões (%)|"
            "Percentuale di clic delle impressioni (%)|インプレッションのクリック率 (%)|노출 클릭률 (%)|"
            "CTR для значков видео (%)"
        ),
        "likes": spellings(
            'Likes|Отметки "Нравится"|Mag ich-Bewertungen|Positive Bewertungen|J\'aime|Me gusta|Gostei|Mi piace|'
            "高評価数|高評価|"
            "좋아요 수|좋아요"
        ),
        "comments": spellings(
            "Comments added|Comments|Комментарии|Hinzugefügte Kommentare|Kommentare|Commentaires ajoutés|"
            "Comentarios agregados|Comentarios añadidos|Comentários adicionados|Commenti aggiunti|"
            "追加されたコメント数|コメント数|추가된 댓글 수|댓글 추가됨"
        ),
        "shares": spellings(
            "Shares|Elementos compartidos|Поделились|"
            "Mal geteilt|Geteilte Inhalte|Partages|Veces que se ha compartido|Veces compartido|"
            "Compartilhamentos|Condivisioni|共有数|共有回数|공유 횟수|공유"
        ),
    },
    needed=(("id",), ("title",), ("views", "impressions")),
    ids=re.compile(r"[A-Za-z0-9_-]{11}"),
    days=True,
    never=frozenset({"date"}),
    kind=lambda _type: "video",
    link=lambda id_: f"https://www.youtube.com/watch?v={id_}",
)

_ADVICE = "YouTube Studio, Analytics, Advanced mode, Content, Export: the file “Table data.csv”"

CHART = DayFormat(
    name="YouTube, videos by day",
    platform="youtube",
    advice=_ADVICE,
    date=_DATE,
    others=(_CONTENT, _VIEWS + TABLE.columns["impressions"]),
)

TOTALS = DayFormat(
    name="YouTube, the channel by day", platform="youtube", advice=_ADVICE, date=_DATE, others=(_VIEWS,), most=3
)
