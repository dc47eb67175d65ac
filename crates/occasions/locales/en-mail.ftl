## Mails from hosts. The built-in texts; names in braces are replaced for each household.

mail-save-the-date-subject = Save the date: { $occasion_title }
mail-save-the-date-body =
    Please keep this day free for us: we would be so glad to have you there.

    { $occasion_title }
    { $occasion_date }
    { $venue }

    The invitation follows.

    Warmly,
    { $hosts }
mail-invitation-subject = You are invited: { $occasion_title }
mail-invitation-body =
    We would be so happy to have you with us.

    Everything you need to know is on your own page, and there you can tell us who is coming:

    { $rsvp_link }

    Please let us know by { $rsvp_deadline }.

    We look forward to seeing you.
    { $hosts }
mail-reminder-subject = A little reminder: { $occasion_title }
mail-reminder-body =
    { $still_open } It takes a minute:

    { $rsvp_link }

    The last day to answer is { $rsvp_deadline }.

    If you have just answered, there is nothing left to do. Thank you!
    { $hosts }
mail-thanks-subject = Thank you from { $hosts }
mail-thanks-body =
    { $thanks_for_coming }

    Your kindness touched us, and we will remember it for a long time.

    Thank you for your gift: { $gift }

    The pictures of the day are here: { $pictures_link }

    With heartfelt thanks,
    { $hosts }
mail-moved-subject = { $occasion_title }: { $news }
gift-of-money = money
mail-letter-why = You receive this because { $hosts } invited { $household }. Not you? Please tell { $contact }.
mail-letter-why-plain = You receive this because { $hosts } invited { $household }.
mail-letter-unsubscribe = No more emails like this, please
mail-status-unanswered = not answered yet
mail-status-partial = partly answered
mail-status-complete = answered
