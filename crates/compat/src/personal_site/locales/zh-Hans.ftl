personal-site-timers = 距上次事件
