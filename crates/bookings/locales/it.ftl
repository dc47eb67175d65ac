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
choice-all = Tutti
choice-none = Nessuna preferenza
choice-pick = Scelga
booking-note-open = Una nota (facoltativa)
booking-from = Dal
booking-show = Mostra
booking-zone = Tutti gli orari sono di { $zone }.
booking-time-zone = { $time }, { $zone }
booking-nothing = Al momento nulla è libero.
booking-clear = Mostri tutti gli orari
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
booking-credits = { $count ->
    [one] 1 credito
   *[other] { $count } crediti
}
booking-do-credit = Prenoti con 1 credito (ne restano { $count })
booking-no-credit = Quest’ora si prenota con un credito, e Lei non ne ha.
plan-offered = Piani
plan-offered-text = Alcune ore si prenotano con crediti. Un piano Le dà crediti per alcuni mesi.
plan-none = Al momento non ci sono piani.
plan-sign-in = Acceda per acquistare
plan-grants = { $credits ->
    [one] 1 credito
   *[other] { $credits } crediti
}, { $months ->
    [one] per 1 mese
   *[other] per { $months } mesi
}
plan-grants-reviews = { $credits ->
    [one] revisione di 1 documento
   *[other] revisione di { $credits } documenti
}, { $months ->
    [one] entro 1 mese
   *[other] entro { $months } mesi
}
plan-tiers-text = Un abbonamento Le permette anche di usare ciò che è riservato agli abbonati.
plan-is-membership = Abbonamento
plan-left = { $count ->
    [one] Ne resta solo 1
   *[other] Ne restano { $count }
}
plan-buy = Compri a { $sum }
pay-test-mode = Questo sito non riceve denaro vero.
booking-earlier = Prima
booking-later = Dopo
booking-hours = { $count ->
    [one] 1 ora
   *[other] { $count } ore
}
booking-minutes = { $count ->
    [one] 1 minuto
   *[other] { $count } minuti
}
booking-for = per { $length }
booking-when = Quando
booking-with = Con
booking-where = Dove
booking-to-cancel = Per annullare
booking-cancel-until = Fino a { $when }.
booking-cancel-until-paid = Gratis fino a { $when }. Dopo non si rimborsa nulla.
booking-cancel-never = È troppo vicino per essere annullato.
booking-note = Una nota per { $name } (facoltativa)
booking-hold = Le teniamo questo orario per { $minutes } minuti mentre paga. In questa pagina non si addebita nulla.
booking-to-payment = Al pagamento, { $sum }
booking-sign-in = Acceda per prenotare
booking-register = Crei un account
booking-taken = Qualcuno è stato più veloce
booking-taken-text = Questo orario non è più libero. Non è stato addebitato nulla.
booking-find = Prenoti un orario
request-ask = Chieda uno fra più orari
feedback-mean = { $whole },{ $tenth } su 5, da { $count } valutazioni
slot-online = In video
slot-room-pool = In video, in una stanza del sito
slot-in-person = Di persona
slot-phone = Per telefono
credit-imported = Ripresi da un altro sistema

external-calendar = Il suo calendario
external-calendar-text = Indichi l’indirizzo https di un calendario che tiene altrove, per esempio l’indirizzo privato in formato iCal mostrato dal suo programma. Viene letto ogni ora. Gli orari che coincidono con un impegno non vengono offerti; ciò che è prenotato non viene mai annullato per questo.
external-calendar-address = Indirizzo del calendario
external-calendar-hint = Comincia con https:// e di solito finisce con .ics. Dopo il salvataggio non viene più mostrato.
external-calendar-read = Letto l’ultima volta: { $when }
external-calendar-unread = Viene letto per la prima volta.
external-calendar-end = Non leggerlo più
external-calendar-refused = Questo indirizzo non può essere letto: deve essere quello di un server pubblico. Lo inserisca di nuovo.
external-calendar-unreachable = Il server del calendario non è raggiungibile. Si riprova entro un’ora, e resta ciò che è stato letto per ultimo.
external-calendar-slow = Il server del calendario ha impiegato troppo a rispondere. Si riprova entro un’ora, e resta ciò che è stato letto per ultimo.
external-calendar-status = Il server non ha consegnato il calendario. Controlli che l’indirizzo sia ancora giusto e che porti al calendario stesso e non a un altro indirizzo.
external-calendar-too-long = Il calendario supera 1 MB. Ne usi uno con meno impegni.
external-calendar-broken = A questo indirizzo non c’è un calendario completo. Controlli l’indirizzo; resta ciò che è stato letto per ultimo.
external-calendar-too-much = Il calendario ha troppi impegni. Ne usi uno con meno.
external-calendar-partial = Alcuni impegni del calendario non si sono potuti leggere e non nascondono orari. Tutti gli altri contano.
external-calendar-notice = Il suo calendario ha un impegno all’ora di una prenotazione: { $about }
external-calendar-said = Nel suo calendario c’è ora un impegno all’ora di questa prenotazione. La prenotazione resta com’è: se non può mantenerla, la annulli lei.
slot-busy = Nascosto: è occupato
