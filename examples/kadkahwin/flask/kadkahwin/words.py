"""What guests are told, in Malay and English."""

from flask import g, request

WORDS = {
    "hello": ("Selamat datang, dari Flask.", "Welcome, says Flask."),
    "thanks": (
        "Telah disimpan, terima kasih. Kami menantikan kehadiran tuan/puan sekeluarga.",
        "Saved, thank you. We look forward to seeing you.",
    ),
    "missed": (
        "Telah disimpan, terima kasih kerana memaklumkan. Ketiadaan tuan/puan akan dirasai.",
        "Saved, thank you for telling us. You will be missed.",
    ),
    "problem": ("Ada masalah", "There is a problem"),
    "back": ("Kembali ke kad", "Back to the card"),
    "validation_failed:name": (
        "Sila isi nama anda, tidak melebihi 120 aksara.",
        "Please tell us your name, in at most 120 letters.",
    ),
    "validation_failed:attending": (
        "Sila pilih sama ada anda hadir atau tidak.",
        "Please choose whether you are coming.",
    ),
    "validation_failed:guests": (
        "Bilangan yang hadir ialah antara 1 hingga 20 orang.",
        "Between 1 and 20 people can come.",
    ),
    "validation_failed:message": (
        "Ucapan terlalu panjang: paling banyak 1,000 aksara.",
        "The message is too long: 1,000 letters at most.",
    ),
    "invitation_not_found:code": (
        "Kod ini tiada. Sila semak semula, atau kosongkan.",
        "There is no such code. Please look again, or leave it out.",
    ),
    "idempotency_key_reused": (
        "Jawapan ini berbeza daripada yang dihantar tadi. Sila hantar sekali lagi.",
        "This answer differs from the one sent before. Please send it again.",
    ),
    "store_busy": (
        "Belum ada yang disimpan. Jawapan anda masih di sini; sila cuba lagi.",
        "Nothing was saved. Your answers are still here; please try again.",
    ),
    "body_too_large": ("Terlalu banyak teks.", "That is too much text."),
    "not_found": ("Halaman ini tiada.", "This page is not there."),
}
OTHER = ("Jawapan ini tidak dapat dibaca.", "This answer cannot be read.")


def language() -> str:
    """What the form says, else what the browser prefers, else Malay."""
    if g.get("lang") in ("ms", "en"):
        return g.lang
    return request.accept_languages.best_match(["ms", "en"]) or "ms"


def say(key: str) -> str:
    malay, english = WORDS.get(key, OTHER)
    return english if language() == "en" else malay
