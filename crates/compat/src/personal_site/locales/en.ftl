personal-site-timers = Since the last incident
