personal-site-timers = منذ آخر حادث
