personal-site-timers = Dall'ultimo incidente
