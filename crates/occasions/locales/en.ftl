### What guests read. One message per sentence; names, dates and numbers come in formed.

## Everywhere

guest-questions = Questions? Ask { $contact }.
guest-forget = Not { $household }? Forget this invitation here
guest-child = child
guest-child-age = { $age ->
    [0] child, under 1
   *[other] child, { $age }
}
guest-of = Guest of { $name }
guest-above-allowance = Above the number agreed
guest-your-time = { $time } where you are
guest-back = Back to the invitation

# Between things of a list, and between two sentences.
list-comma = { ", " }
sentence-space = { " " }

## Answers, as stored

reply-yes = Coming
reply-no = Not coming
reply-undecided = Not sure
reply-pending = No answer yet
reply-waitlisted = Waiting list
reply-waitlisted-explained = We will write when a place is free.
reply-waitlisted-look = When a place is free, you will see it on this page.
reply-waits = You are on the waiting list: { $events }.

count-yes = { $n } coming
count-no = { $n } not coming
count-partly = { $n } partly answered
count-undecided = { $n } not sure
count-waitlisted = { $n } on the waiting list
count-pending = { $n ->
    [one] 1 not answered
   *[other] { $n } not answered
}

## Closing of answers

closing-day = Please answer by the end of { $date }. You can change your answers until then.
closing-moment = Please answer by { $moment }. You can change your answers until then.
closing-tonight = Please answer today: answers close at midnight tonight.
closing-today = Please answer today: answers close at { $time }.
closing-days = { $n ->
    [one] 1 day left.
   *[other] { $n } days left.
}
closing-soon = { $n ->
    [one] That is tomorrow, { $weekday }.
   *[other] That is in { $n } days, { $weekday }.
}
closing-change-day = You can change your answers until the end of { $date }.
closing-change-moment = You can change your answers until { $moment }.
closing-change-open = You can change your answers at any time.
closing-passed = Answers closed while you were here. Reload to see your saved answers.

closed-title = Answers closed on { $date }
closed-title-undated = Answers are closed
closed-text = This is what we have from you.
closed-text-none = We have no answer from you.
closed-ask = For changes, please ask { $contact }.
closed-ask-none = If you would still like to answer, please contact { $contact }.
locked-title = Your answers are with the hosts
locked-title-none = Answers are closed for your household
locked-text = To change your answer, please ask the hosts.
locked-text-none = If you would still like to answer, please contact the hosts.
locked-ask = To change your answer, please ask { $contact }.

## Tones: how a household is spoken to

salutation-formal = Dear { $household },
salutation-casual = Hello { $household },
salutation-fun = Hey { $household }!

saved-coming-formal = Saved, thank you. We look forward to seeing you.
saved-coming-casual = Saved, thanks! We can’t wait to see you.
saved-coming-fun = Saved, hooray! It wouldn’t be the same day without you.
saved-declined-formal = Saved, thank you for telling us. You will be missed.
saved-declined-casual = Saved, thanks for telling us. We’ll miss you.
saved-declined-fun = Saved. What a pity! The day won’t be the same without you.
saved-waiting = Saved. You are on the waiting list.
saved-partly = Saved, thank you. Some answers are still open.

## Code entry

code-title = Open your invitation
code-label = Code on your card
code-hint = 5 to 8 letters or digits
code-open = Open
code-preview = Type the code on your card to see the invitation and to answer it.
code-alike = O and 0, and I, L and 1, count as the same. Capitals and spaces do not matter.
code-hosts = Hosts: sign in
code-malformed = A code has 5 to 8 letters or digits.
code-unknown = We do not know this code. O and 0, and I, L and 1, count as the same.
code-elsewhere = This page was open too long. Please send the code again.
code-too-many = Too many tries. Please try again in { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}. A link from the hosts, and an invitation that was opened in this browser before, still open.
code-too-many-hours = Too many tries. Please try again in { $hours ->
    [one] 1 hour
   *[other] { $hours } hours
}. A link from the hosts, and an invitation that was opened in this browser before, still open.
code-name-label = One name on the invitation
code-name-hint = A first name or a family name is enough.
code-name-required = Many wrong codes were tried lately. To open your invitation, please also type one name on it.
code-unknown-name = We do not know this code together with this name. O and 0, and I, L and 1, count as the same.
code-known = Opened on this device before
code-continue = Continue
code-continue-as = Continue as { $household }

