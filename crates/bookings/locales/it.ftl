# What everybody reads.
booking-menu = Prenota
booking-title = Prenoti un orario
booking-title-with = Prenoti un orario con { $name }
booking-next = Prossimo: { $when }
booking-kind = Tipo
booking-kind-all = Tutti i tipi
choice-session-type = Tipo di sessione
choice-level = Livello
choice-entry = Argomento
choice-track = Percorso
entry-levels = Livelli
choice-all = Tutti
choice-none = Nessuna preferenza
choice-pick = Scelga
booking-note-open = Una nota (facoltativa)
booking-topics-open = Argomenti (facoltativi)
booking-topics-hint = Uno per riga, al massimo 10.
booking-topics = Argomenti
booking-shows-email = Chi offre l’orario vede il mio indirizzo e-mail dopo la prenotazione
booking-from = Dal
booking-show = Mostra
booking-more-filters = Altri filtri
booking-area = Zona
booking-max-price = Prezzo massimo ({ $currency })
booking-min-length = Almeno
booking-way = Si prenota con
booking-by-money = Denaro, o gratis
booking-more = Altri orari di questi giorni
booking-zone-device = Tutti gli orari sono di { $zone }, come indica il Suo dispositivo.
booking-zone-place = Tutti gli orari sono di { $zone }, dove si svolge.
zone-title = Il tuo fuso orario
zone-text = Scegli il luogo di cui leggi l’ora. Nessuna sessione cambia.
zone-search = Città o paese
zone-search-hint = New York, India, UTC+3
zone-find = Cerca
zone-found = Risultati
zone-nothing = Nessun luogo ha questo nome. Prova con la grande città più vicina, il paese o una differenza come UTC+3.
zone-yours = Per te
zone-of-device = Come dice il tuo dispositivo
zone-of-site = Dove si trova questo sito
zone-chosen = La tua scelta
zone-areas = Per regione
zone-change = Cambia fuso orario
zone-area-africa = Africa
zone-area-america = Americhe
zone-area-asia = Asia
zone-area-europe = Europa
zone-area-pacific = Australia e Pacifico
zone-area-oceans = Atlantico, Oceano Indiano, Antartide
booking-at-place = { $place } ({ $reader })
booking-zone-mails = Le Sue e-mail
booking-zone-take-over = Usi { $zone } anche per le Sue e-mail
booking-time-own = Nel fuso del Suo account: { $when }
booking-their-time = Per chi tiene la sessione: { $when }
booking-nothing = Al momento nulla è libero.
booking-clear = Mostri tutti gli orari
new-slots-newsletter = Nuovi orari da prenotare, per e-mail ogni mattina
booking-nothing-next = In questi giorni nulla è libero. Il prossimo è { $day }.
booking-nothing-free = nulla di libero
booking-days = Da { $from } a { $to }
booking-count-free = { $count ->
    [one] 1 libero
   *[other] { $count } liberi
}
booking-row = { $length }, con { $name }
booking-do = Prenota
booking-free = Gratis
credit-count = { $count ->
    [one] 1 credito
   *[other] { $count } crediti
} ({ $kind })
plan-lasts = { $months ->
    [one] per 1 mese
   *[other] per { $months } mesi
}
plan-lasts-days = { $days ->
    [one] per 1 giorno
   *[other] per { $days } giorni
}
booking-do-credit = Prenoti con 1 credito (ne restano { $count })
booking-no-credit = Quest’ora si prenota con un credito, e Lei non ne ha.
booking-no-membership = Quest’ora è riservata agli abbonati, e ora Lei non ha un abbonamento. Un piano lo apre.
booking-credit-frozen = I Suoi crediti ora non si possono usare, perché il loro pagamento è contestato o viene rimborsato.
plan-see = Veda i piani
plan-offered = Piani
plan-offered-text = Alcune ore si prenotano con crediti. Un piano Le dà crediti per alcuni mesi.
plan-none = Al momento non ci sono piani.
plan-sign-in = Acceda per acquistare
plan-tiers-text = Un abbonamento Le permette anche di usare ciò che è riservato agli abbonati.
plan-is-membership = Abbonamento
plan-has-review-calls = I documenti possono essere rivisti in una chiamata.
plan-left = { $count ->
    [one] Ne resta solo 1
   *[other] Ne restano { $count }
}
plan-buy = Compri a { $sum }
pay-test-mode = Nessun denaro vero: questo sito è in prova.
test-gateway-title = Sistema di pagamento di prova
test-gateway-text = Questa pagina sostituisce quella di un servizio di pagamento. Non si muove denaro. Scegli che cosa succede.
test-gateway-pay = Paga
test-gateway-pay-hint = Il pagamento riesce. Torni indietro, e anche il servizio di pagamento avvisa questo sito; vale una volta sola.
test-gateway-fail = Il pagamento non riesce
test-gateway-fail-hint = Non viene addebitato nulla. Torni indietro e puoi riprovare.
test-gateway-later = Paga, e il denaro arriva dopo
test-gateway-later-hint = Torni subito indietro. Il denaro arriva un minuto dopo, come con un bonifico.
test-gateway-twice = Paga due volte
test-gateway-twice-hint = Riescono due pagamenti. Uno paga l’ordine, l’altro viene restituito.
test-gateway-first = Paga, e questo sito lo sa per primo
test-gateway-first-hint = Il servizio di pagamento avvisa questo sito prima che tu torni. Anche se non torni, è pagato.
test-gateway-lost = Paga, e non tornare
test-gateway-lost-hint = Nessuno avvisa questo sito del pagamento. Lo chiede da sé dopo tre minuti.
test-gateway-wrong = Paga troppo poco
test-gateway-wrong-hint = Si paga meno di quanto costa l’ordine. L’ordine resta da pagare, e quella somma viene restituita.
test-gateway-stuck = Paga ciò che non si può rimborsare
test-gateway-stuck-hint = Il pagamento riesce. Se annulli, il rimborso non riesce e gli amministratori ne sono avvisati.
test-gateway-dispute = Paga, e contesta il pagamento
test-gateway-dispute-hint = Il pagamento riesce, poi la banca lo contesta. Gli amministratori ne sono avvisati, e i crediti non usati sono bloccati.
test-gateway-told = Il servizio di pagamento ha avvisato questo sito del pagamento.
test-gateway-told-text = Vale già, anche se non torni indietro.
test-gateway-return = Torna al sito
test-gateway-back = Indietro, senza pagare
booking-earlier = Prima
booking-later = Dopo
booking-for = per { $length }
booking-when = Quando
booking-with = Con
booking-where = Dove
booking-places = Posti
booking-seats = { $seats } posti, { $left ->
    [0] al completo
    [one] 1 libero
   *[other] { $left } liberi
}
booking-seats-own = Quanti posti
booking-seats-hint = Fino a { $most }. Ciascuno: { $price }
booking-seats-total = { $count } × { $each } = { $sum }
booking-names = Chi viene (facoltativo)
booking-names-hint = Un nome per riga.
booking-full = Questo corso è al completo.
waiting-title = Lista d’attesa
waiting-others = { $count ->
    [one] Un’altra persona è in attesa.
   *[other] Altre { $count } persone sono in attesa.
}
waiting-kept-for = Se si liberano posti, li teniamo per i primi in attesa, fino a { $hours } ore, e scriviamo loro. Si paga solo allora.
waiting-seats = Quanti posti Le servono?
waiting-seats-hint = La avvisiamo quando sono liberi tutti insieme. Chi ne vuole meno può essere avvisato prima.
waiting-count = { $count ->
    [one] 1 posto
   *[other] { $count } posti
}
waiting-at-once = Prenotate per me
waiting-at-once-hint = Senza chiedere, se il corso comincia dopo almeno 12 ore e ha il credito necessario. Altrimenti chiediamo.
waiting-join = Entri nella lista d’attesa
waiting-see = In Le mie prenotazioni vede il Suo posto nella lista, e può uscirne.
waiting-sign-in = Acceda per entrare nella lista d’attesa
waiting-asked = Tenuto per Lei
waiting-waiting = È in attesa
waiting-kept-until = { $count ->
    [one] Un posto è tenuto per Lei fino a { $until }.
   *[other] { $count } posti sono tenuti per Lei fino a { $until }.
}
waiting-you-wait = { $count ->
    [one] Attende 1 posto.
   *[other] Attende { $count } posti.
} { $others ->
    [0] Nessuno attende prima di Lei.
    [one] Un’altra persona è in attesa.
   *[other] Altre { $others } persone sono in attesa.
}
waiting-give-back = Rinunci ai posti
waiting-leave = Esca dalla lista d’attesa
booking-to-cancel = Per annullare
booking-cancel-until = Fino a { $when } può annullare o spostare senza perdere nulla. Dopo può solo annullare.
booking-cancel-until-paid = Fino a { $when } può annullare o spostare senza perdere nulla. Dopo non si rimborsa nulla.
booking-cancel-until-share = Fino a { $when } può annullare o spostare senza perdere nulla. Dopo si rimborsa il { $share } % del prezzo.
booking-cancel-never = Può annullare fino all’inizio, ma non si rimborsa nulla.
booking-cancel-closed-share = Può ancora annullare: si rimborsa il { $share } % del prezzo.
booking-note = Una nota per { $name } (facoltativa)
booking-answer-optional = { $question } (facoltativa)
booking-hold = Le teniamo questo orario per { $minutes } minuti mentre paga. In questa pagina non si addebita nulla.
booking-to-payment = Al pagamento, { $sum }
booking-sign-in = Acceda per prenotare
booking-register = Crei un account
booking-invited = Per prenotare serve un account, e qui gli account si ricevono su invito. Chiedetelo a chi gestisce il sito.
booking-taken = Qualcuno è stato più veloce
booking-taken-text = Questo orario non è più libero. Non è stato addebitato nulla.
booking-others = Altri orari
booking-find = Prenoti un orario
request-ask = Chieda uno fra più orari
offered-list-title = Prenoti una sessione
offered-pick = Scelga una sessione, poi un orario.
offered-cancel = Annullamento gratuito fino a { $length } prima.
offered-cancel-any = Annullamento gratuito fino all’inizio.
offered-from = da { $price }
offered-with = Con { $names }
offered-with-anyone = Chiunque
offered-places = { $count ->
    [one] 1 posto
   *[other] { $count } posti
}
offered-seats-left = { $left ->
    [0] al completo
    [one] 1 libero su { $seats }
   *[other] { $left } liberi su { $seats }
}
offered-single-times = Orari singoli, settimana per settimana
offered-plans = Più sessioni in vista?
offered-all = Tutte le sessioni
offered-other-time = Un altro orario
offered-length = Durata
offered-day = { $day }: { $count ->
    [one] 1 orario libero
   *[other] { $count } orari liberi
}
offered-class-day = { $day }: { $count ->
    [0] al completo
    [one] 1 data
   *[other] { $count } date
}
offered-month-earlier = Prima: { $month }
offered-month-later = Dopo: { $month }
offered-month-nothing = Nulla è libero in { $month }.
offered-morning = Mattina
offered-afternoon = Pomeriggio
offered-evening = Sera
offered-night = Notte
offered-night-count = { $count } tra mezzanotte e le 6
offered-clock-change = In questo giorno cambia l’ora.
request-pick = Scelga un orario da chiedere.
request-back = Torna alla richiesta
booking-move-from = Ora: { $when }.
booking-move-money = { $money ->
    [credit] Il credito resta con la prenotazione.
   *[other] Quanto ha pagato resta con la prenotazione: { $money }.
}
booking-move-closed = È troppo tardi per spostare. Era possibile fino a { $when }.
booking-moves-left = { $count ->
    [one] Può spostarla ancora una volta.
   *[other] Può spostarla altre { $count } volte.
}
feedback-mean = { $whole },{ $tenth } su 5, da { $count } valutazioni
slot-online = In video
slot-room-pool = In video, in una stanza del sito
slot-in-person = Di persona
slot-phone = Per telefono
credit-imported = Ripresi da un altro sistema

