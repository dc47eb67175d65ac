### Actions on many invitations, and how an occasion ends.

host-end = After the day
host-end-steps = What happens after the last event
host-end-archive = Guests read your thanks, and nothing can be changed
host-end-delete = Everything is deleted: guests, answers, files
host-end-no-event = When there is an event
host-end-text = Owners are told by email 30 days and 7 days before. What was deleted cannot be brought back, so make a copy of what you want to keep.
host-end-export = Make a copy of everything
host-end-waits = The email that tells owners of the deletion has not left the server, so nothing is deleted yet. If you have a copy, you can let the deletion go on without it.
host-end-confirm = Delete on that day, without the email
host-end-confirmed = An owner let the deletion go on without the email.
host-remove-occasion = Remove this occasion
host-remove-occasion-effect = Everything goes at once, and cannot be brought back: the events, { $households ->
    [one] 1 household
   *[other] { $households } households
} with { $guests ->
    [one] 1 guest
   *[other] { $guests } guests
}, their answers, gifts, pictures and messages. Its links and codes stop working, and nobody is told. If people come, cancel the events first and tell them.
host-remove-occasion-stays = Backups of this site keep it until they are deleted in their turn; if one is restored, the occasion is removed again. What stays is its web address, how many households and guests it had, and when it was removed.
host-switch-on = Switch on
host-log-deletion-announced = told owners on which day everything is deleted
host-log-deletion-confirmed = let the deletion go on although the email did not leave
host-notice-deletion = { $about } is deleted soon. Make a copy of what you want to keep.
host-mail-deletion-subject = { $title } is deleted on { $day }
host-mail-deletion-text =
    Dear { $name },

    On { $day }, everything about { $title } is deleted: guests, answers, emails and files. It cannot be brought back.

    If you want to keep a copy, make it before that day:
    { $export }

    Here you can also keep it longer:
    { $address }

    { $site }
host-mail-deletion-pictures =
    You can download all pictures in the gallery as one file here:
    { $address }

## Actions on many invitations
host-bulk-invite = Invite to an event
host-bulk-event = Which event

## A new household
host-invite-more = More: language, greeting, table, tags, more guests, address, notes, code

## People who move to another invitation
host-split = Split, or move people
host-split-text = Some of these people get an invitation of their own, or move to another.
host-split-effect = Their answers move along. A new invitation is to the same events, and has a code of its own. If everybody moves, put the two households together instead.
host-split-people = Who moves
host-split-household = Name of the new household
host-split-household-hint = For an invitation of their own.
host-split-code = Or the code of another invitation
host-split-code-hint = If it is filled in, they move there.
host-split-do = Move them

## News for guests
host-news = News
host-new-news = Write news
host-news-text = Every household reads it on its invitation.
host-news-mail = Write a message as well
host-news-none = No news yet.
host-news-title = Title
host-news-body = Text
host-news-shown = Who sees it, and where
host-news-pinned = Pinned
host-news-pinned-hint = Is shown before newer news.
host-news-published = Guests see it
host-news-published-hint = Switch it off to take it back at once.
host-news-draft = Not published
host-news-since = Visible to guests since { $day }
host-remove-news = Delete this news
host-remove-news-effect = Guests no longer see it.
host-log-news-created = wrote news
host-log-news-changed = changed news
host-log-news-removed = deleted news

## Is it ready?

host-ready = Is it ready?
host-ready-open = { $n ->
    [one] 1 thing left to do
   *[other] { $n } things left to do
}
host-ready-all = Everything is ready for { $title }.
host-ready-all-text = There is nothing left to do now. This page counts again whenever you open it.
host-ready-over = The day is over, and there is nothing left to do.
host-ready-more = and { $n } more
host-ready-draft = This is a draft: guests cannot open their invitations yet.
host-ready-private-address = The links and QR codes work only on this computer or its network, so no guest can open them. Ask whoever runs this site to give it a public address.
host-ready-no-invitations = Nobody is invited yet.
host-ready-no-place = { $of } has no venue and no address yet.
host-ready-no-contact = Guests cannot see whom to ask when they have questions.
host-ready-no-deadline = There is no last day to answer.
host-ready-deadline-passed = The last day to answer has passed, and { $count ->
    [one] 1 household still owes
   *[other] { $n } households still owe
} an answer.
host-ready-texts-missing = { $of }: { $count ->
    [one] 1 text is missing
   *[other] { $n } texts are missing
} ({ $languages }).
host-ready-news = { $count ->
    [one] 1 piece of news is
   *[other] { $n } pieces of news are
} written, but not published.
host-ready-unreachable = { $count ->
    [one] 1 household has
   *[other] { $n } households have
} not answered, and you have no address or number to reach them.
host-ready-mail-fails = Email does not reach { $count ->
    [one] 1 household
   *[other] { $n } households
}.
host-ready-not-sent = { $count ->
    [one] 1 invitation is
   *[other] { $n } invitations are
} not sent yet.
host-ready-owing = { $count ->
    [one] 1 household has its invitation and has
   *[other] { $n } households have their invitation and have
} not answered everything.
host-home-cancelled = { $event } is cancelled. Guests see that, and answers are kept.
host-ready-moved = { $count ->
    [one] 1 household does
   *[other] { $n } households do
} not know yet what changed: { $of }.
host-ready-do-tell = Tell them
host-ready-do-pictures = Look through them
host-ready-unapproved = { $count ->
    [one] 1 answer without a code waits
   *[other] { $n } answers without a code wait
} for your approval.
host-ready-waiting = { $count ->
    [one] 1 household is
   *[other] { $n } households are
} on the waiting list for { $of }.
host-ready-meal-open = { $count ->
    [one] 1 guest has
   *[other] { $n } guests have
} not chosen yet: { $of }
host-ready-unthanked = { $count ->
    [one] { $n } household gave a gift and has not been thanked
   *[other] { $n } households gave a gift and have not been thanked
    }
