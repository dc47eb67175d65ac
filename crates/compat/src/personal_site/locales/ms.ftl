personal-site-timers = Sejak insiden terakhir