## Portal

portal-title-open = Answer the invitation
portal-title-partly = Partly answered
portal-title-answered = Your answers
portal-title-closed = Answers closed
portal-answer = Answer the invitation
portal-answer-rest = Answer the rest
portal-change = Change answers
portal-answered = We have your answers: { $counts }.
portal-partly = So far: { $counts }.
portal-the-day = The day
portal-the-days = The days
portal-today = Today
portal-days-left = { $n ->
    [one] 1 day to go
   *[other] { $n } days to go
}
portal-map = Map
portal-google-maps = Google Maps
portal-waze = Waze
portal-google-calendar = Google Calendar
preview-household = Thompson family
portal-outlook = Outlook
portal-calendar = Add to calendar
portal-schedule = Schedule
portal-dress = Dress: { $dress }
portal-yours = Your answers
people-diets = Food needs: { $diets }
portal-more = More
portal-code = Your code: { $code }

tile-dietary = Food needs
tile-note = A note to the hosts
tile-none = Nothing yet
tile-diets = { $n ->
    [one] For 1 person
   *[other] For { $n } people
}
tile-note-written = Written

## The household form

answer-title = Will you join us?
answer-intro = One answer for each person. You can leave some open and come back.
answer-jump = Go to
answer-everyone = Everyone is coming
answer-everyone-done = Everyone is now marked as coming. Nothing is saved yet.
answer-nobody = None of us can come
answer-nobody-done = Everyone is now marked as not coming. Nothing is saved yet.
answer-undo = Undo

choice-yes = Yes
choice-no = No
choice-undecided = Not sure
choice-yes-to = coming to { $event }, { $person }
choice-no-to = not coming to { $event }, { $person }
choice-undecided-to = not sure about { $event }, { $person }
choice-left = { $n ->
    [one] 1 place left
   *[other] { $n } places left
}
choice-full = Full
choice-full-waiting = Full: waiting list
choice-left-list = If you need more, you go on the waiting list.

answer-name = Name
answer-add-name = Add the name
answer-correct-name = Correct the name
answer-child = A child
answer-age = Age
answer-age-unknown = Not said
answer-age-baby = Under 1
answer-remove = Remove { $name }
answer-remove-unnamed = Remove this person
answer-removed = Removed when you save. Undo
answer-taken-back = Removed. Undo

answer-bring = Bring a guest
answer-bring-family = Bring family or guests
answer-places-people = You may bring { $allowed ->
    [one] 1 person
   *[other] { $allowed } people
}; { $left ->
    [0] no place is left
    [one] 1 place is left
   *[other] { $left } places are left
}.
answer-places-children = You may bring { $allowed ->
    [one] 1 child
   *[other] { $allowed } children
}; { $left ->
    [0] no place is left
    [one] 1 place is left
   *[other] { $left } places are left
}.
answer-places-both = { $children ->
    [one] 1 child place
   *[other] { $children } child places
} and { $guests ->
    [one] 1 guest place
   *[other] { $guests } guest places
} left.
answer-new-person = Person { $n }
answer-comes = This person is coming
answer-all-events = Comes to the same events as you, or only to some of them
answer-add = Add a person
answer-add-child = Add a child
answer-only-children = Only places for children are left.

answer-diets = Food needs
answer-diets-count = Food needs ({ $n })
answer-diets-for = Food needs of { $name }
answer-diets-purpose = Food needs: only for the kitchen, deleted 30 days after the event.
answer-noted =
    Until you save, your hosts can see on which days this form was opened, and what was missing if it
    could not be saved. They see nothing that you have typed.