waiting-newcomer-text = Non serve un account: Le inviamo un link per e-mail, ed è nella lista quando lo segue.
waiting-newcomer-sent = Abbiamo inviato un’e-mail a questo indirizzo. Segua il link entro un giorno, e sarà nella lista d’attesa.
waiting-newcomer-unsent = Questo sito non invia e-mail: quella con il Suo link resta ai gestori del sito. Chieda loro il link entro un giorno.
waiting-newcomer-confirm = Così conferma anche il Suo indirizzo. Le scriviamo quando i posti sono liberi.
waiting-mail-newcomer = Entri nella lista d’attesa: { $title }, { $begins }
waiting-said-newcomer = Buongiorno { $name },

    vuole aspettare un posto: { $title }, { $when }.
    Entri nella lista d’attesa con questo link:

    { $address }

    Se non vuole aspettare, ignori questa e-mail. Nessuno entrerà nella lista.

    { $site }
waiting-said-newcomer-known = Buongiorno { $name },

    qualcuno vuole aspettare un posto con il Suo indirizzo: { $title }, { $when }.
    Se è stato Lei, acceda con questo link ed entri lì nella lista d’attesa:

    { $address }

    Se non è stato Lei, ignori questa e-mail. Nessuno entrerà nella lista.

    { $site }
