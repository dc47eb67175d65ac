### What guests read, in Italian. Impersonal where it can be, else Lei: one text
### serves a person and a family. Dates come without an article, so no sentence
### needs one before them ("l’8", "il 14").

## Everywhere

guest-questions = Domande? { $contact }
guest-forget = L’invito per { $household } non è Suo? Lo tolga da questo dispositivo
guest-child = bambino
guest-child-age = { $age ->
    [0] bambino, meno di 1 anno
    [one] bambino, 1 anno
   *[other] bambino, { $age } anni
}
guest-of = Ospite di { $name }
guest-above-allowance = Oltre il numero concordato
guest-your-time = { $time } nel Suo fuso orario
guest-back = Torna all’invito

# Between things of a list, and between two sentences.
list-comma = { ", " }
sentence-space = { " " }

## Answers, as stored

reply-yes = Ci sarà
reply-no = Non ci sarà
reply-undecided = In forse
reply-pending = Ancora senza risposta
reply-waitlisted = Lista d’attesa
reply-waitlisted-explained = Scriveremo appena si libera un posto.
reply-waitlisted-look = Quando si libera un posto, lo vedrà in questa pagina.
reply-waits = Siete in lista d’attesa: { $events }.

count-yes = { $n ->
    [one] 1 ci sarà
   *[other] { $n } ci saranno
}
count-no = { $n ->
    [one] 1 non ci sarà
   *[other] { $n } non ci saranno
}
count-partly = { $n ->
    [one] 1 ha risposto in parte
   *[other] { $n } hanno risposto in parte
}
count-undecided = { $n } in forse
count-waitlisted = { $n } in lista d’attesa
count-pending = { $n } senza risposta

## Closing of answers

closing-day = Ultimo giorno per rispondere: { $date }. Fino ad allora le risposte si possono cambiare.
closing-moment = Si prega di rispondere entro { $moment }. Fino ad allora le risposte si possono cambiare.
closing-tonight = Oggi è l’ultimo giorno per rispondere: le risposte si chiudono a mezzanotte.
closing-today = Oggi è l’ultimo giorno per rispondere: le risposte si chiudono alle ore { $time }.
closing-days = { $n ->
    [one] Manca 1 giorno.
   *[other] Mancano { $n } giorni.
}
closing-soon = { $n ->
    [one] Il termine è domani, { $weekday }.
   *[other] Il termine è tra { $n } giorni, { $weekday }.
}
closing-change-day = Ultimo giorno per cambiare le risposte: { $date }.
closing-change-moment = Le risposte si possono cambiare fino a { $moment }.
closing-change-open = Le risposte si possono cambiare in qualsiasi momento.
closing-passed = Nel frattempo le risposte si sono chiuse. Ricarichi la pagina per vedere le Sue risposte salvate.

closed-title = Risposte chiuse, ultimo giorno: { $date }
closed-title-undated = Le risposte sono chiuse
closed-text = Queste sono le risposte che abbiamo ricevuto.
closed-text-none = Non abbiamo ricevuto nessuna risposta.
closed-ask = Per modifiche si rivolga a { $contact }.
closed-ask-none = Se desidera ancora rispondere, si rivolga a { $contact }.
locked-title = Le risposte sono già state consegnate
locked-title-none = Per il Suo invito le risposte sono chiuse
locked-text = Per cambiare la risposta si rivolga a chi invita.
locked-text-none = Se desidera ancora rispondere, si rivolga a chi invita.
locked-ask = Per cambiare la risposta si rivolga a { $contact }.

## Tones: how a household is spoken to

salutation-formal = Gentile { $household },
salutation-casual = Un caro saluto, { $household },
salutation-fun = Ciao { $household }!

saved-coming-formal = Risposta salvata, grazie. Contiamo sulla Sua presenza.
saved-coming-casual = Risposta salvata, grazie. Ti aspettiamo.
saved-coming-fun = Risposta salvata, grazie. Senza di te non sarebbe lo stesso!
saved-declined-formal = Risposta salvata, grazie di avercelo fatto sapere. Sentiremo la Sua mancanza.
saved-declined-casual = Risposta salvata, grazie di avercelo fatto sapere. Ci mancherai.
saved-declined-fun = Risposta salvata. Che peccato! Quel giorno mancherai a tutti.
saved-waiting = Risposte salvate. Il Suo nome è in lista d’attesa.
saved-partly = Risposta salvata, grazie. Qualche risposta manca ancora.