answer-noted-days = { $n ->
    [one] Opened once so far, on { $last }.
   *[other] Opened { $n } times so far, first on { $first }, last on { $last }.
}
answer-noted-refused = Could not be saved on { $day }.
answer-noted-missing = Could not be saved on { $day }: “{ $field }” was missing.
answer-diets-note = Anything else the kitchen should know
answer-diets-nobody = Nobody is coming, so there is nothing to say about food.

answer-note = Note to { $hosts }
answer-note-hint = Only they read it.
answer-note-left = { $n } of 4,000 letters left

answer-count = { $n } of { $total } answered
answer-save = Save
answer-saving = Saving…
answer-unsaved = Not saved yet
answer-saved-at = Saved { $time }
answer-failed = Nothing was saved. Your answers are still here; please try again.
answer-elsewhere = This page was open too long, so nothing was saved. Your answers are still here; please save them again.
answer-draft = We kept what you had not saved.
answer-discard = Discard it
answer-error-title = Error: { $title }

complaint-name-required = Tell us your guest’s name, or remove this person.
complaint-name-long = The name is too long: at most { $n } letters.
complaint-age = Choose an age from 0 to 17.
complaint-choice = Please choose one of the answers.
complaint-not-invited = This person is not invited to { $event }.
complaint-plus-ones = You may bring { $allowed ->
    [one] 1 person
   *[other] { $allowed } people
}; { $left ->
    [0] no place is left
    [one] 1 place is left
   *[other] { $left } places are left
}.
complaint-only-children = Only places for children are left. Please tick “A child” where it is one.
complaint-children = You may bring { $allowed ->
    [one] 1 child
   *[other] { $allowed } children
}; { $left ->
    [0] no place is left
    [one] 1 place is left
   *[other] { $left } places are left
}.
complaint-guests = An invitation holds at most { $n } people.
complaint-full = { $event } is full: { $left ->
    [0] no place is left
    [one] 1 place is left
   *[other] { $left } places are left
}.
complaint-diet-note = You chose “other”: tell the kitchen what is meant.
complaint-diet-unknown = Please choose from the list.
complaint-too-long = This text is too long: at most { $n } letters.
complaint-named-guest = Only the hosts can remove this person.

## Food needs that every occasion starts with

diet-vegetarian = Vegetarian
diet-vegan = Vegan
diet-gluten-free = No gluten
diet-dairy-free = No milk
diet-nut-allergy = Nut allergy
diet-shellfish-allergy = Shellfish allergy
diet-halal = Halal
diet-kosher = Kosher
diet-no-beef = No beef
diet-no-pork = No pork
diet-other = Other

## What hosts ask besides

question-household-ask = For all of you
question-household = Your household
question-required = Needed from those who come.
question-coming = Only if you come.
question-open = No answer
question-yes = Yes
question-no = No
complaint-question-required = Please answer: { $question }
complaint-question-number = Please write a whole number: { $question }
complaint-question-date = Please write a day as 2027-01-16: { $question }
complaint-question-choice = Please choose from the list: { $question }
complaint-question-long = Too long, at most { $n } letters: { $question }
complaint-question-gone = One of the questions is not asked any more. Please look through the form and save again.

## Confirmation

saved-title = Saved
saved-counts = { $counts }.
saved-calendar = Add to calendar
saved-mail = We send a copy to { $address }.
saved-no-mail = We send no copy by email, because this site does not let these hosts send mail freely yet. Your answers are saved, and you see them here.
saved-no-server = We send no copy by email, because this site sends no mail. Your answers are saved, and you see them here.

## Food needs and note by themselves

dietary-title = Food needs
dietary-intro = For everyone who is coming or not sure yet.
note-title = Your note

## Changed meanwhile

conflict-title = Someone changed this while you were here
conflict-text = Choose what to keep.
conflict-saved = Saved meanwhile: { $value }
conflict-yours = Yours: { $value }
conflict-nothing = nothing
conflict-name = Name of { $name }
conflict-merged = Everything else has been put together already.

## Too late

late-title = What you had typed, not saved
late-text = Answers closed before this could be saved. You can copy it and send it to the hosts.

