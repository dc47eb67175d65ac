## Mails from hosts. The built-in texts; names in braces are replaced for each household.

mail-save-the-date-subject = Una data da segnare: { $occasion_title }
mail-save-the-date-body =
    C’è una data da segnare in agenda: saremmo felicissimi di trascorrere questo giorno con voi.

    { $occasion_title }
    { $occasion_date }
    { $venue }

    L’invito arriverà presto.

    Con affetto,
    { $hosts }
mail-invitation-subject = Invito: { $occasion_title }
mail-invitation-body =
    Sarebbe una gioia per noi avervi accanto.

    Tutte le informazioni sono sulla pagina dedicata a voi; lì potete anche dirci chi verrà:

    { $rsvp_link }

    Aspettiamo la vostra risposta entro { $rsvp_deadline }.

    A presto!
    { $hosts }
mail-reminder-subject = Un piccolo promemoria: { $occasion_title }
mail-reminder-body =
    { $still_open } Basta un minuto:

    { $rsvp_link }

    L’ultimo giorno per rispondere è { $rsvp_deadline }.

    Se avete appena risposto, non c’è altro da fare. Grazie!
    { $hosts }
mail-thanks-subject = Grazie da { $hosts }
mail-thanks-body =
    { $thanks_for_coming }

    Il vostro affetto ci ha toccato il cuore, e lo ricorderemo a lungo.

    Grazie per il vostro regalo: { $gift }

    Le foto della giornata sono qui: { $pictures_link }

    Con gratitudine,
    { $hosts }
mail-moved-subject = { $occasion_title }: { $news }
gift-of-money = un dono in denaro
mail-letter-why = Ricevete questo messaggio perché { $hosts } ha invitato { $household }. Non siete voi? Fatelo sapere a { $contact }.
mail-letter-why-plain = Ricevete questo messaggio perché { $hosts } ha invitato { $household }.
mail-letter-unsubscribe = Non desidero altri messaggi di questo tipo
mail-status-unanswered = ancora senza risposta
mail-status-partial = risposta parziale
mail-status-complete = risposta ricevuta
