personal-site-timers = Dall'ultimo incidente

problem-request-pending = Lo hai già chiesto, e nessuno ha ancora deciso.
    .title = Già chiesto
problem-request-decided = Qualcun altro ha già deciso su questa richiesta.
    .title = Già deciso