## Code entry

code-title = Apri l’invito
code-label = Codice scritto sul biglietto
code-hint = da 5 a 8 lettere o cifre
code-open = Apri
code-preview = Scrivi il codice che trovi sul biglietto per vedere l’invito e rispondere.
code-alike = O e 0 valgono lo stesso, e così I, L e 1. Maiuscole e spazi non contano.
code-hosts = Per chi invita: accedi
code-malformed = Un codice ha da 5 a 8 lettere o cifre.
code-unknown = Non conosciamo questo codice. O e 0 valgono lo stesso, e così I, L e 1.
code-elsewhere = Questa pagina è rimasta aperta troppo a lungo. Invii di nuovo il codice.
code-too-many = Troppi tentativi. Riprovi tra { $minutes ->
    [one] 1 minuto
   *[other] { $minutes } minuti
}. Un link ricevuto dai padroni di casa e un invito già aperto in questo browser si aprono ancora.
code-too-many-hours = Troppi tentativi. Riprovi tra { $hours ->
    [one] un’ora
   *[other] { $hours } ore
}. Un link ricevuto dai padroni di casa e un invito già aperto in questo browser si aprono ancora.
code-name-label = Un nome scritto sull’invito
code-name-hint = Basta un nome o un cognome.
code-name-required = Di recente sono stati provati molti codici sbagliati. Per aprire l’invito scriva anche un nome che vi compare.
code-unknown-name = Non conosciamo questo codice insieme a questo nome. O e 0 valgono lo stesso, e così I, L e 1.
code-known = Già aperto su questo dispositivo
code-continue = Continua
code-continue-as = Continua come { $household }

## Portal

portal-title-open = Rispondi all’invito
portal-title-partly = Risposto in parte
portal-title-answered = Le risposte
portal-title-closed = Risposte chiuse
portal-answer = Rispondi all’invito
portal-answer-rest = Completa le risposte
portal-change = Cambia le risposte
portal-answered = Abbiamo ricevuto le risposte: { $counts }.
portal-partly = Finora: { $counts }.
portal-the-day = La giornata
portal-the-days = Le giornate
portal-today = Oggi
portal-days-left = { $n ->
    [one] Manca 1 giorno
   *[other] Mancano { $n } giorni
}
portal-map = Mappa
portal-google-maps = Google Maps
portal-waze = Waze
portal-google-calendar = Google Calendar
preview-household = Famiglia Rossi
portal-outlook = Outlook
portal-calendar = Aggiungi al calendario
portal-schedule = Programma
portal-dress = Abbigliamento: { $dress }
portal-yours = Le risposte
people-diets = Esigenze alimentari: { $diets }
portal-more = Altro
portal-code = Codice dell’invito: { $code }

tile-dietary = Esigenze alimentari
tile-note = Un messaggio per chi invita
tile-none = Ancora niente
tile-diets = { $n ->
    [one] Per 1 persona
   *[other] Per { $n } persone
}
tile-note-written = Scritto

## The household form

answer-title = Chi ci sarà?
answer-intro = Una risposta per ogni persona. Se ne può lasciare qualcuna in sospeso e tornare più tardi.
answer-jump = Vai a
answer-everyone = Ci saremo tutti
answer-everyone-done = Ora per tutti è segnato che ci saranno. Non è ancora stato salvato nulla.
answer-nobody = Nessuno di noi potrà venire
answer-nobody-done = Ora per tutti è segnato che non ci saranno. Non è ancora stato salvato nulla.
answer-undo = Annulla

choice-yes = Sì
choice-no = No
choice-undecided = Forse
choice-yes-to = { $person } ci sarà, { $event }
choice-no-to = { $person } non ci sarà, { $event }
choice-undecided-to = { $person } è in forse, { $event }
choice-left = { $n ->
    [one] 1 posto libero
   *[other] { $n } posti liberi
}
choice-full = Al completo
choice-full-waiting = Al completo: lista d’attesa
choice-left-list = Se ne servono di più, si va in lista d’attesa.

