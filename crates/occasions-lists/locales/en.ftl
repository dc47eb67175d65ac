### Guest lists in and out: all of it is for hosts.

## Imports

host-import-text = From a spreadsheet or from another program. You see what would happen before anything is changed, and can undo the import for 7 days.
host-import-file = The file
host-import-file-hint = CSV, XLSX, or JSON from here; up to 10 MB and 10,000 rows. The first row holds the headings.
host-import-next = Next
host-import-earlier = Earlier lists
host-import-columns = What is in the columns?
host-import-columns-text = We guessed from the headings. Correct what is wrong; columns that are left alone change nothing.
host-import-columns-again = Change the columns
host-import-column = Column { $n }
host-import-skip = Leave alone
host-import-look = See what would happen
host-import-check = What would happen
host-import-check-text = Nothing has been changed yet.
host-import-would = If you import this list now
host-import-made = New households
host-import-changed = Households changed
host-import-same = Households that stay as they are
host-import-faulty = Households with errors
host-import-errors = Households with errors
host-import-leave-out = Leave them out
host-import-stop = Import nothing while there are any
host-import-replace = Answers in the list replace those that are here. Otherwise an answer that is here stays.
host-import-keep-codes = Keep codes that are easy to guess
host-import-apply = Import the list
host-import-check-again = Look again
host-import-findings = To look at
host-import-row = Row
host-import-what = What
host-import-stands = What the list says
host-import-error = Error
host-import-note = Note
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
host-import-doubtful-duplicate = A household of this name is here already, with another email. This one is added as a separate household.
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
host-import-question = Question: { $key }

## The page of reports

host-people = People
host-download = Download
host-kitchen-text = People who come or are not sure. Food needs are deleted 30 days after the event.
host-kitchen-people = Who needs what
host-exports = Lists as files
host-exports-text = Made in the background, kept for 7 days.
host-exports-masked = Without codes and contact data, as your role sees them.
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
host-upload-bytes = Bytes
host-upload-file = File in the store
host-upload-day = Sent on
host-export-sheet-uploads = Pictures