host-ready-unthanked-coming = { $count ->
    [one] Say thank you to { $n } household
   *[other] Say thank you to { $n } households
    }
host-ready-pictures = { $count ->
    [one] { $n } picture waits for you
   *[other] { $n } pictures wait for you
    }
host-ready-see = See who
host-ready-do-place = Add the place
host-ready-do-contact = Add a contact
host-ready-do-deadline = Set a last day
host-ready-do-later = Choose a later day
host-ready-do-texts = Write the texts
host-ready-do-news = See the news
host-ready-do-send = Send
host-ready-do-remind = Remind
host-ready-do-seats = Change the seats

# The menu.
host-group-guests = Guests
host-group-invitation = Invitation
host-group-send = Send
host-group-answers = Answers
host-menu-open-rsvp = Answers without a code
host-menu-look = Look and photo
host-menu-words = Words
host-menu-questions = Questions and meals
host-menu-diets = Dietary options
host-menu-send = Invitations
host-menu-general = General
host-menu-state = Publish or close
host-menu-see = See it as guests do
host-see-about = This is what a household you invite sees; its name and code are made up.
host-see-public = See what everybody else sees
host-menu-unsent = { $n } to send
host-menu-no-deadline = No last day
host-kitchen-menu = Food and kitchen
host-occasions-all = All occasions

## Households that are perhaps one

host-twins = Perhaps twice in your list
host-twins-people = “{ $one }” and “{ $other }” have the same people: { $names }
host-twins-phone = “{ $one }” and “{ $other }” have the same phone number. Messages to both go to one phone.
host-twins-effect = If they are one household, put them together: “{ $one }” stays, with everybody and all answers. The code of “{ $other }” opens it too.
host-twins-merge = Put together
host-twins-apart = They are two households

## Help

host-help = Help
host-help-send = How do I send the invitations?
host-help-send-answer = Open “Send”. Each household is there with the way it can be reached: WhatsApp, SMS, email or a printed card. Press the button of a row, and the message opens with everything in it.
host-help-owing = Who has not answered yet?
host-help-owing-answer = Under “Send”, one page says of each household why there is no answer, with the one button that helps.
host-help-owing-do = Those who have not answered
host-help-no-phone = A guest has no phone and no email. What now?
host-help-no-phone-answer = Print a card for them. It has a code to type, and a square that a phone can scan. Or ask them yourself, and put their answer in.
host-help-called = A guest told me the answer. Where do I put it?
host-help-called-answer = Open the household, choose yes or no for each person, and save. Guests who cannot use the page never have to.
host-help-day = How do I change the day, the hour or the place?
host-help-day-answer = Open the event, change it and save. Then we ask whether to tell your guests, and write the message for you. Answers stay.
host-help-look = What do my guests see?
host-help-look-answer = Look at their page yourself. Nothing that you press there is saved.
host-help-print = How do I print cards, labels or the list for the door?
host-help-print-answer = All of it is under “Print”. Choose what you need, then print it from your browser.
host-help-table = Who sits at which table?
host-help-table-answer = Open a household, then “Edit”, and write the number into “Table” under “More”. A column of an imported list does it for all. Place cards and the list for the door show the table.
host-help-food = Who eats what?
host-help-food-answer = “Food and kitchen” counts meals and food needs of everybody who comes, and makes the list for the caterer. What you ask is under “Questions and meals”.
host-help-thanks = How do I say thank you?
host-help-thanks-answer = From the morning after, “Send” offers a message to everybody who came and to everybody who gave something; it can name the gift. Write down what arrives under “Gifts”.
host-help-pictures = Where are the pictures?
host-help-pictures-answer = Under “Pictures”. Switch them on there, and guests can send theirs; you choose which ones everybody sees, and add your own.
host-help-words = Can I write it in my own words?
host-help-words-answer = Yes. Until you do, guests read ours. If you empty a text, ours comes back.
host-help-who = Who can help me?
host-help-owners = They plan this occasion with you and may change everything:
host-help-administrators = They run this site:
host-help-nobody = Ask the person who gave you the address of this site.