answer-name = Nome
answer-add-name = Aggiungi il nome
answer-correct-name = Correggi il nome
answer-child = È un bambino
answer-age = Età
answer-age-unknown = Non indicata
answer-age-baby = Meno di 1 anno
answer-remove = Togli { $name }
answer-remove-unnamed = Togli questa persona
answer-removed = Sarà tolta al salvataggio. Annulla
answer-taken-back = Tolta. Annulla

answer-bring = Portare un ospite
answer-bring-family = Portare familiari o ospiti
answer-places-people = Può portare { $allowed ->
    [one] 1 persona
   *[other] { $allowed } persone
}; { $left ->
    [0] non ci sono più posti
    [one] resta 1 posto
   *[other] restano { $left } posti
}.
answer-places-children = Può portare { $allowed ->
    [one] 1 bambino
   *[other] { $allowed } bambini
}; { $left ->
    [0] non ci sono più posti
    [one] resta 1 posto
   *[other] restano { $left } posti
}.
answer-places-both = Posti rimasti: { $children ->
    [one] 1 per un bambino
   *[other] { $children } per bambini
} e { $guests ->
    [one] 1 per un ospite
   *[other] { $guests } per ospiti
}.
answer-new-person = Persona { $n }
answer-comes = Questa persona ci sarà
answer-all-events = A ciò a cui venite voi, o solo a una parte
answer-add = Aggiungi una persona
answer-add-child = Aggiungi un bambino
answer-only-children = Restano solo posti per bambini.

answer-diets = Esigenze alimentari
answer-diets-count = Esigenze alimentari ({ $n })
answer-diets-for = Esigenze alimentari di { $name }
answer-diets-purpose = Esigenze alimentari: solo per la cucina, cancellate 30 giorni dopo l’evento.
answer-noted =
    Finché non si salva, chi invita può vedere in quali giorni questo modulo è stato aperto e che
    cosa mancava se non è stato possibile salvarlo. Non vede nulla di ciò che è stato scritto.
answer-noted-days = { $n ->
    [one] Finora aperto una volta: { $last }.
   *[other] Finora aperto { $n } volte; prima volta: { $first }, ultima volta: { $last }.
}
answer-noted-refused = Non è stato possibile salvare ({ $day }).
answer-noted-missing = Non è stato possibile salvare ({ $day }): mancava “{ $field }”.
answer-diets-note = Altro che la cucina dovrebbe sapere
answer-diets-nobody = Non viene nessuno, quindi non c’è nulla da indicare per la cucina.

answer-note = Messaggio per { $hosts }
answer-note-hint = Lo legge solo chi invita.
answer-note-left = Caratteri rimasti: { $n } su 4.000

answer-count = Con risposta: { $n } su { $total }
answer-save = Salva
answer-saving = Salvataggio in corso…
answer-unsaved = Non ancora salvato
answer-saved-at = Salvato alle ore { $time }
answer-failed = Non è stato salvato nulla. Le risposte sono ancora qui; riprovi.
answer-elsewhere = Questa pagina è rimasta aperta troppo a lungo e non è stato salvato nulla. Le risposte sono ancora qui; le salvi di nuovo.
answer-draft = Abbiamo conservato ciò che non era stato salvato.
answer-discard = Eliminalo
answer-error-title = Errore: { $title }

complaint-name-required = Indichi il nome dell’ospite, oppure tolga questa persona.
complaint-name-long = Il nome è troppo lungo: al massimo { $n } lettere.
complaint-age = Scelga un’età da 0 a 17 anni.
complaint-choice = Scelga una delle risposte.
complaint-not-invited = Questa persona non è invitata: { $event }.
complaint-plus-ones = Può portare { $allowed ->
    [one] 1 persona
   *[other] { $allowed } persone
}; { $left ->
    [0] non ci sono più posti
    [one] resta 1 posto
   *[other] restano { $left } posti
}.
complaint-only-children = Restano solo posti per bambini. Se è un bambino, selezioni “È un bambino”.
complaint-children = Può portare { $allowed ->
    [one] 1 bambino
   *[other] { $allowed } bambini
}; { $left ->
    [0] non ci sono più posti
    [one] resta 1 posto
   *[other] restano { $left } posti
}.
complaint-guests = Un invito comprende al massimo { $n } persone.
complaint-full = { $event }, posti insufficienti: { $left ->
    [0] non ce ne sono più
    [one] ne resta 1
   *[other] ne restano { $left }
}.
complaint-diet-note = Ha scelto “Altro”: scriva alla cucina di che cosa si tratta.
complaint-diet-unknown = Scelga dall’elenco.
complaint-too-long = Il testo è troppo lungo: al massimo { $n } lettere.
complaint-named-guest = Solo chi invita può togliere questa persona.

