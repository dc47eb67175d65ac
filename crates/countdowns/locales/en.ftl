# What a countdown shows.
countdown-unit = { $n ->
    [one] day
   *[other] days
}
countdown-years = { $n ->
    [one] 1 year
   *[other] { $n } years
}
countdown-months = { $n ->
    [one] 1 month
   *[other] { $n } months
}
countdown-some-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
countdown-weeks = { $n ->
    [one] 1 week
   *[other] { $n } weeks
}
countdown-since = since { $when }
countdown-until = until { $when }
countdown-on = on { $when }
countdown-longest = Longest finished run
countdown-average = Average of the finished runs
countdown-resets = Resets
countdown-by = Counted by
countdown-record = Longest run so far
countdown-to-calendar = Add to calendar
countdown-phrase = Phrase of the day
countdown-year = The last year
countdown-year-key = From { $from } to today. One box is a week; a hollow one with a dot has a reset in it.
countdown-year-label = { $n ->
    [0] No week of the last 52 has a reset.
    [one] 1 of the last 52 weeks has a reset.
   *[other] { $n } of the last 52 weeks have a reset.
}
countdown-figures = Figures
countdown-runs = All runs
countdown-run-now = Now, since { $from }
countdown-run = { $from } – { $to }
countdown-runs-earlier = { $n ->
    [one] 1 earlier run is not listed.
   *[other] { $n } earlier runs are not listed.
}
countdown-directory = Countdowns
countdown-now = Counting now
countdown-directory-about = Countdowns that people show to everybody on { $site }.
countdown-directory-empty = Nobody shows a countdown here yet.
countdown-search = Title or name
countdown-find = Search
countdown-page-before = Previous page
countdown-page-next = Next page

## Hosts: its owners' pages, and what is refused.

# Its form.
countdown-title = Title
countdown-kind = What do you count?
countdown-kind-since = Days since
countdown-kind-until = Days until
countdown-kind-since-hint = Counts up, and starts again when you reset it: smoke-free, without an incident, last watered.
countdown-kind-until-hint = Counts down to a day: a move, a birthday, an exam.
countdown-presets = Begin with:
countdown-preset-new-year = New Year
countdown-preset-new-year-title = New Year
countdown-preset-birthday = A birthday
countdown-preset-birthday-title = Birthday
countdown-preset-without = Days without …
countdown-preset-without-title = Days without
countdown-title-hint = Reads well below the figure: since I last bought a plant.
countdown-counting-since = Counting since
countdown-counting-until = Counting until
countdown-time = Time
countdown-time-optional = Time, if there is one
countdown-since-hint = Now, in { $zone }. Choose an earlier day if it began before.
countdown-until-hint = In { $zone }. Without a time it is the beginning of the day.
countdown-public-listed = Everybody, and on my page
countdown-private-hint = And those you keep it with.
countdown-trusted-hint = Your trusted contacts, when they are signed in.
countdown-unlisted-hint = Nobody can guess the link.
countdown-public-hint = Search engines may find it.
countdown-shows-phrase = phrase
countdown-shows-notes = notes
countdown-shows-stats = earlier runs
countdown-fold-again = Comes again
countdown-fold-look = What the page shows
countdown-fold-zone = Time zone
countdown-fold-address = Web address
countdown-days-usual = as usual for what is counted
countdown-slug-made = made from the title
countdown-start = Start counting
countdown-begun = It is counting.
countdown-seen-private = Only its owners can see it.
countdown-seen-trusted = People you trust can see it.
countdown-seen-unlisted = Anybody with the link can see it.
countdown-seen-public = Everybody can see it.
countdown-reset-now = Reset to now
countdown-reset-then = It was at another time
countdown-first-run = The first run has just begun. Resets and their notes will be listed here.
countdown-follows = Follow a date
countdown-follows-hint = Day, time and time zone are then those of that date, and move with it.
countdown-follows-none = none
countdown-follows-other = the date that it follows now
countdown-target = Day
countdown-repeat = Comes again
countdown-after = When the day has come
countdown-after-count-up = count the days since
countdown-after-freeze = stand still
countdown-after-hide = hide it
countdown-leap-day = 29 February, in other years
countdown-time-zone = Time zone
countdown-days = A day is
countdown-slug = Last part of the web address
countdown-slug-hint = Small letters, digits and hyphens. Empty: made of the title.
countdown-visibility = Who sees it
countdown-private = Only me
countdown-trusted = People I trust
countdown-unlisted = Anybody with the link
countdown-public = Everybody
countdown-listed = On my page, and in the list of this site
countdown-show-notes = Show the notes of resets
countdown-show-stats = Show earlier runs and their figures
countdown-show-phrase = Show the phrase of the day
countdown-show-phrase-hint = One of the phrases of this site; those that you hide are not shown.
countdown-is-primary = Main countdown
countdown-is-primary-hint = It also has the address /your-name/incident-timer.

# The pages of its owners.
countdown-only-you = Only you see this page now.
countdown-not-started = It has not begun yet.
countdown-mine = Countdowns
countdown-own = Yours
countdown-yours = Your countdowns
countdown-begin = A countdown
countdown-begin-text = Days since, or days until
countdown-new = New countdown
countdown-none = You have no countdown yet.
countdown-what = What it counts
countdown-save = Save
countdown-cancel = Cancel
countdown-settings = Settings
countdown-when = When
countdown-when-hint = In the time zone { $zone }. Empty: now.
countdown-note = Note, if you like
countdown-entry = Reset
countdown-page = View page
countdown-delete = Delete
countdown-delete-title = Delete this
countdown-delete-effect = This cannot be undone.
countdown-delete-type = Type the title: { $name }
countdown-saved = Saved.
countdown-was-reset = The reset is saved.
countdown-deleted = Deleted.

# Its owners.
countdown-owners = Owners
countdown-owner-remove = Remove…
countdown-owner-question = Remove { $called } from the owners?
countdown-owner-question-facts = This person can no longer change or reset the countdown.
countdown-owner-question-undo = You can invite them again.
countdown-owner-question-do = Remove
countdown-owner-question-confirm = Confirm and remove
countdown-invite = Keep it with others
countdown-invite-text = Whoever is the first to join with the link, within 7 days, becomes an owner too. Owners see and change everything here.
countdown-invite-make = Make a link
countdown-invite-made = Send this link to the person you mean. It is shown only now, and works once.
countdown-invites-open = Links that nobody has used yet
countdown-invite-until = until { $when }
countdown-invite-withdraw = Withdraw

# Phrases.
phrase-all = Phrases
phrase-none = There are no phrases yet.
phrase-more = More
phrase-words = Phrase
phrase-words-hint = 5 to 200 characters, at least two words.
phrase-suggest-title = Suggest a phrase
phrase-suggest = Suggest
phrase-suggested = Thank you. A moderator will read it.
phrase-pending = waiting
phrase-approved = accepted
phrase-rejected = not accepted
phrase-exclude-effect = Programs draw a phrase for your pages. What you hide is never drawn.
phrase-exclude = Hide
phrase-include = Show again
phrase-hide-here = Hide this phrase
phrase-moderate = Manage phrases
phrase-suggestions = Suggestions
phrase-no-suggestions = Nothing is waiting.
phrase-new = New phrase
phrase-decide = Suggestion
phrase-approve = Accept it
phrase-reject = Turn it down
phrase-reason = Reason
phrase-reason-hint = Whoever suggested it reads this.
phrase-deactivate = Remove
phrase-activate = Restore
phrase-mail-approved-subject = Your phrase was accepted – { $site }
phrase-mail-approved-text = What you suggested is now one of the phrases of { $site }:

    { $phrase }

    { $address }
phrase-mail-rejected-subject = Your phrase was not accepted – { $site }
phrase-mail-rejected-text = A moderator of { $site } decided not to accept what you suggested:

    { $phrase }

    { $reason ->
        [none] No reason was given.
       *[other] The reason: { $reason }
    }

    { $address }
phrase-mail-waiting-subject = Suggestions are waiting – { $site }
phrase-mail-waiting-text = { $count ->
        [one] One suggestion of a phrase waits for a moderator:
       *[other] { $count } suggestions of phrases wait for a moderator:
    }

    { $address }

# Webhooks.
countdown-event-reset = a reset
countdown-event-entry-changed = a reset is changed
countdown-event-entry-deleted = a reset is deleted
countdown-event-changed = settings are changed
countdown-event-reached = the day comes

# Roles and tokens.
countdown-token-one = One countdown only
countdown-join-as-owner = owner: you keep this countdown together
countdown-scope-read = see your countdowns
countdown-scope-write = make, change and reset your countdowns

# What is refused.
problem-wrong-kind = Only a countdown that counts up can be reset.
    .title = Not of this kind
problem-entry-exists = There is a reset at this very moment already.
    .title = Reset twice
problem-named-after = The countdown is found under this person's name. Delete it instead.
    .title = Found under this name
problem-reset-in-future = This lies in the future.
    .title = In the future
problem-reset-too-old = Nothing before 1900 is counted.
    .title = Too long ago
problem-timestamp-without-offset = Say the offset from UTC: 2026-11-23T09:30:00+08:00.
    .title = Offset missing
problem-target-in-past = This day has passed. Choose another one, or let the countdown go on counting the days since.
    .title = In the past
problem-target-out-of-range = Choose a day from 1900 to 9999.
    .title = Out of range
problem-listed-requires-public = Only what everybody sees can be in the directory.
    .title = Not public
problem-phrase-exists = There is such a phrase already.
    .title = There already
problem-suggestion-pending = You have suggested this already.
    .title = Suggested twice
problem-already-moderated = Somebody else decided on this suggestion.
    .title = Decided already
problem-words-too-few = Use at least two words.
    .title = Too few words

# What is shared with others.
countdown-shared-owner = Another owner of a countdown

phrase-role-moderator = moderator of what people suggest
countdown-one = One countdown
event-countdown-created = Made a countdown
event-countdown-changed = Changed a countdown
event-countdown-deleted = Deleted a countdown
event-countdown-reset = Reset a countdown
event-countdown-entry-changed = Changed a reset of a countdown
event-countdown-entry-deleted = Deleted a reset of a countdown
event-phrase-created = Added a phrase
event-phrase-changed = Changed a phrase
event-suggestion-decided = Decided on a suggested phrase
