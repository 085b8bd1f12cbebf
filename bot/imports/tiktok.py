"""What TikTok Studio exports: Content.csv with a line for each video, Overview.csv with one for each day."""

from __future__ import annotations

from bot.imports.columns import spellings
from bot.imports.formats import DayFormat, PostFormat

CONTENT = PostFormat(
    name="TikTok, video by video",
    platform="tiktok",
    columns={
        "title": spellings(
            "Video title|Videotitel|Titre de la vidéo|Título del video|Título del vídeo|Título de video|"
            "Título do vídeo|Titolo del video|Titolo video|動画タイトル|動画のタイトル|동영상 제목|Tiêu đề video|"
            "Judul video"
        ),
        "link": spellings(
            "Video link|Videolink|Video-Link|Lien de la vidéo|Enlace del video|Enlace del vídeo|Enlace de video|"
            "Vínculo del video|Link do vídeo|Link del video|Link video|動画リンク|動画のリンク|동영상 링크|"
            "Tautan video"
        ),
        "published": spellings(
            "Post time|Veröffentlichungszeit|Heure de publication|Hora de publicación|Fecha de publicación|"
            "Hora da publicação|Horário da publicação|Ora di pubblicazione|投稿時間|投稿日時|게시 시간|"
            "Waktu posting"
        ),
        "views": spellings(
            "Total views|Aufrufe insgesamt|Gesamtaufrufe|Vues totales|Total des vues|Total de visualizaciones|"
            "Visualizaciones totales|Total de vistas|Total de reproducciones|Total de visualizações|"
            "Visualizzazioni totali|合計視聴回数|総視聴数|総再生数|총 조회수|Total penayangan"
        ),
        "likes": spellings(
            "Total likes|Likes insgesamt|Total des j'aime|Total de Me gusta|Total de «Me gusta»|Me gusta totales|"
            "Total de likes|Total de curtidas|Mi piace totali|合計いいね数|いいねの合計|총 좋아요|총 좋아요 수|"
            "Total suka"
        ),
        "comments": spellings(
            "Total comments|Kommentare insgesamt|Total des commentaires|Total de comentarios|Comentarios totales|"
            "Total de comentários|Commenti totali|合計コメント数|コメントの合計|총 댓글|총 댓글 수|Total komentar"
        ),
        "shares": spellings(
            "Total shares|Geteilt insgesamt|Total des partages|Total de veces compartido|Total compartido|"
            "Total de compartidos|Compartidos totales|Veces compartido en total|Total de compartilhamentos|"
            "Condivisioni totali|合計シェア数|シェアの合計|총 공유|총 공유 수|Total dibagikan"
        ),
        "saves": spellings(
            "Add to favorites|Total favorites|Zu Favoriten hinzugefügt|Ajouts aux favoris|Añadidos a favoritos|"
            "Agregados a favoritos|Agregar a favoritos|Añadir a favoritos|Adicionar aos favoritos|"
            "お気に入りに追加|즐겨찾기에 추가"
        ),
    },
    needed=(("link",), ("views",), ("published",)),
    kind=lambda _type: "video",
)

OVERVIEW = DayFormat(
    name="TikTok, the account by day",
    platform="tiktok",
    advice="TikTok Studio, Analytics, Content, Download data: the file “Content.csv”",
    date=spellings("Date|Datum|Fecha|Data|日付|날짜|Tanggal"),
    others=(
        spellings(
            "Video Views|Videoaufrufe|Vues de la vidéo|Vues de vidéos|Visualizaciones de videos|"
            "Visualizaciones de video|Visualizaciones del video|Visualizaciones de vídeos|Visualizações do vídeo|"
            "Visualizzazioni video|動画視聴数|動画の視聴数|동영상 조회수|Tayangan video"
        ),
        spellings(
            "Profile Views|Profilaufrufe|Vues du profil|Visualizaciones de perfil|Visualizaciones del perfil|"
            "Visualizações do perfil|Visualizzazioni profilo|プロフィール表示数|プロフィールの表示数|"
            "프로필 조회수|Tayangan profil"
        ),
    ),
)