## Food needs that every occasion starts with

diet-vegetarian = Vegetariano
diet-vegan = Vegano
diet-gluten-free = Senza glutine
diet-dairy-free = Senza latte
diet-nut-allergy = Allergia alla frutta a guscio
diet-shellfish-allergy = Allergia a crostacei e molluschi
diet-halal = Halal
diet-kosher = Kosher
diet-no-beef = Senza carne bovina
diet-no-pork = Senza carne di maiale
diet-other = Altro

## Le domande degli ospiti

question-household-ask = Qualche domanda per tutti voi
question-household = La vostra famiglia
question-required = Necessaria per chi viene.
question-coming = Solo se venite.
question-open = Nessuna risposta
question-yes = Sì
question-no = No
complaint-question-required = Per favore rispondete: { $question }
complaint-question-number = Per favore scrivete un numero intero: { $question }
complaint-question-date = Per favore scrivete una data come 2027-01-16: { $question }
complaint-question-choice = Per favore scegliete dall’elenco: { $question }
complaint-question-long = Troppo lungo, al massimo { $n } lettere: { $question }
complaint-question-gone = Una delle domande non viene più posta. Per favore rileggete il modulo e salvate di nuovo.

## Confirmation

saved-title = Risposta salvata
saved-counts = { $counts }.
saved-calendar = Aggiungi al calendario
saved-mail = Ne inviamo una copia a { $address }.
saved-no-mail = Non inviamo una copia per email, perché questo sito non permette ancora ai padroni di casa di inviare email liberamente. Le risposte sono salvate e si vedono qui.
saved-no-server = Non inviamo una copia per email, perché questo sito non invia email. Le risposte sono salvate e si vedono qui.

## Food needs and note by themselves

dietary-title = Esigenze alimentari
dietary-intro = Per chi ci sarà o è ancora in forse.
note-title = Il messaggio

## Changed meanwhile

conflict-title = Nel frattempo qualcuno ha modificato questa pagina
conflict-text = Scelga che cosa conservare.
conflict-saved = Salvato nel frattempo: { $value }
conflict-yours = Scritto qui: { $value }
conflict-nothing = niente
conflict-name = Nome di { $name }
conflict-merged = Tutto il resto è già stato unito.

## Too late

late-title = Scritto qui, ma non salvato
late-text = Le risposte si sono chiuse prima del salvataggio. Il testo si può copiare e mandare a chi invita.

## Public page of an occasion

card-title = Invito
card-enter = Ha ricevuto un invito?
card-preparing = In preparazione
card-preparing-text = Stiamo preparando questa pagina. Torni tra un po’.
card-preparing-host = Questa pagina la vede solo lei. È una bozza.

## After it, when it is archived

thanks-title = Grazie
thanks-text = Grazie di averne fatto parte.
thanks-days-since = { $n ->
    [0] È stato oggi.
    [one] È stato ieri.
   *[other] È stato { $n } giorni fa.
}

## Mail after saving

mail-confirmation-subject = Risposte all’invito: { $hosts }
mail-moved-up-subject = C’è posto per Lei: { $hosts }
mail-moved-up = Si sono liberati dei posti e non è più in lista d’attesa.
mail-confirmation-list = Queste sono le risposte che abbiamo ricevuto:
mail-confirmation-open = Apri l’invito
mail-confirmation-or = Oppure vada su { $address } e inserisca { $code }.
mail-confirmation-why = Riceve questo messaggio perché sono state salvate risposte per { $household }. Non è Lei? Lo faccia sapere a { $contact }.
mail-confirmation-why-plain = Riceve questo messaggio perché sono state salvate risposte per { $household }.
mail-restricted-subject = Risposte all’invito: { $title }
mail-restricted-saved = Le risposte sono state salvate:
mail-restricted-text =
    { $intro }

    { $about }

    Qui si vedono e si cambiano:
    { $link }

    Questa email arriva perché qualcuno ha risposto a un invito con questo indirizzo su { $site }. Se non è stato Lei, la ignori.

