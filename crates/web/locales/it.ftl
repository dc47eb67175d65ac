# The frame around every page.
shell-skip = Vai al contenuto
shell-language = Lingua
shell-navigation = Sezioni
shell-tabs = Sezioni principali
shell-more = Altro
shell-account = Account
shell-pages = Pagine di questa sezione
shell-sign-in = Accedi
shell-sign-out = Esci
shell-home = Alla pagina iniziale
shell-own-home = Vai alla Sua pagina
shell-menu = Menu
shell-see-site = Vedi il sito
shell-notices = Avvisi
shell-copy = Copia
shell-copied = Copiato
shell-print = Stampa
shell-first = Pagina iniziale
shell-more-here = Altro qui
shell-kept = Ecco che cosa ha scritto. Non è stato salvato nulla:
shell-send-again = Invia di nuovo
shell-typed = Ecco che cosa ha scritto:
shell-again-by-hand = Password, codici e file non vengono conservati. Torni indietro e compili di nuovo il modulo.
shell-request = Richiesta { $id }

# Forms.
form-zone = Secondo l’ora di { $zone }.
form-problem = C’è un problema
form-clash = Nel frattempo qualcuno ha modificato questa pagina. Le Sue modifiche non sono ancora salvate: sotto ogni campo c’è ciò che è stato salvato nel frattempo. Prema di nuovo «{ $button }» per conservare le Sue.
form-clash-first = Vada alla prima differenza
form-count-anew = Conta di nuovo
form-clash-stored = Salvato nel frattempo: { $value }
value-nothing = niente
value-yes = Sì
value-no = No

# Numbers, dates and hours.
number-thousands = .
number-decimal = ,
weekday-1 = lunedì
    .short = lun
weekday-2 = martedì
    .short = mar
weekday-3 = mercoledì
    .short = mer
weekday-4 = giovedì
    .short = gio
weekday-5 = venerdì
    .short = ven
weekday-6 = sabato
    .short = sab
weekday-7 = domenica
    .short = dom
month-1 = gennaio
    .short = gen
month-2 = febbraio
    .short = feb
month-3 = marzo
    .short = mar
month-4 = aprile
    .short = apr
month-5 = maggio
    .short = mag
month-6 = giugno
    .short = giu
month-7 = luglio
    .short = lug
month-8 = agosto
    .short = ago
month-9 = settembre
    .short = set
month-10 = ottobre
    .short = ott
month-11 = novembre
    .short = nov
month-12 = dicembre
    .short = dic
date-full = { $weekday } { $day } { $month } { $year }
date-short = { $weekday-short } { $day } { $month-short } { $year }
date-brief = { $weekday-short } { $day } { $month-short }
date-plain = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-weekday-day = { $weekday } { $day } { $month }
date-weekday = { $weekday }
date-weekday-short = { $weekday-short }
date-month = { $month } { $year }
date-month-short = { $month-short }
duration-minutes = { $count ->
    [one] 1 minuto
   *[other] { $count } minuti
}
duration-hours = { $count ->
    [one] 1 ora
   *[other] { $count } ore
}
duration-days = { $count ->
    [one] 1 giorno
   *[other] { $count } giorni
}
date-moment = { $date }, { $time }
# A line above all times of a page.
date-today = oggi, { $when }
date-tomorrow = domani, { $when }
time-in-zone = { $time }, { $zone }
time-at-place = { $time } ({ $place })
zone-line = Tutti gli orari sono di { $zone }.
time-period = { "" }
time-clock = { $hour24 }:{ $minute }
time-plain = { $hour24 }:{ $minute }
time-noon = 12:00
time-midnight = 00:00
time-range = { $from }–{ $to }
time-range-wide = { $from }–{ $to }

# The page that explains every code.
problems-title = Che cosa può andare storto
problems-introduction = Ogni richiesta respinta riporta uno di questi codici. I codici non cambiano; le frasi possono cambiare.
problems-fields = Codici dei singoli campi

# What is wrong with a request as such.
problem-body-invalid = Non è stato possibile leggere la richiesta. Torni indietro e riprovi.
    .title = Richiesta illeggibile
problem-request-invalid = Non è stato possibile leggere l’indirizzo o la richiesta.
    .title = Richiesta illeggibile
problem-not-found = Qui non c’è nulla, oppure non Le è consentito vederlo.
    .title = Questa pagina non c’è.
problem-method-not-allowed = Questo indirizzo non accetta richieste di questo tipo.
    .title = Non in questo modo
problem-body-too-large = È più di quanto possiamo ricevere in una volta. Invii di meno.
    .title = Troppo in una volta
problem-unsupported-media-type = Questo indirizzo accetta un altro tipo di contenuto.
    .title = Altro tipo di contenuto
problem-validation-failed = Non tutto può essere salvato così. Il motivo è indicato accanto a ogni campo.
    .title = C’è un problema
problem-csrf-failed = Questa pagina è rimasta aperta troppo a lungo. Torni indietro, la ricarichi e riprovi.
    .title = Ricarichi la pagina

# Versions and repeats.
problem-version-required = Indichi quale versione sta modificando, con If-Match o “version”.
    .title = Manca la versione
problem-version-conflict = Nel frattempo qualcuno ha modificato questa pagina. Scelga che cosa conservare.
    .title = Modificato nel frattempo
problem-idempotency-key-reused = Questa chiave di idempotenza è già servita per un’altra richiesta.
    .title = Chiave già usata
problem-idempotency-in-progress = La stessa richiesta è ancora in corso. Riprovi tra un momento.
    .title = Ancora in corso

# Limits, and our own trouble.
problem-rate-limited = Troppe richieste. { $minutes ->
    [none] Riprovi tra un po’.
    [one] Riprovi tra un minuto.
   *[other] Riprovi tra { $minutes } minuti.
}
    .title = Un po’ di pazienza
