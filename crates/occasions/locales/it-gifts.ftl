# I regali nelle pagine degli invitati.

gift-title = Regali
gift-tile = La lista dei desideri
gift-welcome = Il regalo più bello è la vostra presenza. Ogni regalo è gradito, anche in denaro, e va benissimo anche nessuno.
gift-none = La lista è ancora vuota.
gift-taken = Già scelto
gift-given = Ricevuto. Grazie!
gift-own = Scelto da voi
gift-own-pieces = { $n ->
    [one] 1 scelto da voi
   *[other] { $n } scelti da voi
}
gift-left = { $n ->
    [one] Ne resta 1 su { $all }
   *[other] Ne restano { $n } su { $all }
}
gift-price-shared = { $n ->
    [one] { $price }
   *[other] { $price }, in { $n } quote da { $part }
}
gift-shop = Dove comprarlo
gift-quantity = Quanti?
gift-note = Messaggio per chi invita
gift-reserve = Lo portiamo noi
gift-change = Salva
gift-release = Rinuncia
gift-money = Denaro
gift-open-link = Apri { $host }
gift-holder = Intestatario
gift-account = Conto
gift-bank = Banca
gift-bic = BIC
gift-reference = Causale
gift-duitnow = ID DuitNow
gift-qr = Da inquadrare con l’app della banca
gift-back = Torna all’invito
gift-done-reserved = Scelto. Solo chi invita vede che è da parte vostra.
gift-done-released = Rinuncia salvata. Ora può sceglierlo qualcun altro.

problem-gift-taken = Qualcuno è stato più veloce: questo regalo è già scelto.
    .title = Regalo già scelto
problem-gift-quantity = { $left ->
    [one] Ne resta solo 1.
   *[other] Ne restano solo { $left }.
}
    .title = Non ne restano abbastanza
problem-gift-needs-attendance = Rispondete prima che qualcuno verrà, poi potrete scegliere un regalo.
    .title = Nessuno viene ancora
problem-gift-already-given = Questo regalo è già stato ricevuto, quindi qui non si può più cambiare.
    .title = Regalo già ricevuto