## Mail to owners, when codes are being guessed

mail-guessing-subject = Qualcuno tenta di indovinare i codici d’invito su { $site }
mail-guessing-text =
    Buongiorno { $name },

    su { $site } sono stati provati così tanti codici d’invito sbagliati che forse qualcuno cerca di indovinarli. Finché continua, a chi scrive un codice si chiede anche un nome che compare sull’invito.

    Non deve fare nulla. I link che ha inviato e i dispositivi che hanno già aperto un invito funzionano come sempre.

    I Suoi eventi: { $address }

## Answers without a code

card-events = Quando e dove
card-open = Senza codice?
card-open-button = Rispondi senza codice
card-wishes = Auguri
open-intro = Non serve un codice: rispondi per te e per chi viene con te.
open-name = Il tuo nome
open-attending = Vieni?
open-party = In quanti venite, te compreso
open-party-hint = Al massimo { $n }.
open-wish = Un augurio per { $hosts }
open-wish-public = Chi invita può mostrarlo, con il tuo nome, sulla pagina dell’evento.
open-contact = Se vuoi, di’ a chi invita come raggiungerti. Lo vedono solo loro.
open-email = E-mail
open-phone = Telefono
open-has-code = Hai un codice? Apri il tuo invito
open-unconfirmed = Chi invita deve ancora confermare i tuoi posti.
open-code = Il tuo codice per cambiare in seguito è { $code }. Conservalo.
complaint-open-name = Scrivi il tuo nome.
complaint-open-email = Questo non è un indirizzo e-mail. Ricontrollalo, o lascialo vuoto.
complaint-open-party = Scegli un numero da 1 a { $n }.
complaint-open-event = Scegli una delle risposte per { $event }.
complaint-open-full = { $event }: al momento { $left ->
    [0] non ci sono più posti
    [one] c’è solo 1 posto
   *[other] ci sono solo { $left } posti
} per chi risponde senza invito. Chiedi a chi invita.

## What can go wrong behind an invitation's code.
problem-invitation-not-found = Non conosciamo questo codice. O e 0 valgono lo stesso, e così I, L e 1.
    .title = Non conosciamo questo codice
problem-invitation-expired = Questo evento si è concluso. Grazie di averne fatto parte.
    .title = Evento concluso
problem-name-required = Di recente sono stati provati molti codici sbagliati. Invii anche un nome scritto sull’invito.
    .title = Serve un nome
problem-code-malformed = Un codice ha da 5 a 8 lettere o cifre.
    .title = Ricontrolli il codice
problem-phone-digits-lost = Questo numero ha perso delle cifre: il foglio di calcolo lo ha abbreviato. Serve il numero intero, oppure il campo può restare vuoto.
    .title = Ricontrolli il numero di telefono
problem-code-required = Usi il codice scritto sull’invito.
    .title = Manca il codice
problem-party-size = Una risposta vale al massimo per { $limit ->
    [none] quante persone dice chi invita
    [one] una persona
   *[other] { $limit } persone
}.
    .title = Troppe persone
problem-rsvp-deadline-passed = { $day ->
    [none] Le risposte sono chiuse.
   *[other] Le risposte sono chiuse (ultimo giorno: { $day }).
} { $contact ->
    [none] Per modifiche si rivolga a chi invita.
   *[other] Per modifiche si rivolga a { $contact }.
}
    .title = Le risposte sono chiuse
problem-invitation-locked = { $contact ->
    [none] Per modificare la risposta si rivolga a chi invita.
   *[other] Per modificare la risposta si rivolga a { $contact }.
}
    .title = Le risposte sono chiuse
problem-occasion-closed = { $contact ->
    [none] Questo evento è chiuso. Per domande si rivolga a chi invita.
   *[other] Questo evento è chiuso. Per domande si rivolga a { $contact }.
}
    .title = Le risposte sono chiuse
problem-feature-disabled = Qui questa parte non è in uso.
    .title = Qui non c’è nulla
problem-plus-one-limit = { $allowed ->
    [none] Non c’è posto per un altro ospite.
    [0] Non c’è posto per altri ospiti.
    [one] Può portare una persona.
   *[other] Può portare { $allowed } persone.
}
    .title = Non ci sono più posti
