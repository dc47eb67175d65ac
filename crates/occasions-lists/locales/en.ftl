### Guest lists in and out: all of it is for hosts.

## Imports

host-import-text = Drop in the list you have. Nothing changes until you have seen what we read.
host-import-file = Drop a file here, or choose one
host-import-file-hint = Excel, CSV, Numbers as CSV, Google Contacts as CSV, or your phone’s contacts (vCard); up to 10 MB and 10,000 rows, contacts with pictures up to 50 MB. Titles above the headings, several sheets and couples in one cell are fine. Colours and strikethrough are ignored: a crossed-out guest is read like any other.
host-import-next = Read the list
host-import-earlier = Earlier lists
host-import-columns = What is in the columns?
host-import-columns-text = We guessed from the headings and from what stands below them. Correct what is wrong. What fits no field goes to the note; columns that you leave out are not imported.
host-import-columns-again = What is in the columns, and who is invited to what
host-import-which-event = Which event is this about? Choose it here. Until then, it goes to the note.
host-import-column = Column { $n }
host-import-skip = Leave alone
host-import-look = See the households
host-import-check-text = Nothing has been changed yet.
host-import-made = New households
host-import-changed = Households changed
host-import-same = Households that stay as they are
host-import-faulty = Households with errors
host-import-errors = Households with errors
host-import-leave-out = Leave them out
host-import-stop = Import nothing while there are any
host-import-replace = Answers in the list replace those that are here. Otherwise an answer that is here stays.
host-import-keep-codes = Keep codes that are easy to guess
host-import-check-again = Look again
host-import-findings = To look at
host-import-row = Row
host-import-what = What
host-import-stands = What the list says
host-import-error = Error
host-import-more = { $n } more are not shown.
host-import-progress = Households: { $done } of { $total }
host-import-left = Left as they were
host-import-refused = Something in this household is not valid.
host-import-kept = Somebody has changed, sent or opened it since, so it stays.
host-import-undo-title = Undo the import
host-import-undo-text = Removes the households that this list made and nobody has changed, sent or opened since. What it changed in others stays changed. Possible until { $until }.
host-import-undo = Undo the import
host-import-state-draft = Not imported yet
host-import-state-running = Being imported
host-import-state-stopped = Not imported: there are errors
host-import-state-undoing = Being undone
host-import-state-undone = Undone
host-import-no-email = No email: this household gets no mail.
host-import-doubtful-duplicate = You already have a household with this name or these people. Choose above what to do with this one.
host-import-unknown-language = This occasion does not use this language; its main one is used.
host-import-unknown-diet = Not among your food needs; kept as a note.
host-import-unknown-answer = Not known as an answer; left out.
host-import-left-out = No place for it: another row or column of this household says something else, or this row names nobody. Left out.
host-import-first-guest = This row names several people; given to the first.
host-import-not-invited = Not invited to this; the reply is left out.
host-import-reference = Reference
host-import-events = Invited to
host-import-names = Names of all guests
host-import-first-name = First name
host-import-last-name = Family name
host-import-partner = Partner
host-import-partner-first = Partner, first name
host-import-partner-last = Partner, family name
host-import-guest-email = Guest’s own email
host-import-guest-phone = Guest’s own phone
host-import-guest-events = Guest invited to
host-import-reply = Reply: { $key }
host-import-invited-if = Invited to { $key }: yes or no
host-import-question = Question: { $key }
host-import-line-left-out = This line names nobody, so it is left out.
host-import-section = Taken as a label for the lines below it, not as a guest.
host-import-column-left-alone = This column is not imported.
host-import-in-note = No field for it here; it is in the note for hosts.
host-import-number-unknown = We could not see how many people this is for, so we added one place. You can change it afterwards.
host-import-number-doubtful = The number of people is not clear. Look at this household once.
host-import-name-doubtful = One person or several? Look at the names of this household once.
host-import-no-surname = The first name has no family name. None was added.
host-import-email-mended = An email address looked mistyped, and we corrected it. Check it once.
host-import-email-in-note = Not an email address; it is in the note for hosts.
host-import-digits-lost = The spreadsheet has cut this number, so it is left out. Format the column as text, type the numbers again and save the list again.
host-import-phone-unread = We cannot read this as a phone number, so WhatsApp cannot use it. It is kept as written. Write it with the country’s code, such as { $example }. Without one, a number is read as one of the country in “General”.
host-import-phone-of-country = Without a country’s code; read as a number of the country in its row.
host-import-phone-abroad = Without a country’s code; it looks like a number of another country. It is kept as written.
host-import-ask-phone = These numbers have no country’s code, and look like numbers of another country. Please check each one, and write it with its code. Without one, it is read as a number of the country in “General”. Empty a field to leave its number out.
host-import-reply-stays = The reply that is here stays, unless you let the list replace answers. The list says:
host-import-only-named = This yes counts for those who are named. Those whose names are to come have no answer yet.
host-import-food-stays = The food needs that are here stay, unless you let the list replace answers. The list says:
host-import-whose-diet = Several people, one food need: each adult’s note says “one of”.
host-import-email-doubtful = An email address may be mistyped. It is kept as it is written; check it.
host-import-plus-one = Somebody comes along without a name. The household has one more place for them.
host-import-allergy-note = The note speaks of food or of an allergy, so it also stands with the food needs, for the kitchen.
host-import-not-coming = The list says they are not coming. They are added all the same.
host-import-left-out-absent = The list says they are not coming, so they are left out.
host-import-absent-add-all = Add them all the same
host-import-absent-none = Leave out those who are not coming
host-import-same-name = An earlier row has the same name. This one is a household of its own.
host-import-joined = An earlier row has the same name and the same phone or email: one household.
host-import-same-contact = An earlier household has the same phone or email. This one is a household of its own.
host-import-same-people = An earlier row has the same people, under another name. This one is a household of its own.
host-import-contact-here = A household in your list already has this phone number or email. This one is added beside it.
host-import-alike = Nothing is lost: both are added. If they are one household, put them together on the page after the import, or on the household’s page, with one press.
host-import-nobody-named = Nobody in this household is named.
host-import-paste = Or paste the cells
host-import-paste-hint = Select them in Excel or Google Sheets, copy, and paste here. Or type one household per line.
host-import-pasted = Pasted list
host-import-list = { $name }: { $count ->
    [one] 1 line
   *[other] { $n } lines
}
host-import-no-names = No column holds names. Which one is it? Choose it below.
host-import-invite = Invite them to
host-import-choose-events = Tick the events they are invited to. Otherwise their links show no event, and nobody can answer.
host-import-invite-later = None for now; I’ll choose later
host-import-invite-said = A column of the list says who is invited. These ticks are for households where it is empty.
host-import-no-days = No event has a date yet. When an event gets one, everybody in the list is invited to it.
host-import-open-to-all = Open to all: everybody is invited.
host-import-few-seats = { $seats } seats, and { $people } people in the list
host-import-seats = { $count ->
    [one] 1 seat
   *[other] { $n } seats
}
host-import-different = Different for { $labels }
host-import-differs = Other events for them
host-import-more-labels = { $count ->
    [one] 1 more label has no room here. After the import, choose its households in “Households”, and “Invite to an event”.
   *[other] { $n } more labels have no room here. After the import, choose their households in “Households”, and “Invite to an event”.
}
host-import-by-name = People by name
host-import-to-come = Names to come
host-import-households = { $count ->
    [one] 1 household
   *[other] { $n } households
}
host-import-people-count = { $count ->
    [one] 1 person
   *[other] { $n } people
}
host-import-both = { $households }, { $people }
host-import-needs = { $count ->
    [one] 1 thing to decide
   *[other] { $n } things to decide
}
host-import-name-row = { $name }, row { $row }
host-import-kind-email = Email addresses
host-import-kind-phone = Phone numbers
host-import-kind-number = Numbers of people
host-import-kind-group = Nobody named
host-import-kind-here = Perhaps here already
host-import-kind-food = Food needs of several people
host-import-kind-not-coming = Not coming
host-import-errors-which = Which households, and why
host-import-cards = See them
host-import-ask-email = We corrected these email addresses, or could not read them. Please check each one. Empty a field to leave its address out.
host-import-ask-number = We could not read these numbers of people, or they disagree. How many are they in all, with children and those who are named? An empty field leaves it as it is.
host-import-ask-here = { $name }, row { $row }: a household of this name is here already. The list says: { $value }
host-import-ask-people-here = { $name }, row { $row }: “{ $here }” is here already, with the same people. The list says: { $value }
host-import-ask-group = { $name }, row { $row }: nobody is named; { $value } may come.
host-import-ask-food = { $name }, row { $row }: “{ $value }” is given for several people. Who is it for?
host-import-ask-not-coming = { $name }, row { $row }: the list says they are not coming. What should we do with them?
host-import-here-leave = It is the same: leave the household here as it is
host-import-here-change = It is the same: update it from the list
host-import-here-add = It is another household: add it
host-import-group-keep = One invitation, names to come
host-import-group-leave-out = Leave it out
host-import-food-one-of = One of them; each adult’s note says so
host-import-food-all = All adults
host-import-absent-keep = Add them; the note says so
host-import-absent-decline = Add them, and their reply is no
host-import-absent-leave-out = Leave them out
host-import-left-out-by-host = Left out, as you chose.
host-import-not-imported = Not imported
host-import-first = As they will be
host-import-all = { $count ->
    [one] The household
   *[other] All { $n }
}
host-import-places = { $count ->
    [one] 1 more, name to come
   *[other] { $n } more, names to come
}
host-import-no-event = Invited to no event yet
host-import-nothing = nothing
host-import-changes = What changes
host-import-change = { $what }: { $old } → { $new }
host-import-unlisted = { $count ->
    [one] 1 household already here is not in this list. It stays as it is.
   *[other] { $n } households already here are not in this list. They stay as they are.
}
host-import-is-changed = Here already; it changes
host-import-is-same = Here already; it stays
host-import-more-choices = More choices
host-import-go = { $count ->
    [one] Import 1 household
   *[other] Import { $n } households
}
host-import-can-undo = You can undo it for 7 days.
host-import-importing = Importing…
host-import-goes-on = The import goes on by itself. You can leave this page.
host-import-are-here = From this list: { $both }
host-import-nameless = { $count ->
    [one] 1 person still needs a name: guests can fill it in themselves.
   *[other] { $n } of them still need a name: guests can fill these in themselves.
}
host-import-unreachable = { $count ->
    [one] 1 household has no phone and no email.
   *[other] { $n } households have no phone and no email.
}
host-import-then = Next
host-import-then-look = Look through them, then send
host-import-see = See the households
host-import-send = Send invitations
host-import-left-title = { $count ->
    [one] Left out: 1 cell or line
   *[other] Left out: { $n } cells or lines
}
host-import-quoted = “{ $value }”
host-import-as-file = As a file
host-import-undo-open = Undo…
host-import-invited-to = The list does not say who is invited to what: new households are invited to these events.
host-import-people = People in all
host-import-adults = Adults
host-import-title = Title
host-import-middle-name = Middle name
host-import-suffix = After the name (Jr., PhD)
host-import-partner-title = Partner, title
host-import-partner-suffix = Partner, after the name
host-import-contact = Phone or email
host-import-group = Number of the household
host-import-any-reply = Reply to the only event
host-import-other = Into the note, with its heading
host-import-person = Guest { $n }: { $part }
host-import-child = Child { $n }: { $part }
host-import-unshown = { $count ->
    [one] One more remark about this list is not shown.
   *[other] { $n } more remarks about this list are not shown.
}
host-import-contacts = Which of your contacts are guests?
host-import-contacts-text = Nobody is ticked at first. Your ticks stay while you search.
host-import-contacts-search = Name, number or email
host-import-letters = First letter
host-import-all-letters = All
host-import-other-letters = Others
host-import-contacts-found = { $count ->
    [one] One contact
   *[other] { $n } contacts
}
host-import-contacts-chosen = Ticked: { $chosen } of { $total }
host-import-contacts-go = Go on with the ticked ones
host-import-tick-all = Tick all on this page
host-import-tick-none = Untick all on this page
host-import-tick-others = Tick others
host-import-nobody-chosen = Nobody is ticked yet. Tick at least one contact.
host-import-not-chosen = Contacts that you did not tick.
host-import-not-read = Your contacts have this too. It is not read.
host-import-card-anniversary = Anniversary
host-import-card-birthday = Birthday
host-import-card-job = Job title
host-import-card-nickname = Nickname
host-import-card-picture = Picture
host-import-card-web = Web address
host-import-not-in-row = The headings are not in row { $row }?
host-import-has-headings = Does the list have headings?
host-import-sheets-and-headings = Read other sheets, or other headings
host-import-sheets = Sheets to read
host-import-hidden-sheets = Hidden in the spreadsheet, and not read:
host-import-no-sheet = Tick at least one sheet.
host-import-headings = Headings
host-import-heading-row = Row { $row }: { $words }
host-import-no-headings = There are no headings
host-import-again-hint = What is in the columns is then guessed anew.
host-import-commas-people = Each line was read as one household, and its commas as signs between people.
host-import-commas-to-columns = Read the commas as columns
host-import-commas-columns = The commas were read as signs between columns.
host-import-commas-to-people = Read each line as one household
host-import-read-again = Read again

