### Le parole di un nuovo evento, prima che chi invita scriva le proprie.

date-to-follow-text = Le chiederemo chi viene appena la data sarà nota.
date-to-follow = Data da definire
# The days of the events that a household is invited to.
cover-days = { $first } – { $last }
cover-days-both = { $first } e { $last }
cover-days-more = { $first } e altri { $n } giorni
card-back-host = Torni alla sua pagina
new-names = { $one } e { $other }
new-title-wedding = Matrimonio di { $names }
new-title-engagement = Fidanzamento di { $names }
new-title-birthday = Compleanno di { $names }
new-title-children = Festa per { $names }
new-title-naming = Festa per { $names }
new-title-anniversary = Anniversario di { $names }
new-title-kenduri = Casa aperta da { $names }
new-title-company = Evento di { $names }
new-title-memorial = In memoria di { $names }
new-title-other = Festa di { $names }
new-kicker-wedding = Insieme alle loro famiglie
new-kicker-engagement = Fidanzamento
new-kicker-birthday = Compleanno
new-kicker-children = Venite a festeggiare
new-kicker-naming = Benvenuto al mondo
new-kicker-anniversary = Anniversario
new-kicker-kenduri = Casa aperta
new-kicker-memorial = In memoria
new-event-reception = Ricevimento
new-event-party = Festa
new-event-service = Funzione
new-event-dinner = Cena

# What an invitation says while the hosts have written no words of their own.
invitation-wedding = Abbiamo il piacere di invitarvi al nostro matrimonio.
invitation-engagement = Saremmo felici di avervi con noi per il nostro fidanzamento.
invitation-birthday = Venite a festeggiare il compleanno con noi.
invitation-children = Venite alla nostra festa!
invitation-naming = Venite a dare con noi il benvenuto al nostro bebè.
invitation-anniversary = Venite a festeggiare con noi il nostro anniversario.
invitation-kenduri = La nostra porta è aperta. Venite a mangiare con noi.
invitation-company = Saremo lieti di accogliervi.
invitation-memorial = Vi invitiamo a un momento di ricordo insieme a noi.
invitation-other = Saremmo felici di avervi con noi.