problem-too-many-attempts = Troppi tentativi. { $minutes ->
    [none] Riprovi più tardi.
    [one] Riprovi tra un minuto.
   *[other] Riprovi tra { $minutes } minuti.
}
    .title = Troppi tentativi
problem-store-busy = Non è stato salvato nulla. Riprovi tra un momento.
    .title = Non è stato salvato nulla
problem-saving-paused = Non è stato salvato nulla. Questo sito non riesce a raggiungere il luogo in cui tiene la sua seconda copia, e finché non ci riesce non salva nulla. Riprovi tra qualche minuto.
    .title = Non è stato salvato nulla
problem-outcome-unknown = Non sappiamo se i dati siano stati salvati. Controlli prima di inviarli di nuovo.
    .title = Non sappiamo se è stato salvato
problem-busy = In questo momento il sito è molto occupato. Riprovi tra poco.
    .title = Un momento
problem-internal = È stato un nostro errore. Nulla di quanto ha fatto è andato perso; riprovi.
    .title = Qualcosa non ha funzionato

# Single fields.
field-required = Compili questo campo.
field-too-short = { $min ->
    [none] Il testo è troppo breve.
    [one] Almeno un carattere.
   *[other] Almeno { $min } caratteri.
}
field-too-long = { $max ->
    [none] Il testo è troppo lungo.
    [one] Al massimo un carattere.
   *[other] Al massimo { $max } caratteri.
}
field-too-few = { $min ->
    [none] Indicatene almeno 2.
   *[other] Indicatene almeno { $min }.
}
field-too-many = { $max ->
    [none] Sono troppi.
   *[other] Al massimo { $max }.
}
field-out-of-range = { $min ->
    [none] Il valore è troppo piccolo o troppo grande.
   *[other] Tra { $min } e { $max }.
}
field-too-low = { $min ->
    [none] Il valore è troppo piccolo.
   *[other] Almeno { $min }.
}
field-too-high = { $max ->
    [none] Il valore è troppo grande.
   *[other] Al massimo { $max }.
}
field-unknown-option = Scelga una delle opzioni proposte.
field-unknown-field = Questo campo non esiste.
field-wrong-type = Qui serve un altro tipo di valore.
field-not-allowed = Qui questa scelta non è possibile.
field-not-unique = Compare due volte.
field-invalid = Il valore non è valido.
field-amount-invalid = { $example ->
    [none] Scriva un importo come 180.00.
   *[other] Scriva un importo come { $example }.
}
field-percentage-invalid = Scriva una percentuale come 19 o 19,5.
field-duration-invalid = Scriva un numero intero.
field-currency-changed = { $currency ->
    [none] Nel frattempo la valuta è cambiata. Riapra la pagina e scriva di nuovo l’importo.
   *[other] La valuta ora è { $currency }. Riapra la pagina e scriva di nuovo l’importo.
}
field-email-invalid = Non sembra un indirizzo e-mail.
field-url-invalid = Non sembra un indirizzo che inizia con https://.
field-date-invalid = Questa data con quest’ora non esiste.
field-time-invalid = Scrivete ogni ora come ore e minuti, da 00:00 a 23:59: 18:30.
field-time-zone-unknown = Non conosciamo questo fuso orario.
field-time-zone-several = Più fusi orari si chiamano così. Scriva uno di questi: { $names }.
field-language-unknown = Non è il codice di una lingua.
field-ends-before-start = La fine precede l’inizio.
field-password-short = { $min ->
    [none] La password è troppo breve.
   *[other] Almeno { $min } caratteri.
}
field-password-long = { $max ->
    [none] La password è troppo lunga.
   *[other] Al massimo { $max } caratteri.
}
field-password-common = È una delle prime password che chiunque proverebbe.
field-display-name-address = Un nome non è un indirizzo web. Tolga l’indirizzo, o scriva uno spazio dopo ogni punto.
field-display-name-length = { $min ->
    [none] Il nome è troppo breve o troppo lungo.
   *[other] Tra { $min } e { $max } caratteri.
}
field-image-invalid = Non è un’immagine JPEG, PNG o WebP, oppure è troppo grande.
field-image-heic = HEIC da un iPhone: lo invii direttamente dal telefono, o lo salvi come JPEG.
field-not-an-image = Non è un’immagine.
field-picture-undescribed = Un’immagine non ha descrizione. Dite fra [ e ] in poche parole che cosa mostra.
field-slug-invalid = Solo lettere minuscole, cifre e trattini.
field-slug-reserved = Questa parola è riservata ad altro.
field-confirmation-wrong = Non corrisponde a ciò che andava scritto.

share-title = Condividi
share-link = Link
share-copy = Copia
share-copy-link = Copia il link
share-copied = Copiato
share-share = Condividi
share-email = Email
share-more = Codice QR, distintivo e riquadro
share-qr = Codice QR
share-badge = Distintivo per la tua pagina
share-embed = Riquadro per la tua pagina

address-private = L’indirizzo di questo sito è { $address }. Fuori da questo computer o dalla sua rete nessuno può aprire i link e i codici QR che lo contengono. Chi gestisce il sito imposta l’indirizzo pubblico come site.url.
address-private-short = I link funzionano solo su questo computer o nella sua rete.
mail-stays = Questo sito non ha un server di posta. Ciò che invia resta nella sua casella e non arriva a nessuno. Chi gestisce questo sito può configurarne uno.
mail-stays-short = Email disattivata: il sito non ha un server di posta.
cache-note = Le cache davanti al sito possono mostrarlo ancora per 90 secondi.

# Lists that show only their beginning.
list-newest = Sono mostrati solo i più recenti.
list-others-follow = Gli altri seguono dopo la risposta a questi.
