personal-site-timers = 距上次事件

problem-request-pending = 您已经申请过，尚未有人决定。
    .title = 已申请
problem-request-decided = 已有人处理了此申请。
    .title = 已处理
