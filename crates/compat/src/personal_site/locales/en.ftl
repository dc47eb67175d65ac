personal-site-timers = Since the last incident

problem-request-pending = You have asked for this already, and nobody has decided yet.
    .title = Asked for already
problem-request-decided = Somebody else decided on this request.
    .title = Already decided