## Public page of an occasion

card-title = Invitation
card-enter = Have you got an invitation?
card-preparing = In preparation
card-preparing-text = This page is being prepared. Please come back a little later.
card-preparing-host = Only you can see this. It is a draft.

## After it, when it is archived

thanks-title = Thank you
thanks-text = Thank you for having been part of it.
thanks-days-since = { $n ->
    [0] That was today.
    [one] That was yesterday.
   *[other] That was { $n } days ago.
}

## Mail after saving

mail-confirmation-subject = Your answers: { $hosts }
mail-moved-up-subject = There is a place for you: { $hosts }
mail-moved-up = Places have become free, and you have moved up from the waiting list.
mail-confirmation-list = This is what we have from you:
mail-confirmation-open = Open the invitation
mail-confirmation-or = Or go to { $address } and enter { $code }.
mail-confirmation-why = You receive this because answers were saved for { $household }. Not you? Please tell { $contact }.
mail-confirmation-why-plain = You receive this because answers were saved for { $household }.
mail-restricted-subject = Your answers: { $title }
mail-restricted-saved = Your answers are saved:
mail-restricted-text =
    { $intro }

    { $about }

    You see and change them here:
    { $link }

    You receive this because somebody answered an invitation with this address at { $site }. If it was not you, ignore this email.

## Mail to owners, when codes are being guessed

mail-guessing-subject = Invitation codes are being guessed at { $site }
mail-guessing-text =
    Hello { $name },

    so many wrong invitation codes were tried at { $site } that somebody may be guessing them. Until that stops, guests who type a code are also asked for one name on their invitation.

    There is nothing you have to do. The links you sent, and devices that have opened an invitation before, work as always.

    Your occasions: { $address }

## Answers without a code

card-events = When and where
card-open = No code?
card-open-button = Answer without a code
card-wishes = Wishes
open-intro = You need no code: answer for yourself and for those who come with you.
open-name = Your name
open-attending = Are you coming?
open-party = How many are coming, including you
open-party-hint = At most { $n }.
open-wish = A wish for { $hosts }
open-wish-public = The hosts may show it, with your name, on the page of the occasion.
open-contact = If you like, tell the hosts how to reach you. Only they see it.
open-email = Email
open-phone = Telephone
open-has-code = Have you got a code? Open your invitation
open-unconfirmed = The hosts still have to confirm your places.
open-code = Your code for later changes is { $code }. Please keep it.
complaint-open-name = Tell us your name.
complaint-open-email = This is not an email address. Please check it, or leave it out.
complaint-open-party = Choose a number from 1 to { $n }.
complaint-open-event = Please choose one of the answers for { $event }.
complaint-open-full = { $event }: { $left ->
    [0] no more places can be given to answers without an invitation
    [one] only 1 place can be given to answers without an invitation
   *[other] only { $left } places can be given to answers without an invitation
} at the moment. Please ask the hosts.

## What can go wrong behind an invitation's code.
problem-invitation-not-found = We do not know this code. O and 0, and I, L and 1, count as the same.
    .title = We do not know this code
problem-invitation-expired = This occasion is over. Thank you for having been part of it.
    .title = This occasion is over
problem-name-required = Many wrong codes were tried lately. Please send one name on the invitation too.
    .title = A name is needed
problem-code-malformed = A code has 5 to 8 letters or digits.
    .title = Please check the code
problem-phone-digits-lost = This number has lost its digits: the spreadsheet shortened it. Type the whole number, or leave it out.
    .title = Please check the phone number
problem-code-required = Please use the code on your invitation.
    .title = Code missing
problem-party-size = One answer brings at most { $limit ->
    [none] as many people as the hosts say
    [one] one person
   *[other] { $limit } people
}.
    .title = Too many people
problem-rsvp-deadline-passed = { $day ->
    [none] Answers are closed.
   *[other] Answers closed on { $day }.
} { $contact ->
    [none] For changes, please ask the hosts.
   *[other] For changes, please ask { $contact }.
}
    .title = Answers are closed