problem-children-limit = { $allowed ->
    [none] Non c’è posto per un altro bambino.
    [0] Non c’è posto per altri bambini.
    [one] Può portare un bambino.
   *[other] Può portare { $allowed } bambini.
}
    .title = Non ci sono più posti
problem-guest-limit = { $limit ->
    [none] Un invito non può comprendere altre persone.
   *[other] Un invito comprende al massimo { $limit } persone.
}
    .title = Troppe persone
problem-guest-not-found = Non troviamo questa persona nell’invito.
    .title = Persona non trovata
problem-named-guest = Questa persona è stata invitata per nome; solo chi invita può toglierla.
    .title = Persona invitata per nome
problem-event-not-invited = Questa persona non è invitata a questa parte.
    .title = Non invitata
problem-event-full = { $left ->
    [none] Non ci sono più posti.
    [0] Non ci sono più posti.
    [one] È rimasto un solo posto.
   *[other] Sono rimasti solo { $left } posti.
}
    .title = Al completo
problem-open-full = Al momento non si possono accettare altre risposte senza invito. Si rivolga a chi invita.
    .title = Per ora niente altre risposte
problem-dietary-note-required = Scriva che cosa significa “altro”.
    .title = Manca la nota

## What hosts hand to a messenger, to a telephone or to a mail program

send-subject = Invito di { $hosts }
send-invite-formal = { $hosts } hanno il piacere di invitarvi a festeggiare con loro.
send-invite-casual = { $hosts } sarebbero felici di avervi con loro nel loro giorno.
send-invite-fun = { $hosts } festeggiano, e senza di voi che festa è?
# What stands in the place of still_open, when nothing is answered and when something is.
send-open-all = Non abbiamo ancora ricevuto la vostra risposta e ci farebbe piacere sapere se possiamo contare su di voi.
send-open = Grazie per averci risposto. Aspettiamo ancora qualche risposta per: { $events }.
send-remind = Un caro saluto, { $hosts }
send-event = { $name }: { $words }
send-moved = Cambia il luogo: { $event }.
send-hour = { $event }: nuovo orario, { $now } (prima { $was }), { $zone }.
send-hour-new = { $event }: l’orario è { $now }, { $zone }.
send-day = { $event }: nuova data, { $now } (prima { $was }).
send-when-where = Cambiano la data o l’ora e il luogo: { $event }.
send-changed = C’è un cambio di programma: { $event }.
send-end-moved = È cambiato l’orario di fine: { $event }.
send-moved-was = Prima: { $was }
send-moved-now = Adesso: { $now }
send-moved-answer = Se avete già risposto, la risposta resta com’è. Per cambiarla, o per rispondere:
send-moved-again = Per favore diteci se allora ci sarete:
send-asked = Vi chiediamo di nuovo una risposta: { $event }.
send-cancelled = Abbiamo dovuto annullare: { $event }.
send-back = Di nuovo in programma: { $event }.
event-place-open = Luogo da definire
event-end-open = orario di fine non stabilito
event-cancelled = Non avrà luogo
portal-asked-again = C’è un cambio di programma: { $event }. Per favore rispondete di nuovo.
portal-event-changed = È cambiato da quando avete risposto.
portal-event-was = È cambiato da quando avete risposto. Prima era: { $was }
event-cancelled-on = Abbiamo dovuto annullare: { $event }, { $day }.
send-thanks = Grazie di cuore per essere stati con noi quel giorno.
send-thanks-gift = Grazie per il vostro regalo: { $gift }
send-thanks-pictures = Le foto della giornata sono qui: { $link }
send-thanks-close = Con gratitudine, { $hosts }
send-link = Il vostro invito e la vostra risposta: { $link }
send-code = Il vostro codice: { $code }

## Printed cards

print-by = Rispondete entro: { $date }.
print-scan = Inquadrate il codice per aprire l’invito e rispondere,
print-or = oppure andate su { $address } e inserite:
print-request = Saremmo lieti di avervi con noi.
print-request-memorial = Vi invitiamo a un momento di ricordo insieme a noi.

## News of the hosts
news-title = Novità
news-changed = { $day }, modificato il { $changed }
