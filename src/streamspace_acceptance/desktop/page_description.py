"""The page that shows a desktop, described as data. A contract profile may replace these defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageDescription:
    """A page of a VNC client. A selector is a CSS selector; an empty one asks for a guess.

    `marks` are names in the client's own script that no bundler or minifier changes. `screen` selects the canvas that
    the client draws on; it is else found by what is drawn on it. `connect_button` selects what is clicked once before
    the client connects; it is else a button whose text begins as one of `connect_words` says, which are regular
    expressions. Where something covers the whole screen, a button whose text begins as one of `consent_words` says is
    clicked once. `password_field` selects where a VNC password is typed, `notices` where the page says that it is
    disconnected.
    """

    name: str = "noVNC"
    marks: tuple[str, ...] = ("credentialsrequired", "securityfailure", "desktopname")
    screen: str = ""
    connect_button: str = ""
    connect_words: tuple[str, ...] = (
        "connect",
        "(?:open|launch|start|view|join|enter) (?:(?:the|your|my) )?(?:desktop|session|workspace)",
        "(?:click|tap|press) (?:.+ )?to (?:connect|start|continue|open)",
        *("verbinden", "se connecter", "conectar", "connetti", "připojit", "připojení", "anslut", "bağlan"),
        *("połącz", "подключ", "підключ", "σύνδεση", "接続", "连接", "連線", "연결", "اتصل", "اتصال", "התחבר"),
        *("forbind", "koble til", "yhdistä", "kapcsolódás", "csatlakozás", "conectează", "poveži", "kết nối"),
        *("เชื่อมต่อ",),
    )
    consent_words: tuple[str, ...] = (
        "(?:i )?(?:agree|accept|understand)",
        *("accept", "continue", "proceed", "ok", "okay", "got it", "close", "dismiss", "skip", "start"),
        *("(?:alle )?akzeptieren", "ich stimme zu", "zustimmen", "einverstanden", "verstanden", "weiter"),
        *("schließen", "continuer", "(?:tout )?accepter", "j.accepte", "fermer", "d.accord", "aceptar", "acepto"),
        *("continuar", "cerrar", "de acuerdo", "accett[ao]", "continua", "chiudi", "aceit(?:ar|o)", "fechar"),
        *("akkoord", "accepteren", "doorgaan", "sluiten", "akceptuj[ęe]?", "zgadzam", "dalej", "zamknij"),
        *("souhlasím", "přijmout", "pokračovat", "принять", "принимаю", "согла", "продолжить", "закрыть", "同意"),
        *("続行", "閉じる", "了解", "接受", "继续", "繼續", "确定", "確定", "关闭", "동의", "확인", "계속"),
        *("닫기", "موافق", "أوافق", "متابعة", "إغلاق", "מסכים", "אישור", "המשך"),
    )
    password_field: str = ""
    notices: str = "#noVNC_status, [role=status], [role=alert], output"

    @classmethod
    def of(cls, table: dict[str, Any]) -> PageDescription:
        """The description in a profile: what is absent there is guessed."""
        lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
        return cls(**(table | lists))
