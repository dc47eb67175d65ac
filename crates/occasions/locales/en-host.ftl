### What only hosts read, beside their pages: columns of files, words of states.

## What a household may do now

host-access-open = Open
host-access-closed = Closed
host-access-locked = Locked
host-access-expired = Occasion ended
host-access-revoked = Archived

## How an answer arrived

host-source-web = On the page
host-source-api = By a program
host-source-socket = Live
host-source-import = From a file
host-source-phone = By phone
host-source-waitlist = From the waiting list

## Files

host-export-guests = Guests
host-export-kind = Kind
host-export-contacts = With codes and contact details
host-export-diets = Food needs

## What can go wrong for hosts and programs.
problem-names-nobody = This household has no names, only a number of people. Change that number on the household’s page.
    .title = Only a number of people
problem-code-taken = This code is taken. Please choose another.
    .title = Code taken
problem-downloads-busy = Two downloads of pictures are running already. Please try again in a few minutes.
    .title = Just a moment
problem-picture-type = This is not a JPEG, PNG, WebP or GIF picture, or it is too large or broken.
    .title = No picture
problem-picture-heic = Save it as JPEG, because browsers cannot show this format (HEIC).
    .title = A HEIC picture
problem-code-guessable = This code is easy to guess. Choose another, or confirm that you want it.
    .title = Easy to guess
problem-day-and-unknown = Clear the day, or untick “We don’t know the day yet”.
    .title = A day, and none
problem-end-and-unknown = Leave the end out, or do not say that it is not known.
    .title = An end, and none
problem-day-answered = Guests have answered for this day. Give the event its new day when you know it.
    .title = The day was answered for
problem-day-chosen = Some guests are not invited to this event. Without a day, that choice would be lost. Give the event its new day when you know it.
    .title = Not everybody is invited
problem-deadline-over = The “Answer by” day is over. Set a later one first.
    .title = Answers are closed
problem-deadline-without-day = Guests answer once the day is known. Leave “Answer by” empty until then.
    .title = No day to answer for
problem-year-doubtful = Is the year right? This day is in the past, or about a year from the old one.
    .title = Is the year right?
problem-cancels-for-coming = { $n ->
    [one] One person has said yes, and will see that this is cancelled as soon as you save. If it is, tick the line below.
   *[other] { $n } people have said yes, and will see that this is cancelled as soon as you save. If it is, tick the line below.
}
    .title = Somebody has said yes
problem-last-event = An occasion needs at least one event.
    .title = The last event
problem-question-in-use = This question has been answered: what it asks, and of whom, cannot change any more. Put it away and ask a new one.
    .title = The question was answered
problem-exports-waiting = { $limit ->
    [none] Enough files are being made already. Please wait until one of them is ready.
   *[other] { $limit } files are being made already. Please wait until one of them is ready.
}
    .title = Files are being made

## What other pages say of occasions: who signs in, their tokens, where to go.
host-occasions = Occasions
host-occasions-yours = Your occasions
host-begin = A wedding or other celebration
host-begin-text = Invitations and RSVPs
host-card-coming = of { $guests } coming
host-sign-in-guests = Invited to a celebration?
host-sign-in-guests-link = Open your invitation with its code
host-token-one = One occasion only
host-scope-occasion-read = see occasions, events, invitations and guests, with codes and contact details
host-scope-occasion-write = change occasions, events, invitations and guests, without seeing them
host-scope-rsvps-read = see answers, food needs and notes
host-scope-rsvps-write = answer for guests
notification-members-occasion = { $about } made an occasion. It sends no email but confirmations until you allow more.

## Files with lists

problem-file-too-large = This file is too large: 10 MB at most, contacts with pictures 50 MB.
    .title = The file is too large
problem-file-too-many-rows = This list is too long: 10,000 rows at most.
    .title = The list is too long
problem-file-too-many-columns = This list is too wide: 100 columns at most.
    .title = The list is too wide
problem-file-not-text = We cannot read this file. Save your list as an Excel file (XLSX) or as CSV, or choose a file of contacts.
    .title = Not a list
problem-file-unclosed-quote = A quotation mark is never closed. It begins in line { $line }.
    .title = A quotation mark is never closed
problem-file-bad-workbook = This Excel file is damaged or protected by a password.
    .title = We cannot read the Excel file
problem-file-empty = There is no list in this file: it needs headings and at least one row.
    .title = There is no list in the file
problem-occasion-not-published = Publish the occasion first: until then, links open nothing.
    .title = Not published
problem-mail-not-allowed = This occasion may not send email at present. The people who run this site can allow it.
    .title = No mail allowed
problem-placeholder-unknown = { $near ->
    [none] { $name } isn’t a field. Below the text, you see those that you can use.
   *[other] { $name } isn’t a field. Did you mean { $near }?
}
    .title = Unknown name in braces
problem-text-missing = Please write its text first.
    .title = Text missing
problem-sender-unverified = Email to many people cannot leave yet, because this site’s email is not fully set up. The people who run this site see on its page “Mail and DNS” what is missing.
    .title = Email to many people is not set up
problem-nobody-to-reach = Nobody would get this message, so nothing was sent.
    .title = Nobody to reach
problem-sending-off = Sending is blocked. The page “Send” shows why, and where to fix it.
    .title = Sending is off