booking-newcomer-name = Il suo nome
booking-newcomer-email = Il suo indirizzo e-mail
booking-newcomer-hint = Le inviamo un link che conferma la prenotazione.
booking-newcomer-text = Non serve un account: le teniamo l’orario mentre conferma per e-mail.
booking-newcomer-sent = Guardi la sua posta
booking-newcomer-held = Abbiamo inviato un’e-mail a questo indirizzo. Segua il link entro { $minutes } minuti: fino ad allora l’orario è tenuto.
booking-newcomer-unsent = Questo sito non invia e-mail: quella con il suo link resta ai gestori del sito. Chieda loro il link entro { $minutes } minuti: fino ad allora l’orario è tenuto.
booking-newcomer-no-mail = Nessuna e-mail? Guardi nella cartella dello spam, o controlli l’indirizzo e riprovi.
booking-newcomer-confirm = Confermi la prenotazione
booking-newcomer-confirm-text = Così conferma anche il suo indirizzo. Poi potrà spostare o annullare la prenotazione.
booking-newcomer-do = Conferma la prenotazione
booking-mail-newcomer = Confermi la prenotazione: { $title }, { $begins }
booking-said-newcomer = Buongiorno { $name },

    il suo orario è tenuto fino alle { $until }: { $title }, { $when }, { $price }.
    Confermi la prenotazione con questo link:

    { $address }

    Se non ha prenotato nulla, ignori questa e-mail. L’orario andrà ad altri.

    { $site }
