### Words of the hosts' pages: one message per sentence; names, dates and numbers come in formed.

## Navigation and everywhere

host-overview = Overview
host-invitations = Households
host-guests = People
host-reports = Lists and files
host-events = Events
host-members = Members
host-shared-member = Works on your occasion
host-log = Who changed what
host-strip-draft = Draft: guests can’t see it yet.
host-strip-closed = Closed: guests can look; nobody can answer.
host-strip-archived = Archived: guests read your thanks, and nothing can be changed.
host-today = today
host-tomorrow = tomorrow
host-yesterday = yesterday
host-in-days = in { $n } days
host-days-ago = { $n } days ago
host-just-now = just now
host-minutes-ago = { $n } min ago
host-hours-ago = { $n } h ago
host-end-of-day = { $date }, end of day
host-no-events = no day yet
host-error-title = Error: { $title }
host-save = Save
host-cancel = Cancel
host-create = Create
host-edit = Edit
host-change = Name, age, events
host-remove = Remove
host-back = Back
host-all = All
host-any = Any
host-list = List
host-table = Table
host-show = Show
host-search = Search
host-clear = Clear all
host-day = Day
host-when = When
host-refresh = Refresh
host-live = Up to date
host-live-waiting = Reconnecting…
host-live-paused = Paused, reload
host-pages = Pages
host-range = { $from }–{ $to } of { $total }
host-first-page = First page
host-previous-page = Previous
host-next-page = Next
host-as-file = This list as a file
host-newer = Newer
host-older = Older
host-take-away = { "" }: remove this filter
host-active-filters = Shown now
host-presets = Often wanted
host-more-filters = Show only some
host-nothing-found = Nothing matches.
host-somebody = somebody
host-you = you
host-since = Since
host-until = until { $when }
host-copy-link = Copy link
host-copied = Copied

## What the page before did

host-done-saved = Saved.
host-done-untold = Saved. There is nobody to tell: those who have an invitation declined, or none has gone out.
host-done-created = Created.
host-done-published = Published: guests can open their invitations now.
host-done-removed = Removed.
host-done-archived = Archived. This code no longer works.
host-done-restored = Restored. The code works again.
host-done-locked = Locked. The household can look and not change.
host-done-opened = Opened.
host-done-deadline = Deadline saved.
host-done-sent = Noted.
host-done-ordered = Moved.
host-done-code = The code is replaced. The old one no longer works.
host-done-left = You have left.
host-done-export = The file is being made. It appears below when it is ready.

## Occasions

host-new-occasion = New occasion
host-first-occasion = Your first occasion
host-no-occasions = There is no occasion here for you yet. Somebody who owns one can invite you.
host-new-occasion-note = It begins as a draft: guests see nothing until you publish it.
host-status-draft = Draft
host-status-published = Published
host-status-closed = Closed
host-status-archived = Archived
host-status-eating = Coming or not sure
host-kind-wedding = Wedding
host-kind-engagement = Engagement
host-kind-birthday = Birthday
host-kind-kenduri = Open house
host-kind-naming = Baby
host-kind-children = Children’s party
host-kind-anniversary = Anniversary
host-kind-company = Company event
host-kind-memorial = Memorial
host-kind-other = Something else

## Overview

host-coming = Coming
host-of-guests = { $count ->
    [one] of 1 guest · { $percent } %
   *[other] of { $n } guests · { $percent } %
}
host-curve = Answers over time
host-curve-day = { $day } { $month }
host-curve-invited = { $n } invited
host-curve-yes = Yes { $n }
host-curve-no = No { $n }
host-curve-undecided = Not sure { $n }
host-curve-none = A curve is drawn once answers have come in on two days.
host-curve-sentence = Of { $total ->
    [one] 1 guest
   *[other] { $total } guests
}, { $yes } said yes, { $no } said no and { $undecided ->
    [one] 1 is not sure
   *[other] { $undecided } are not sure
}.
host-closes = Answers close
host-never = never
host-response-rate = { $percent } % of guests said yes or no
host-invited = Who is invited
host-invited-everybody = Everybody
host-invited-some = { $of ->
    [one] { $n } of 1 household
   *[other] { $n } of { $of } households
}
host-invited-nobody = Nobody yet
host-seats = Seats
host-seats-of = { $n } of { $seats }
host-seats-left = { $n ->
    [one] 1 seat left
   *[other] { $n } seats left
}
host-seats-unapproved = { $n } of them answered without a code and wait for approval
host-seats-waiting = { $n ->
    [one] 1 waiting
   *[other] { $n } waiting
}, in { $households ->
    [one] 1 household
   *[other] { $households } households
}
host-seats-any = no limit
host-look = Needs a look
host-look-nothing = Nothing waits for you.
host-look-notes = Notes from households
host-look-diet-notes = Food notes to read
host-look-over = Households with more people than they may bring
host-look-without-email = Without an email address
host-latest = Latest answers
host-latest-none = Nobody has answered yet.
host-food = Food
host-food-none = Nobody has told you about food or allergies so far.
host-kitchen = Kitchen
host-who-comes = Who is coming
host-adults = Adults
host-children-band = Children, { $band }
host-children-unknown = Children, age not told
host-plus-ones-used = { $used } of { $allowed ->
    [one] 1 extra place
   *[other] { $allowed } extra places
} taken
host-households = Households
host-households-all = All { $n }
host-households-open = Can answer
host-households-closed = Closed by the deadline
host-households-locked = Locked by hand
host-households-never-opened = Not opened
host-back-overview = Back to the overview
host-no-invitations = Your first household
host-no-invitations-text = An invitation is one household: its people, its code, its language.
host-first-invitation = Add your first household

## Invitations

host-new-invitation = Add a household
host-search-invitations = Search household, guest, code, tag
host-preset-pending = Awaiting reply { $n }
host-preset-attending = Coming { $n }
host-preset-declined = Not coming { $n }
host-household = Household
host-answers = Answers
host-answer = Answer
host-code = Code
host-language = Language
host-access = Answering
host-last-answer = Last answer
host-above = More people than allowed
host-masked = You may not see this
host-sent-on = sent { $date }
host-tag-yes = { $n } yes
host-tag-no = { $n } no
host-tag-undecided = { $n } not sure
host-tag-waitlisted = { $n } waiting
host-tag-partial = { $n } declined so far, more to answer
host-tag-pending = { $n } open
host-new-answers = New answers: { $n }
host-select = Select several
host-select-done = Stop selecting
host-choose = Choose { $name }
host-choose-all = Choose all on this page
host-choose-matching = Select all { $n } matching
host-chosen = { $n } selected
host-chosen-first = Tick households, then choose what to do
host-nothing-chosen = No household was ticked.
host-keys = Keyboard
host-keys-text = / search · j and k move · x tick · Enter open · ? this help
host-keys-on = Use these keys
host-order = Order
host-sort-household = By name
host-sort-replied = Latest answer first
host-sort-created = Newest first
host-sort-opened = Last opened first
host-sort-size = Largest first
host-language-unknown = Not known
host-response-pending = Awaiting reply
host-response-attending = Somebody is coming
host-response-declined = Nobody is coming
host-response-unanswered = No answer at all
host-response-partial = Partly answered, or not sure
host-response-nothing = Nothing to answer
host-response-begun = Partly answered
host-response-unsure = Not sure
host-person-partial = Declined so far, more to answer
host-response-complete = Fully answered
host-response-waitlisted = On the waiting list
host-chip-search = “{ $value }”
host-chip-tag = Tag “{ $value }”
host-filter-response = Answers
host-filter-access = Answering
host-filter-language = Language
host-filter-event = Invited to
host-filter-tag = Tag
host-filter-answered = Has answered
host-filter-answered-yes = Has answered
host-filter-answered-no = Never answered
host-filter-opened = Has opened it
host-filter-opened-yes = Has opened it
host-filter-opened-no = Not opened
host-filter-sent = Sent
host-filter-sent-yes = Sent
host-filter-sent-no = Not sent
host-filter-invited = Invitation
host-filter-invited-yes = Has it, or needs none
host-filter-invited-no = Still needs it
host-filter-email = Email address
host-filter-email-yes = With email
host-filter-email-no = Without email
host-filter-contact = Way to reach them
host-filter-contact-yes = With an address or number
host-filter-contact-no = Without any address or number
host-filter-override = Own deadline
host-filter-override-yes = With its own deadline
host-filter-override-no = Without its own deadline
host-filter-over = Number of people
host-filter-over-yes = More people than allowed
host-filter-over-no = Not more than allowed
host-filter-note = Note from the household
host-filter-note-yes = With a note
host-filter-note-no = Without a note
host-filter-archived = Archive
host-filter-archived-yes = Archived ones
host-filter-status = Answer
host-filter-diet = Food need
host-filter-band = Child’s age
host-filter-child = Child
host-filter-child-yes = Children
host-filter-child-no = Adults
host-filter-plus-one = Brought along
host-filter-plus-one-yes = Brought along
host-filter-plus-one-no = Named by the hosts
host-filter-diet-note = Food note
host-food-own-words = This list has those for whom the need is ticked. Others wrote it in their own words.
host-food-own-words-see = See them
host-filter-diet-note-yes = With a food note
host-filter-diet-note-no = Without a food note
host-filter-actor = By
host-filter-action = About
host-filter-from = From
host-filter-until = Until

## Many at once

host-bulk = Many at once
host-bulk-actions = Actions
host-bulk-tag = Add a tag
host-bulk-untag = Remove a tag
host-bulk-language = Set the language
host-bulk-allowance = Say how many they may bring
host-bulk-deadline = Set the deadline
host-bulk-lock = Lock answers
host-bulk-unlock = Unlock answers
host-bulk-archive = Archive
host-bulk-unsent = Mark as not sent
host-bulk-undo = Undo
host-did-tag = Tag “{ $value }”
host-did-untag = Tag “{ $value }” removed
host-did-language = Language: { $value }
host-effect-none = This doesn’t open or close answers for anyone.
host-effect-changes = { $n ->
    [one] This changes 1 household. Answers stay open or closed as they are.
   *[other] This changes { $n } households. Answers stay open or closed as they are.
}
host-effect-closes = { $n ->
    [one] This closes answers for 1 household now. They will see a notice with your contact.
   *[other] This closes answers for { $n } households now. They will see a notice with your contact.
}
host-effect-reopens = { $n ->
    [one] This opens answers again for 1 household.
   *[other] This opens answers again for { $n } households.
}
host-effect-archive = { $n ->
    [one] This archives 1 household: its code no longer works, and its guests are not counted. It can be restored within 30 days.
   *[other] This archives { $n } households: their codes no longer work, and their guests are not counted. They can be restored within 30 days.
}
host-do-it = Do it
host-see-effect = See what it does
host-job = { $what }: { $done } of { $total } done, { $failed } failed
host-failed = Stayed as they were
host-back-invitations = Back to the households

## One invitation

host-preview = View as guest
host-preview-notice = Preview, nothing is saved
host-no-people = Nobody is on this invitation yet.
host-add-person = Add a person
host-no-name-yet = name not known yet
host-plus-one = brought along
host-saving = Details
host-save-phone = Save (answered by phone)
host-exceed = Save it even if these are more people than allowed, or than there are seats
host-exceed-seats = Even beyond the seats of an event
host-exceed-hint = Other guests keep their seats; the event may then have too many people.
host-order-people = Order of the people
host-order-people-hint = Guests see them in this order. Save answers first: moving somebody does not.
host-order-up = Up
host-order-down = Down
host-choice-none = No answer
host-choice-none-to = take back the answer for { $event }, { $person }
host-mail-household = Email them a confirmation
host-mail-household-hint = Otherwise the household is not told.
host-household-note = Note from the household
host-history = History
host-reason = Reason, for hosts: { $reason }
host-why-open = Answers are open until { $deadline }, as for everybody.
host-why-open-own = Answers are open until { $deadline }, this household’s own deadline.
host-why-open-until = Opened by hand until { $deadline }.
host-why-open-by-hand = Opened by hand, whatever the deadline.
host-why-open-always = Answers are open. There is no deadline.
host-why-closed = Answers closed: { $deadline }. The household can look and not change.
host-why-closed-undated = Answers are closed.
host-why-occasion-closed = The whole occasion is closed.
host-why-locked = Locked by hand, whatever the deadline. The household can look and not change.
host-why-archived = Archived: the code no longer works, and its guests are not counted.
host-why-expired = The occasion is archived.
host-lock-auto = As the deadline says
host-lock-now = Lock now
host-lock-effect = The household can look and not change, whatever the deadline. It sees your contact, not the reason.
host-unlock = Back to what the deadline says
host-open-by-hand = Open whatever the deadline
host-open-effect = The household can answer until the day you choose, or until the occasion closes.
host-own-deadline = Own deadline
host-usual-deadline = Empty: the occasion’s, { $deadline }. A day that is over closes answers now.
host-usual-never = Empty: none, as for everybody. A day that is over closes answers now.
host-replace-code = Replace the code
host-replace-code-effect = The old code and its link no longer work from then on, on printed cards too. Anyone who has it open is signed out.
host-type-code = To confirm, type { $code }
host-type-name = To confirm, type { $name }
host-insist = Use it although it is easy to guess
host-way = Sent and opened
host-sent-at = Sent: { $when }
host-not-sent = Not marked as sent
host-opened-at = { $n ->
    [one] Last opened: { $when } (once)
   *[other] Last opened: { $when } ({ $n } times)
}
host-never-opened = Not opened
host-answered-at = Answered: { $when }
host-mark-sent = Mark as sent
host-mark-unsent = Not sent after all
host-about-household = About the household
host-mail-soft-bounce = Email to { $address } has come back three times, last on { $when }, so none goes there for a week. If the address is wrong, correct it. If it is right and takes email again, you can allow it at once.
host-mail-hard-bounce = Email to { $address } has been coming back since { $when }: its server says that there is no such address. Ask the household, and correct the address. If it is right after all, you can allow email again.
host-mail-complaint = { $address } complained about an email from this site on { $when }, so none goes there. Only they can change that, in their account, or whoever runs this site. Reach them another way.
host-mail-unsubscribe = { $address } asked on { $when } for no more reminders and news; confirmations still go there. Only they can change that, in their account, or whoever runs this site.
host-mail-manual = Somebody who runs this site stopped email to { $address } on { $when }. Ask them, or reach the household another way.
host-mail-again = Allow email again
host-done-mail = Email will go there again.
host-may-bring = May bring
host-allowance = { $used } of { $allowed ->
    [one] 1 person
   *[other] { $allowed } people
}, { $children_used } of { $children_allowed ->
    [one] 1 child
   *[other] { $children_allowed } children
}
host-contact = Contact
host-contact-hint = Shown where guests have to ask the hosts.
host-words = Words
host-archive = Archive
host-archive-effect = The code no longer works, the guests are not counted, and nothing is deleted. You can restore it within 30 days.
host-restore = Restore
host-remove-person = Remove this person
host-remove-person-effect = The answers and food needs go with the person. How many the household may bring stays as it is.
host-kind-named = Invited by name
host-kind-plus-one = Brought along
host-kind-plus-one-hint = Counts among those whom the household may bring.

## Fields

host-field-household = Name of the household
host-field-household-hint = As it should be addressed: “Keluarga Encik Rahman”.
host-field-guests = People
host-field-guests-hint = One name on each line. Children and food needs can be added afterwards. If you only know the family’s name, say below how many people it may bring.
host-field-salutation = Own salutation
host-field-salutation-hint = Instead of “Dear …”.
host-field-tag = Tag
host-field-tags = Tags
host-field-tags-hint = With commas between them: side, group.
host-field-table-hint = Such as 4. The place cards and the list for the door show it, and come in its order.
host-field-plus-ones = People it may bring
host-field-plus-ones-hint = 0 to 20, grown-ups or children.
host-field-children = More children
host-field-children-hint = 0 to 20, besides the people above.
host-field-keep = Empty: stays as it is.
host-field-for-new = For new households.
host-field-email = Email
host-field-phone = Phone
host-phone-unread = WhatsApp cannot be used: this phone number cannot be read. It is kept as you typed it. Write it with the country’s code, such as { $example }.
host-field-address = Address
host-field-own-email = Own email
host-field-own-phone = Own phone
host-field-message = Message to the household
host-field-message-hint = They read it on their invitation.
host-field-note = Note between hosts
host-field-note-hint = Private: guests never see it.
host-field-code = Code of your choice
host-field-code-hint = Empty: one is drawn, hard to guess.
host-field-reason = Reason
host-field-reason-hint = For hosts only.
host-field-deadline = Last day to answer
host-field-deadline-hint = The whole day counts. Empty: no deadline of its own.
host-field-last-day-hint = The whole day counts. Empty: there is no deadline.
host-field-own-deadline = Last day for this household
host-field-open-until = Until the end of
host-field-name = Name
host-field-child = A child
host-field-age = Age
host-field-age-hint = 0 to 17, of a child.
host-field-invited-as = Invited as
host-field-diet-note = Food, in their words
host-field-hosts = Names
host-field-title = Title
host-field-kicker = Above the names
host-field-subtitle = Below the names
host-field-welcome = The invitation
host-field-farewell = After the day
host-field-slug = Web address
host-field-slug-hint = Small letters, digits and hyphens: aisyah-daniel. An old name leads to the new one.
host-field-kind = What is celebrated
host-field-time-zone = Time zone
host-field-time-zone-hint = For example Asia/Kuala_Lumpur.
host-field-currency = Currency
host-field-languages = Languages
host-field-languages-hint = What guests can choose from.
host-field-default-language = Main language
host-field-tone = Tone
host-field-tone-hint = Salutation, invitation and thanks; errors and buttons stay plain.
host-field-retention = Days to keep guests’ data
host-field-retention-hint = 30 to 1,825 after the last event; food needs always 30.
host-field-event-name = Name
host-field-starts = Begins
host-field-ends = Ends
host-field-ends-hint = If you do not know when it ends, leave this empty. Guests then see only the start.
host-field-venue = Venue
host-field-map = Map link
host-field-map-hint = Starts with https://
host-field-dress = Dress
host-field-seats-hint = Leave empty for no limit.
host-field-open-to-all = Open to all
host-field-open-to-all-hint = Every household is invited, and the public page says when and where it is. If answers without a code are on, they are for the events that are open to all; while no event is, for every event.
host-field-invite-all = Invite every household that is here. If not, choose them under Households.
host-field-position = Place in the order
host-field-event-position-hint = Events are listed by time. This number decides only between events that start at the same time. If no event is open to everybody, the public page shows the day of the event with the lowest number.
host-field-key = Web address
host-field-key-hint = Small letters, digits and hyphens. It stays. Empty: chosen for you.
host-field-ground = Colour
host-field-accent = Your colour
host-field-accent-hint = For buttons and links. We adjust it where it would be hard to read.
host-accent-own = Use a colour of my own
host-accent-light = On light pages your colour is { $color }, so that everybody can read it.
host-accent-dark = On dark pages your colour is { $color }, so that everybody can read it.
host-field-cover-alt = What the photo shows
host-field-cover-alt-hint = Read aloud to guests who cannot see it.
host-cover = Photo
host-photo-add = Choose a photo
host-photo-change = Change photo
host-photo-file-hint = JPEG, PNG or WebP. Only the picture itself is kept, not where it was taken. You see it here after you save.
host-photo-focus = Tap what must stay in the picture.
host-photo-again = This photo was cropped for wide looks only. Choose it again so that it fits upright looks too.
host-photo-see = Preview
host-photo-preview = As guests see it
host-photo-part-1 = Top left
host-photo-part-2 = Top middle
host-photo-part-3 = Top right
host-photo-part-4 = Middle left
host-photo-part-5 = Centre
host-photo-part-6 = Middle right
host-photo-part-7 = Bottom left
host-photo-part-8 = Bottom middle
host-photo-part-9 = Bottom right
host-cover-remove = Remove the photo

## Guests

host-search-guests = Search guest or household
host-no-guests = No guests yet
host-no-guests-text = People come with their invitations.

## Kitchen and files

host-allergy = Allergy
host-export-households = Households
host-export-replies = Answers for each event
host-export-questions = Answers to your questions

## Members

host-role = Role
host-role-of = Role of { $name }
host-role-owner = Owner
host-role-owner-may = Everything: settings, members, codes, closing.
host-role-coordinator = Coordinator
host-role-coordinator-may = Invitations, guests, answers by phone, texts; sees who changed what.
host-role-observer = Observer
host-role-observer-may = Can view everything except codes and contact details; changes nothing.
host-join-as-observer = observer: you see everything but contact details, and change nothing
host-join-as-coordinator = coordinator: you look after invitations and guests
host-join-as-occasion-owner = owner of the occasion: everything is yours to change
host-leave = Leave
host-invite-member = Invite somebody
host-invite-text = Makes a link for one person. It works once, within 7 days; send it yourself.
host-invite-make = Make the link
host-invite-made = Here is the link
host-invite-once = It is shown this once. Copy it now.
host-invites-open = Not used yet
host-withdraw = Withdraw

## Settings

host-texts = Texts
host-words-written = { $n ->
    [0] ready-made
   *[other] { $n } of { $total } written
    }
host-words-languages = Languages…
host-words-until = Guests read this until you write your own:
host-words-own = Write your own
host-words-welcome-note = Below “Dear Thompson family”, on every invitation.
host-words-farewell-note = From the morning after, guests read this first.
host-basics = Basics
host-deadline = Answer by
host-set-deadline = Set this deadline
host-deadline-suggested = { $day } gives your guests { $left ->
    [one] 1 day
   *[other] { $left } days
} to answer, and you { $before ->
    [one] 1 day
   *[other] { $before } days
} until the first event.
host-deadline-suggested-do = Set { $day }
host-switches = What guests can do
host-state = Publish or close
host-offered = Offered to guests
host-style = Style
host-tone-formal = Formal
host-tone-casual = Casual
host-tone-fun = Fun
host-look-title = Look
host-look-hint-songket = Woven gold
host-look-hint-vermilion = Red, gold, double joy
host-look-hint-tiles = Peranakan courtyard
host-look-hint-garden = Leaves and blossom
host-look-hint-lamplight = A warm night
host-look-hint-marigold = Garlands, turmeric
host-look-hint-letterpress = Ink on cotton paper
host-look-hint-deco = Gold lines, black tie
host-look-hint-shore = Sea and light
host-look-hint-margin = White space
host-look-hint-ketupat = Open house
host-look-hint-bunting = Balloons, bright
host-look-hint-cradle = Moon and clouds
host-look-hint-letterhead = For a company
host-look-hint-still = Quiet remembrance
host-look-hint-plain = Your colour, no fuss
host-looks = Choose a look
host-looks-text = Your names, your day. Change it whenever you like: nothing you write is lost.
host-looks-keep = Keep { $look } for now
host-looks-kinds = Kinds of looks
host-looks-all = All
host-looks-others = Made for other occasions
host-looks-back = All looks
host-look-use = Use this look
host-looks-malay = Malay
host-looks-chinese = Chinese
host-looks-indian = Indian
host-looks-classic = Classic
host-looks-outdoors = Garden and sea
host-looks-evening = Evening
host-looks-modern = Modern
host-looks-other = Other occasions
host-look-colours = { $n ->
    [one] One colour
   *[other] { $n } colours
}
host-ground-usual = As usual
host-switch-dietary = Ask for food needs
host-switch-dietary-off = Off hides them; what was told is kept.
host-switch-notes = Let households write a note
host-switch-notes-off = Off hides notes; they are kept.
host-switch-children = Tell children apart
host-switch-children-off = Off hides age and child places.
host-switch-undecided = Offer “Not sure”
host-switch-undecided-off = Off: those who said so count as not answered.
host-switch-names = A guest brought along needs a name
host-switch-names-on = On: those without a name stay until they are changed.
host-switch-late = Notes, gifts and pictures stay open after answers close
host-switch-late-off = Off closes notes, gifts and pictures with the answers.
host-switch-mail = Confirm by email what was saved
host-switch-mail-off = Off: nobody gets an email after saving.
host-switch-form-events = Tell hosts who opened the form and did not save
host-switch-form-events-off = On: we note only the days and what was missing, and the form tells guests so. Turning it off deletes these notes.
host-switch-waitlist = Keep a waiting list
host-switch-waitlist-on = On: when an event has too few seats left, a household waits instead of being refused. When seats become free, households move up by themselves, first come first served, and are told by email.
host-switch-open = Take answers without a code
host-switch-open-on = On: whoever knows the page of the occasion can answer. Look through these answers and approve them.
host-switch-wishes = Show wishes to everybody
host-switch-wishes-on = On: wishes that came without a code are shown on the page of the occasion once you approve them.
host-switch-days-left = Say how many days are left
host-switch-days-left-on = On: each invitation says how long it is to the next event on it. After the last one it says nothing.
host-switch-ask-name = Always ask for a name beside a typed code
host-switch-ask-name-on = On: whoever types a code must also type one name on the invitation, also while nobody guesses. Links, QR codes and devices that opened an invitation before need none. It holds for all occasions on this site, because nobody may learn which occasion a code belongs to.
host-field-open-party = People in one answer without a code
host-publish = Publish
host-publish-effect = Everybody who has the address { $address } can then see its page, and each household’s code opens its invitation. Search engines are asked not to list it. No invitation is sent.
host-publish-no-event = There is no event yet, so guests read no day.
host-publish-no-day = The day is not known yet: guests read “Date to follow” and cannot answer.
host-close = Close
host-close-effect = Guests can look; nobody can answer.
host-withdraw-occasion = Back to draft
host-withdraw-occasion-effect = Codes do not work until you publish again. Answers are kept.
host-reopen = Open again
host-reopen-effect = Answers are open again as far as deadlines say.
host-archive-occasion = Archive the occasion
host-archive-occasion-effect = Guests can read your thanks, and change nothing any more. Everything is kept until the days to keep it are over.
host-unarchive = Take out of the archive
host-unarchive-effect = Codes show their invitations again, closed.
host-new-event = New event
host-when-where = When and where
host-remove-event = Remove this event
host-remove-event-effect = Every answer given for it is deleted. This cannot be undone.
host-event-said-yes = { $n ->
    [one] 1 person
   *[other] { $n } people
} from { $households ->
    [one] 1 household
   *[other] { $households } households
} said yes to it.
host-event-untold = { $n ->
    [one] 1 person who said yes has
   *[other] { $n } people who said yes have
} not been told that it is cancelled. Once it is removed, nothing here says whom to tell.
host-event-untold-open = { $households ->
    [one] 1 invited household has
   *[other] { $households } invited households have
} not been told that it is cancelled. Once it is removed, nothing here says whom to tell.
host-event-tell-first = Tell them first
host-cancel-event = Cancel this event, and tell them…
host-cancel-event-effect = It is cancelled first: guests read so, every answer is kept, and you choose how to tell those who may come. After that you can remove it.

## Questions, food needs, schedules

host-questions = Questions
host-questions-text = What you ask besides who comes: once of the whole household, or of each person.
host-new-question = New question
host-question-answers = Who answers, and how
host-question-when = When it is asked
host-question-away = Not asked any more
host-question-events-hint = None ticked: all of them; a meal is for one. Those who decline are not asked.
host-remove-question = Remove this question
host-remove-question-effect = If somebody has answered it, it is not asked any more, and the answers are kept.
host-done-away = Put away: it is asked of nobody any more, and what was answered is kept.
host-choice-n = Choice { $n }
host-choices-hint = 2 to 50. Leave one empty to take it away; save to get more empty ones.
host-answer-short-text = One line
host-answer-long-text = Several lines
host-answer-one-choice = One choice
host-answer-several-choices = Several choices
host-answer-yes-no = Yes or no
host-answer-number = A number
host-answer-date = A day
host-asked-of-household = The household, once
host-asked-of-guest = Each person
host-field-question = Question
host-field-help = Help below the question
host-field-answer-kind = Answer
host-field-asked-of = Asked of
host-field-choices = Choices
host-field-required = Must be answered
host-field-required-hint = By those who come. Whoever declines can leave it open.
host-field-coming-only = Only those who come
host-field-coming-only-hint = Answers of others do not count.
host-field-hosts-only = Only hosts ask
host-field-hosts-only-hint = Guests never see it; you write the answer on the invitation.
host-field-active = In use
host-field-active-hint = Otherwise it is asked of nobody, and what was answered is kept.
host-field-label = Name
host-diets-text = What can be ticked about food. What somebody has chosen can be put away, not removed.
host-diets-off = At present food needs are not asked at all: see the switches.
host-new-diet = New food need
host-allergy-hint = Comes first, and is marked for the kitchen.
host-diet-active-hint = Otherwise nobody can choose it; whoever has it keeps it.
host-diet-own-words = Empty: in our words, in every language.
host-remove-diet = Remove this food need
host-remove-diet-effect = If somebody has it, it is kept, but can no longer be chosen.
host-schedule = Schedule
host-schedule-of = Schedule: { $event }
host-schedule-lines = { $n ->
    [0] Schedule: nothing yet
    [one] Schedule: 1 line
   *[other] Schedule: { $n } lines
}
host-schedule-text = What happens when, as guests read it on their invitation. Leave a line empty to take it away; save to get more empty ones.
host-schedule-line = Line { $n }
host-schedule-time = Time
host-schedule-title = What happens
host-schedule-detail = More about it
host-filter-answer = Answer to a question
host-filter-answer-any = { $question } – answered
host-family-question = Questions
host-log-question-created = added a question
host-log-question-changed = changed a question
host-log-question-removed = removed a question

## The log

host-by-household = { $name }
host-by-token = A program
host-by-system = Kenduri
host-by-somebody = Somebody
host-family-rsvp = Answers
host-family-invitation = Invitations
host-family-guest = People
host-family-event = Events
host-family-occasion = Settings
host-family-bulk = Many at once
host-family-export = Files
host-family-grant = Members
host-family-invite = Links for members
host-log-rsvp-saved = saved answers
host-log-rsvp-by-host = saved answers by phone
host-log-rsvp-moved-up = moved up from the waiting list
host-log-invitation-created = added the invitation
host-log-invitation-changed = changed the invitation
host-log-invitation-archived = archived the invitation
host-log-invitation-restored = restored the invitation
host-log-invitation-locked = locked answers
host-log-invitation-unlocked = opened answers
host-log-code-replaced = replaced the code
host-log-swept = closed answers at the deadline
host-log-guest-added = added people
host-log-guest-changed = changed a person
host-log-guest-removed = removed a person
host-log-guest-ordered = put people in order
host-log-event-created = added an event
host-log-event-changed = changed an event
host-log-event-removed = removed an event
host-log-event-asked-again = asked those who said yes to an event again
host-log-event-not-told = decided not to tell guests that an event has changed
host-log-let-send = let the occasion send email
host-log-occasion-created = created the occasion
host-log-occasion-changed = changed the settings
host-log-occasion-moved = changed the state
host-log-bulk = changed many invitations
host-log-export = asked for a file
host-log-export-fetched = fetched a file
host-log-grant-given = gave a role to
host-log-grant-changed = changed the role of
host-log-grant-removed = removed the role of
host-log-invite-created = made a link for a member
host-log-invite-withdrawn = withdrew a link for a member
host-log-diets = changed the food needs on offer
host-log-diets-deleted = deleted all guests’ food needs, 30 days after the last event

## Answers without a code

host-log-invitation-approved = approved the answer without a code
host-log-invitation-apart = said that this and another household are two
host-log-invitation-merged = put another invitation to this one
host-open-title = Answered without a code
host-open-waiting = Look through this answer. It counts already.
host-open-duplicate = Somebody of the same name, who can be reached in the same way, had answered before. Perhaps it is the same person.
host-open-approved = Approved { $when }.
host-open-approve = Approve
host-open-merge = Put two households together
host-open-merge-effect = The people go to the other invitation, which keeps its code. This code opens it too. Anybody who is on both counts once, with the later answer.
host-open-merge-code = Code of the other invitation
host-open-tag = No code
host-open-tag-duplicate = Possible duplicate
host-open-tag-approved = No code, approved
host-done-approved = Approved.
host-done-merged = Put together.
host-done-apart = They stay two households. This pair is not shown again.
host-filter-open = Without a code
host-filter-open-yes = Answered without a code
host-filter-open-no = Invited by you
host-filter-open-waiting = Not approved yet
host-filter-open-duplicate = Possible duplicates
host-filter-open-approved = Approved
host-preset-open = { $n } without a code to approve

# Occasions that members made, for who administers the site.
host-members-occasions = Occasions of members
host-members-mails = { $n ->
    [one] { $n } email in a day
   *[other] { $n } emails in a day
}
host-members-let-send = Let it send email
host-members-stop-sending = Stop its email
host-members-take-on = Make it the site’s own

# What webhooks hear of.
host-event-reply-saved = an answer is saved
host-event-invitation-opened = an invitation is opened for the first time

## Lists that hosts bring

host-export-everything = Everything, to keep or to import again
host-import = Import guests

## Sending by hand

host-send = Send invitations
host-send-one = Send
host-send-skip = Later
host-send-marked = { $household } is marked as sent.
host-send-open = Open this invitation
host-send-none = Everything is sent.
host-send-draft = Links open once the occasion is published.
host-copy-message = Copy message
host-message = The message

## Printing

host-print = Print
host-print-text = Choose the paper first. In the print dialogue choose a scale of 100 % and no margins.
host-print-cards = Small cards
host-print-cards-text = 85 × 55 mm, ten on a page, in each household’s language: code, QR code and where to go. Cut along the dashed lines.
host-print-labels = Envelope labels
host-print-labels-text = 70 × 37 mm, 24 on a sheet: household and address.
host-print-codes = Code labels, for the cards inside
host-print-codes-text = 70 × 37 mm, 24 on a sheet: household, code and QR code, to stick on cards of your own.
host-print-no-address = { $n ->
    [one] 1 household has no address, so it gets no label:
   *[other] { $n } households have no address, so they get no label:
}
host-print-places = Place cards
host-print-places-text = For everybody who comes, 85 × 45 mm when folded, six on a page. Cut along the dashed lines and fold along the dotted ones. Those who have a table, such as the tag “Table 4”, show it, and come in its order.
host-print-kitchen-text = The list of food needs prints as it stands on its page.
host-print-qr = QR codes
host-print-qr-text = All QR codes as pictures, for a printer’s own design.
host-print-all = All households
host-print-unsent = Not yet sent
host-print-how = Print this page on A4 at 100 %, without margins. It shows what will be on the paper.
host-print-how-letter = Print this page on Letter at 100 %, without margins. It shows what will be on the paper.
host-paper = Paper
host-paper-a4 = A4
host-paper-letter = US Letter
host-print-a6 = Invitation cards, A6
host-print-shop = For a print shop: each card on a page of its own, with 3 mm of bleed
host-print-how-shop = Save this page as a PDF, without margins and with background graphics. Each page is 111 × 154 mm: the card, and 3 mm on each side to be cut off.
host-print-both = Both sides: the cover alone on the front, all else on the back
host-print-a6-text = 105 × 148 mm, four on a page, in each household’s language: your names, the events it is invited to, code and QR code, all drawn: your photo is only on the guests’ pages. Cut along the dashed lines.
host-print-a6-text-letter = 105 × 148 mm, two on a page, in each household’s language: your names, the events it is invited to, code and QR code, all drawn: your photo is only on the guests’ pages. Cut along the dashed lines.
host-print-no-photo = Your photo is only on the guests’ pages: on these cards everything is drawn.
host-print-cards-text-letter = 3½ × 2 in, ten on a page, in each household’s language: code, QR code and where to go. Cut along the dashed lines.
host-print-labels-text-letter = 4 × 2 in, ten on a sheet: household and address.
host-print-codes-text-letter = 4 × 2 in, ten on a sheet: household, code and QR code, to stick on cards of your own.
host-print-places-text-letter = For everybody who comes, 85 × 43 mm when folded, six on a page. Cut along the dashed lines and fold along the dotted ones. Those who have a table, such as the tag “Table 4”, show it, and come in its order.
host-print-door = Door list
host-print-door-text = Everybody who comes, by name: the household, how many of it come, its table, and a box to tick for each event. A table is a tag such as “Table 4”.
host-print-door-all = All events
host-print-door-how = Print this page with its own margins. The number after a household is how many are coming.
host-print-door-not-invited = Not invited
host-print-table = Table

## Looks

host-look-see = See it first

host-unanswered = Not answered yet
host-unanswered-no-contact = No phone number, no email address, no postal address.
host-unanswered-not-sent = Not sent yet.
host-unanswered-bounced = Email came back on { $day }.
host-unanswered-no-address = Email came back on { $day }: no such address.
host-unanswered-unsubscribed = Asked us on { $day } to send no more email.
host-unanswered-complained = Marked our email as spam on { $day }. Please don’t write without asking first.
host-unanswered-mail-stopped = No email has gone to this address since { $day }.
host-unanswered-locked = Answers are locked for this household.
host-unanswered-own-deadline = Answers closed on { $day }, this household’s own deadline.
host-unanswered-never-opened-by = Sent on { $day } ({ $channel }), never opened.
host-unanswered-never-opened = Sent on { $day }, never opened.
host-unanswered-partial = Answered { $answered } of { $people }. Still open: { $names }
host-unanswered-partial-unsure = Answered { $answered } of { $people }. Not sure: { $names }
host-unanswered-unsure = Not sure: { $names }
host-unanswered-events = Answered, but not for { $events }.
host-unanswered-each = Each has something left to answer: { $names }
host-unanswered-unnamed = { $n } without a name
host-unanswered-opened = { $n ->
    [one] Opened or previewed once, on { $day }.
   *[other] Opened or previewed { $n } times, last on { $day }.
}
host-unanswered-question-missing = Tried to save on { $day }; “{ $field }” was missing.
host-unanswered-name-missing = Tried to save on { $day }; a name was missing.
host-unanswered-save-refused = Tried to save on { $day }; something was missing or could not be accepted.
host-unanswered-form-opened = { $n ->
    [one] Opened the form on { $day }, did not save.
   *[other] Opened the form { $n } times, last on { $day }, did not save.
}
host-unanswered-print = Print
host-unanswered-send = Send
host-unanswered-mend = Correct the address
host-unanswered-whatsapp = WhatsApp
host-unanswered-call = Call
host-unanswered-open-again = Open again
host-unanswered-remind = Remind
