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

problem-upload-type = Non è un file JPEG, PNG, WebP, GIF o PDF, oppure la foto è troppo grande o rovinata.
    .title = Un altro tipo di file
problem-upload-limit = { $limit ->
    [one] Questo invito ha già il suo file. Toglietelo per mandarne un altro.
   *[other] Questo invito ha già { $limit } file. Toglietene uno per mandarne un altro.
}
    .title = Troppi file
problem-upload-quota = Non c’è più spazio per le foto di questa festa. Ditelo a chi vi ha invitati.
    .title = Spazio finito