## The page of reports

host-people = People
host-download = Download
host-kitchen-text = People who come or are not sure. Food needs are deleted 30 days after the event.
host-reports-title = Food, lists and files
host-kitchen-in-words = In people’s own words (see below)
host-kitchen-people = Who needs what
host-exports = Lists as files
host-exports-text = Made in the background, kept for 7 days.
host-exports-masked = Without codes and contact details, which you may not see.
host-export = Make the file
host-export-format = Format
host-export-rows = { $count ->
    [one] 1 line
   *[other] { $n } lines
}
host-job-waiting = Being made
host-job-ready = Ready
host-job-failed = Failed
host-job-expired = No longer kept
host-answers-to = { $n ->
    [0] Nobody has answered yet.
    [one] 1 answer
   *[other] { $n } answers
}
host-answers-sum = { $n } in all
host-answers-text = Of those who are asked and have not declined. The answers themselves are on the invitations and in the files.

## Columns of files

host-guest-named = Named by the hosts
host-guest-plus-one = Brought along
host-export-sheet-guests = Guests
host-export-sheet-households = Households
host-export-sheet-replies = Answers
host-export-sheet-diets = Food, how many
host-export-sheet-diets-people = Food, who
host-export-sheet-questions = Questions
host-export-household = Household
host-export-guest = Guest
host-export-code = Code
host-export-email = Email
host-export-phone = Phone
host-export-address = Postal address
host-export-language = Language
host-export-tags = Tags
host-export-access = Answers are
host-export-yes = Coming
host-export-no = Not coming
host-export-undecided = Not sure
host-export-pending = Answer missing
host-export-response = Answer status
host-export-deadline = Own deadline
host-export-sent = Sent
host-export-opened = Last opened
host-export-answered = Answered
host-export-note = Note from the household
host-export-host-message = Message to the household
host-export-host-note = Note between hosts
host-export-child = Child
host-export-age = Age
host-export-diet-note = Food, in their words
host-export-event = Event
host-export-answer = Answer
host-export-source = How
host-export-question = Question
host-export-diet = Food need
host-export-allergy = Allergy
host-export-people = People
host-export-meal = Meal
host-export-sheet-meals = Meals, how many
host-export-sheet-gifts = Gifts
host-export-sheet-received = Received gifts
host-export-pieces = Pieces
host-export-gift-state = State
host-upload-name = Name of the file
host-upload-caption = What it shows
host-upload-bytes = Size in bytes
host-upload-file = Name that the site gave it
host-upload-day = Sent on
host-export-sheet-uploads = Pictures
