# What a countdown shows.
countdown-unit = { $n ->
    [one] giorno
   *[other] giorni
}
countdown-years = { $n ->
    [one] 1 anno
   *[other] { $n } anni
}
countdown-months = { $n ->
    [one] 1 mese
   *[other] { $n } mesi
}
countdown-some-days = { $n ->
    [one] 1 giorno
   *[other] { $n } giorni
}
countdown-weeks = { $n ->
    [one] 1 settimana
   *[other] { $n } settimane
}
countdown-since = da: { $when }
countdown-until = fino a: { $when }
countdown-on = { $when }
countdown-longest = Prima, il più lungo
countdown-average = Prima, in media
countdown-resets = Azzeramenti
countdown-entries = Azzeramenti
countdown-directory = Conteggi dei giorni
countdown-now = Ora si conta
countdown-directory-empty = Qui nessuno mostra ancora un conteggio.
countdown-search = Titolo o nome
countdown-find = Cerca
countdown-page-before = Pagina precedente
countdown-page-next = Pagina successiva
