personal-site-timers = منذ آخر حادث

problem-request-pending = لقد طلبت هذا من قبل، ولم يبتّ فيه أحد بعد.
    .title = سبق طلبه
problem-request-decided = بتّ شخص آخر في هذا الطلب.
    .title = سبق البتّ فيه
