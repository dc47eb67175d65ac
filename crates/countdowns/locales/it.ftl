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
countdown-longest = Periodo concluso più lungo
countdown-average = Media dei periodi conclusi
countdown-resets = Azzeramenti
countdown-by = Contato da
countdown-record = Il periodo più lungo finora
countdown-to-calendar = Aggiungi al calendario
countdown-phrase = Frase del giorno
countdown-year = L’ultimo anno
countdown-year-key = Dal { $from } a oggi. Un riquadro è una settimana; uno vuoto con un punto contiene un azzeramento.
countdown-year-label = { $n ->
    [0] Nessun azzeramento nelle ultime 52 settimane.
    [one] 1 delle ultime 52 settimane ha un azzeramento.
   *[other] { $n } delle ultime 52 settimane hanno un azzeramento.
}
countdown-figures = Cifre
countdown-runs = Tutti i periodi
countdown-run-now = Ora, dal { $from }
countdown-run = { $from } – { $to }
countdown-runs-earlier = { $n ->
    [one] 1 periodo precedente non è elencato.
   *[other] { $n } periodi precedenti non sono elencati.
}
countdown-directory = Conteggi dei giorni
countdown-now = Ora si conta
countdown-directory-about = I conteggi dei giorni pubblici su { $site }.
countdown-directory-empty = Qui nessuno mostra ancora un conteggio.
countdown-search = Titolo o nome
countdown-find = Cerca
countdown-page-before = Pagina precedente
countdown-page-next = Pagina successiva