problem-invitation-locked = { $contact ->
    [none] To change your answer, please ask the hosts.
   *[other] To change your answer, please ask { $contact }.
}
    .title = Answers are closed
problem-occasion-closed = { $contact ->
    [none] This occasion is closed. For questions, please ask the hosts.
   *[other] This occasion is closed. For questions, please ask { $contact }.
}
    .title = This occasion is closed
problem-feature-disabled = The hosts do not use this here.
    .title = Nothing here
problem-plus-one-limit = { $allowed ->
    [none] There is no place left for another guest.
    [0] There is no place for a further guest.
    [one] You may bring one person.
   *[other] You may bring { $allowed } people.
}
    .title = No place left
problem-children-limit = { $allowed ->
    [none] There is no place left for another child.
    [0] There is no place for a further child.
    [one] You may bring one child.
   *[other] You may bring { $allowed } children.
}
    .title = No place left
problem-guest-limit = { $limit ->
    [none] An invitation cannot hold more people.
   *[other] An invitation can hold { $limit } people at most.
}
    .title = Too many people
problem-guest-not-found = We cannot find this person on the invitation.
    .title = Person not found
problem-named-guest = The hosts invited this person by name; only they can remove them.
    .title = Invited by name
problem-event-not-invited = This person is not invited to that part.
    .title = Not invited
problem-event-full = { $left ->
    [none] There is no place left.
    [0] There is no place left.
    [one] Only one place is left.
   *[other] Only { $left } places are left.
}
    .title = Full
problem-open-full = No more answers without an invitation can be taken at the moment. Please ask the hosts.
    .title = No more answers for now
problem-dietary-note-required = Please write down what “other” means.
    .title = Note missing

## What hosts hand to a messenger, to a telephone or to a mail program

send-subject = Invitation from { $hosts }
send-invite-formal = { $hosts } have the honour of inviting you to celebrate with them.
send-invite-casual = { $hosts } would love to have you there on their day.
send-invite-fun = { $hosts } are celebrating, and a party without you is no party!
# What stands in the place of still_open, when nothing is answered and when something is.
send-open-all = We have not heard from you yet, and we would love to know whether you can come.
send-open = Thank you for your answer. Still open: { $events }.
send-remind = Kind regards, { $hosts }
send-event = { $name }: { $words }
send-moved = { $event } has moved to another place.
send-hour = { $event } is now at { $now } (was { $was }), { $zone }.
send-hour-new = { $event } is at { $now }, { $zone }.
send-day = { $event } is now on { $now } (was { $was }).
send-when-where = { $event } has a new time and a new place.
send-changed = The time or place of { $event } has changed.
send-end-moved = The end time of { $event } has changed.
send-moved-was = Until now: { $was }
send-moved-now = Now: { $now }
send-moved-answer = If you have answered, your answer stays as it is. To change it, or to answer:
send-moved-again = Please tell us whether you can come then:
send-asked = We are asking you again about { $event }.
send-cancelled = { $event } is cancelled.
send-back = { $event } will take place after all.
event-place-open = Venue to follow
event-end-open = no set end time
event-cancelled = Cancelled
portal-asked-again = The time or place of { $event } has changed. Please answer again whether you can come.
portal-event-changed = This has changed since you answered.
portal-event-was = This has changed since you answered. It was: { $was }
event-cancelled-on = { $event } on { $day } is cancelled.
send-thanks = Thank you for being with us on our day.
send-thanks-gift = Thank you for your gift: { $gift }
send-thanks-pictures = The pictures of the day are here: { $link }
send-thanks-close = With heartfelt thanks, { $hosts }
send-link = Your invitation and your answer: { $link }
send-code = Your code: { $code }

## Printed cards

print-by = Please answer by { $date }.
print-scan = Scan to open your invitation and to answer,
print-or = or go to { $address } and enter this code:
print-request = We request the pleasure of your company.
print-request-memorial = We ask you to remember with us.

## News of the hosts
news-title = News
news-changed = { $day }, changed on { $changed }
