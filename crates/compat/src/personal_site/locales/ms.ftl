personal-site-timers = Sejak insiden terakhir

problem-request-pending = Anda sudah memohonnya, dan belum ada keputusan.
    .title = Sudah dimohon
problem-request-decided = Orang lain sudah memutuskan permohonan ini.
    .title = Sudah diputuskan