booking-said-newcomer-known = Buongiorno { $name },

    qualcuno ha prenotato con il suo indirizzo: { $title }, { $when }, { $price }. L’orario è tenuto fino alle { $until }.
    Se è stato Lei, acceda con questo link e confermi lì la prenotazione, o la paghi:

    { $address }

    Se non è stato Lei, ignori questa e-mail. L’orario andrà ad altri.

    { $site }
booking-said-newcomer-none = Buongiorno { $name },

    qualcuno ha cercato di prenotare con il suo indirizzo: { $title }, { $when }, { $price }. Per Lei non è tenuto nulla, perché ha altre prenotazioni o non può prenotare quest’ora.
    Se è stato Lei, acceda con questo link:

    { $address }

    { $site }

class-mail-subject = { $title }, { $when }: un messaggio da { $with }
class-mail-said = { $with } scrive a tutti i partecipanti:
class-mail-answer = Una risposta a questa e-mail non arriva a { $with }. La pagina della Sua prenotazione dice se c’è un indirizzo:
class-notice-message = Un messaggio a tutti i partecipanti: { $about }
membership-notice-ends = Il Suo abbonamento scade: { $about }
membership-said-ends = Il Suo abbonamento scade tra poco. Se prima acquista un piano dello stesso livello, il nuovo segue senza interruzione:
membership-said-ends-with-credits = Il Suo abbonamento scade tra poco, e con esso i crediti che non ha usato. Se prima acquista un piano dello stesso livello, il nuovo segue senza interruzione:
credit-notice-end = I Suoi crediti scadono: { $about }
credit-said-end = I crediti che non ha usato scadono tra poco. Fino ad allora può usarli:
