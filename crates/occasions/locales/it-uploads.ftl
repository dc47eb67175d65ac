# Foto e documenti degli invitati, e la galleria.

upload-title = Condividete le foto
upload-tile = Foto e documenti
upload-welcome = Condividete le vostre foto della giornata, o un documento. Chi vi ha invitati le guarda una per una prima che altri le vedano.
upload-caption = Che cosa si vede (facoltativo)
upload-file = Foto o file PDF
upload-hint = { $left ->
    [one] JPEG, PNG, WebP, GIF o PDF, fino a { $most } MB ciascuno. Potete mandarne ancora 1.
   *[other] JPEG, PNG, WebP, GIF o PDF, fino a { $most } MB ciascuno. Potete mandarne ancora { $left }.
}
upload-place = Togliamo il luogo e l’ora che il telefono ha scritto nella foto.
upload-send = Manda
upload-full = Avete mandato tutti i file che un invito può avere. Toglietene uno per mandarne un altro.
upload-over = Non si può più mandare nulla.
upload-own = Che cosa avete mandato
upload-pending = Non ancora guardato
upload-approved = Nella galleria
upload-rejected = Non nella galleria
upload-remove = Togli
upload-refused = { $file }: { $reason }
upload-done-added = Grazie! I vostri file sono arrivati.
upload-done-some = { $n ->
    [one] 1 file è arrivato. Gli altri non sono stati accettati.
   *[other] { $n } file sono arrivati. Gli altri non sono stati accettati.
}
upload-done-removed = Tolto.
gallery-title = Galleria
gallery-tile = Le foto della giornata
gallery-none = Qui non ci sono ancora foto.
gallery-pages = Pagine della galleria
gallery-previous = Foto precedenti
gallery-next = Altre foto
gallery-picture = Foto { $n } di { $count }
gallery-back = Indietro
gallery-on = Avanti
gallery-all = Tutte le foto
gallery-credit = Foto: { $name }

## After the day

after-on-wedding = Si sono sposati
after-on-engagement = Si sono fidanzati
after-on-celebrated = Abbiamo festeggiato
after-on-memorial = In ricordo
after-on-other = Il giorno dell’evento
after-came-title = Grazie di essere venuti
after-came = La vostra presenza ha significato moltissimo per noi.
after-came-names = La vostra presenza ha significato moltissimo per noi: { $names }.
after-names = { $names } e { $last }
after-unknown-title = Grazie
after-missed-title = Ci siete mancati
after-missed = Grazie di aver pensato a noi.
after-came-title-memorial = Grazie di esserci stati vicini
after-came-memorial = La vostra presenza ci è stata di conforto.
after-came-names-memorial = La vostra presenza ci è stata di conforto: { $names }.
after-missed-title-memorial = Grazie
after-missed-memorial = Grazie di aver pensato a noi.
after-pictures = Le foto della giornata
after-so-far = Finora { $n }
after-share = Condividi le foto
after-see-all = { $n ->
    [one] Guardala
   *[other] Guardale tutte ({ $n })
}
after-word = Due parole per { $hosts }
after-word-hint = Le leggono solo loro.
after-word-write = Scrivi un messaggio
after-word-change = Cambia il messaggio
after-answers = Le vostre risposte
after-answers-and-gift = Le vostre risposte e il vostro regalo
after-gift = Il vostro regalo

problem-upload-type = Non è un file JPEG, PNG, WebP, GIF o PDF, oppure la foto è troppo grande o rovinata.
    .title = Un altro tipo di file
problem-upload-limit = { $limit ->
    [one] Questo invito ha già il suo file. Toglietelo per mandarne un altro.
   *[other] Questo invito ha già { $limit } file. Toglietene uno per mandarne un altro.
}
    .title = Troppi file
problem-upload-quota = Non c’è più spazio per le foto di questa festa. Ditelo a chi vi ha invitati.
    .title = Spazio finito
