# What everybody reads.
booking-menu = Book
booking-title = Book a time
booking-title-with = Book a time with { $name }
booking-next = Next: { $when }
booking-kind = Kind
booking-kind-all = All kinds
choice-session-type = Type of session
choice-level = Level
choice-entry = About
choice-track = Track
entry-levels = Levels
choice-all = All
choice-none = No preference
choice-pick = Choose
booking-note-open = A note (optional)
booking-topics-open = Topics (optional)
booking-topics-hint = One on each line, up to 10.
booking-topics = Topics
booking-shows-email = The provider sees my email address once it is booked
booking-from = From
booking-show = Show
booking-more-filters = More filters
booking-area = Area
booking-max-price = Maximum price ({ $currency })
booking-min-length = At least
booking-way = Booked with
booking-by-money = Money, or free
booking-more = More times on these days
booking-zone-device = All times are in { $zone }, as your device says.
booking-zone-place = All times are in { $zone }, where it takes place.
zone-title = Your time zone
zone-text = Choose the place whose clock you read. It changes no session.
zone-search = City or country
zone-search-hint = New York, India, UTC+3
zone-find = Find
zone-found = Found
zone-nothing = No place has this name. Try the next large city, the country, or a difference such as UTC+3.
zone-yours = For you
zone-of-device = What your device says
zone-of-site = Where this site is
zone-chosen = What you chose
zone-areas = By region
zone-change = Change the zone
zone-area-africa = Africa
zone-area-america = Americas
zone-area-asia = Asia
zone-area-europe = Europe
zone-area-pacific = Australia and Pacific
zone-area-oceans = Atlantic, Indian Ocean, Antarctica
booking-at-place = { $place } ({ $reader })
booking-zone-mails = Your emails
booking-zone-take-over = Use { $zone } for your emails too
booking-time-own = In your account’s zone: { $when }
booking-their-time = For the provider: { $when }
booking-nothing = Nothing is free at present.
booking-clear = Show all times
new-slots-newsletter = New times to book, by email each morning
booking-nothing-next = Nothing is free on these days. The next is { $day }.
booking-nothing-free = nothing free
booking-days = { $from } to { $to }
booking-count-free = { $count } free
booking-row = { $length }, with { $name }
booking-do = Book
booking-free = Free of charge
credit-count = { $count ->
    [one] 1 credit
   *[other] { $count } credits
} ({ $kind })
plan-lasts = { $months ->
    [one] for 1 month
   *[other] for { $months } months
}
plan-lasts-days = { $days ->
    [one] for 1 day
   *[other] for { $days } days
}
booking-do-credit = Book with 1 credit ({ $count } left)
booking-no-credit = This time is booked with a credit, and you have none.
booking-no-membership = This time is for members, and you have no membership now. A plan makes you a member.
booking-credit-frozen = Your credits cannot be used now, because the payment for them is disputed or is being paid back.
plan-see = See plans
plan-offered = Plans
plan-offered-text = Some times are booked with credits. A plan gives you credits for some months.
plan-none = There is no plan at the moment.
plan-sign-in = Sign in to buy
plan-tiers-text = A membership also lets you use what is for members.
plan-is-membership = A membership
plan-has-review-calls = Documents can be reviewed in a call.
plan-left = { $count ->
    [one] Only 1 left
   *[other] { $count } left
}
plan-buy = Buy for { $sum }
booking-earlier = Earlier
booking-later = Later
booking-for = for { $length }
booking-when = When
booking-with = With
booking-where = Where
booking-places = Places
booking-seats = { $seats } places, { $left ->
    [0] full
   *[other] { $left } left
}
booking-seats-own = How many places
booking-seats-hint = Up to { $most }. Each: { $price }
booking-seats-total = { $count } × { $each } = { $sum }
booking-names = Who comes (optional)
booking-names-hint = One name on each line.
booking-full = This class is full.
waiting-title = Waiting list
waiting-others = { $count ->
    [one] One other waits.
   *[other] { $count } others wait.
}
waiting-kept-for = If places become free, we keep them for the first who wait, for up to { $hours } hours, and write to them. You pay only then.
waiting-seats = How many places do you need?
waiting-seats-hint = You are asked once all of them are free together. Who needs fewer may be asked before you.
waiting-count = { $count ->
    [one] 1 place
   *[other] { $count } places
}
waiting-at-once = Book it for me
waiting-at-once-hint = Without asking, if the class begins 12 hours later or more and you have the credit that it needs. Otherwise we ask you.
waiting-join = Join the waiting list
waiting-see = You see your place in the list, and leave it, at My bookings.
waiting-sign-in = Sign in to join the waiting list
waiting-asked = Kept for you
waiting-waiting = You wait
waiting-kept-until = { $count ->
    [one] 1 place is kept for you until { $until }.
   *[other] { $count } places are kept for you until { $until }.
}
waiting-you-wait = { $count ->
    [one] You wait for 1 place.
   *[other] You wait for { $count } places.
} { $others ->
    [0] Nobody waits before you.
    [one] One other waits.
   *[other] { $others } others wait.
}
waiting-give-back = Give them back
waiting-leave = Leave the waiting list
booking-to-cancel = To cancel
booking-cancel-until = Until { $when } you can cancel or move it and lose nothing. After that you can only cancel.
booking-cancel-until-paid = Until { $when } you cancel or move it and lose nothing. Later nothing is paid back.
booking-cancel-until-share = Until { $when } you can cancel or move it and lose nothing. After that { $share } % of the price is paid back.
booking-cancel-never = You can cancel it until it begins, but nothing is paid back.
booking-note = A note for { $name } (optional)
booking-answer-optional = { $question } (optional)
booking-hold = We keep this time for you for { $minutes } minutes while you pay. Nothing is charged on this page.
booking-to-payment = Go to payment, { $sum }
booking-sign-in = Sign in to book
booking-register = Create an account
booking-invited = Booking needs an account, and accounts are by invitation here. Ask the people of this site for one.
booking-taken = Somebody was quicker
booking-taken-text = This time is not free any more. Nothing was charged.
booking-others = Other times
booking-find = Book a time
request-ask = Ask for one of several times
offered-list-title = Book a session
offered-pick = Pick a session, then a time.
offered-cancel = Free to cancel until { $length } before.
offered-cancel-any = Free to cancel until it begins.
offered-from = from { $price }
offered-with = With { $names }
offered-with-anyone = Anyone
offered-places = { $count ->
    [one] 1 place
   *[other] { $count } places
}
offered-seats-left = { $left ->
    [0] full
   *[other] { $left } of { $seats } left
}
offered-single-times = Single times, week by week
offered-plans = Several sessions ahead?
offered-all = All sessions
offered-other-time = Another time
offered-length = Length
offered-day = { $day }: { $count ->
    [one] 1 free time
   *[other] { $count } free times
}
offered-class-day = { $day }: { $count ->
    [0] full
    [one] 1 date
   *[other] { $count } dates
}
offered-month-earlier = Earlier: { $month }
offered-month-later = Later: { $month }
offered-month-nothing = Nothing is free in { $month }.
offered-morning = Morning
offered-afternoon = Afternoon
offered-evening = Evening
offered-night = Night
offered-night-count = { $count } between midnight and 6 am
offered-clock-change = The clocks change on this day.
request-pick = Choose a time to ask for.
request-back = Back to the request
feedback-mean = { $whole }.{ $tenth } of 5, from { $count } ratings
slot-online = By video
slot-room-pool = By video, in a room of the site
slot-in-person = In person
slot-phone = By phone

## Hosts: what members, providers and administrators read, and what is refused.

booking-first-page = Book a session
booking-given = Sessions you give
booking-menu-list = Bookings
slot-menu-week = Week
slot-menu-profile = Your profile
request-menu = Requests
review-menu = Documents
payout-menu = Payouts
session-menu-all = All sessions
money-menu = Money
money-overview = Overview
money-months = Other months
money-in = Came in
money-back = Went back
money-owed = Owed to providers
money-waits = Waits now
money-unpaid = Ordered, not paid yet
money-under-way = On its way back
money-month-before = The month before
money-month-next = The next month
money-set-up = Set up
money-plans = Plans and prices
money-rates = What providers are paid
money-rules = Payment, tax and receipts
to-do-title = Needs you
to-do-unpaid = { $count ->
    [one] Pay to keep { $count } booking
   *[other] Pay to keep { $count } bookings
}
to-do-claims = { $count ->
    [one] Somebody says that you did not come. Answer { $count } claim
   *[other] Somebody says that you did not come. Answer { $count } claims
}
to-do-outcomes = { $count ->
    [one] Did it take place? { $count } session is over
   *[other] Did they take place? { $count } sessions are over
}
to-do-requests = { $count ->
    [one] { $count } request waits for your answer
   *[other] { $count } requests wait for your answer
}
to-do-documents = { $count ->
    [one] { $count } document waits for a review
   *[other] { $count } documents wait for a review
}
to-do-disputes = { $count ->
    [one] { $count } claim waits for a decision
   *[other] { $count } claims wait for a decision
}
to-do-unanswered = { $count ->
    [one] Nobody has answered { $count } request for two days
   *[other] Nobody has answered { $count } requests for two days
}
to-do-refunds = { $count ->
    [one] { $count } person asks for their money back
   *[other] { $count } people ask for their money back
}
to-do-findings = { $count ->
    [one] { $count } finding needs you
   *[other] { $count } findings need you
}
to-do-disputed = { $count ->
    [one] A bank disputes { $count } payment
   *[other] Banks dispute { $count } payments
}
to-do-batches = { $count ->
    [one] { $count } batch of payouts waits for its next step
   *[other] { $count } batches of payouts wait for their next step
}
to-do-payouts = { $count ->
    [one] { $count } payout to approve
   *[other] { $count } payouts to approve
}
booking-role-provider = Provider: gives sessions
booking-scope-read = see your bookings and times
booking-scope-write = give sessions, and book and cancel what costs nothing
booking-event-confirmed = a booking is confirmed
booking-event-moved = a booking is moved
booking-event-cancelled = a booking is cancelled
booking-event-completed = a session took place
booking-event-order-paid = an order is paid
booking-event-refund-processed = a refund was sent
booking-event-payout-sent = a payout was sent

# A member's bookings.
booking-mine = My bookings
booking-to-do = Waiting for you
booking-begin = A booking
booking-begin-text = Find a time that suits you
booking-coming = Coming
booking-coming-more = Later ones
booking-past = Past
booking-none = Nothing is booked yet.
booking-line = { $title }, with { $name }
booking-with-nobody = somebody whose account was deleted
booking-pay-until = pay until { $time }
booking-pay = Pay
booking-back = All bookings
calendar-feed = Your calendar
calendar-feed-text = A calendar program that takes this address shows your sessions, and follows their changes. Everybody who has the address can read them: do not pass it on.
calendar-feed-address = Address
calendar-feed-make = Make an address
calendar-feed-renew = Make another address
calendar-feed-end = End this address
booking-their-time-member = For the member: { $when }
booking-price = Price
booking-own-note = Note
booking-reason = Reason
booking-calendar = Add to calendar
booking-cancel-closed = It is too late for a refund. You can still cancel.
booking-cancel-closed-share = You can still cancel: { $share } % of the price is paid back.
booking-pending = Not paid yet
booking-confirmed = Confirmed
booking-expired = Not paid in time
booking-cancelled = Cancelled
booking-completed = Over
booking-no-show-member = Member did not come
booking-no-show-provider = Provider did not come
outcome-completed = It took place
outcome-no-show-member = { $name ->
    [none] Report that the member did not come…
   *[other] Report that { $name } did not come…
}
outcome-no-show-provider = { $name ->
    [none] Report that the provider did not come…
   *[other] Report that { $name } did not come…
}
outcome-question = { $outcome ->
    [no_show_member] Report that the member did not come to “{ $title }”?
   *[other] Report that the provider did not come to “{ $title }”?
}
outcome-facts = { $outcome ->
    [no_show_member] Money and credit stay spent. The member gets an email, and may object.
   *[other] { $by ->
        [member] { $answered ->
            [1] It is marked as having taken place, so an administrator decides. Until then no money moves.
           *[other] The provider gets an email, and has time to answer. Until then no money moves.
        }
       *[other] Money and credit go back to the member, and the provider is paid nothing.
    }
}
outcome-undo = You can withdraw it until it is settled.
outcome-do = Send the report
claim-title = Who did not come
claim-all = Claims
claim-all-text = Here two sides say different things about a session. Read both, and decide. Nobody decides their own case as long as there is an administrator outside it.
claim-none = There is nothing here.
claim-open = waits for an answer
claim-agreed = agreed
claim-disputed = waits for a decision
claim-decided = decided
claim-lapsed = not answered
claim-withdrawn = withdrawn
claim-says = { $claimant ->
    [member] { $reader ->
        [member] You say that the provider did not come.
        [provider] The member says that you did not come.
       *[other] The member says that the provider did not come.
    }
   *[other] { $reader ->
        [provider] You say that the member did not come.
        [member] The provider says that you did not come.
       *[other] The provider says that the member did not come.
    }
}
claim-please-answer = Please answer by { $until }. { $claimant ->
    [member] Without an answer, the member gets back what was paid, and nothing is paid out to you.
   *[other] Without an answer, the report stands, and nothing is paid back.
}
claim-waits = The other side can answer until { $until }. { $claimant ->
    [member] Until then no money moves. Without an answer, what was paid goes back.
   *[other] Without an answer, the report stands.
}
claim-is-disputed = An administrator reads both sides and decides. Until then no money moves.
claim-own = You are one of the two sides, so another administrator decides.
claim-own-alone = You are one of the two sides. No administrator is outside this case, so you may decide it yourself.
claim-was-agreed = The other side agrees.
claim-was-lapsed = The other side did not answer by { $until }.
claim-was-decided = An administrator has decided: { $outcome ->
    [completed] it took place.
    [no_show_member] the member did not come.
   *[other] the provider did not come.
}
claim-was-withdrawn = It was withdrawn.
claim-answer = Your answer
claim-took-place = It took place
claim-agree = { $claimant ->
    [member] It is true, I did not come: what was paid goes back at once
   *[other] It is true, I did not come
}
claim-happened = What happened
claim-happened-hint = The other side and the administrators read it. Up to 500 characters.
claim-send-answer = Send the answer
claim-withdraw = Withdraw the report
claim-decision = What became of the session
claim-decide-provider = The provider did not come: all is paid back
claim-decide-member = The member did not come
claim-refund = Paid back anyway
claim-refund-hint = Empty: nothing. If the provider did not come, all is paid back.
claim-reason-hint = Both sides read it. 5 characters or more.
claim-decide = Decide
claim-decide-question = Decide so?
claim-decide-facts = { $outcome ->
    [completed] The session took place.
    [no_show_member] The member did not come.
   *[other] The provider did not come.
} { $money ->
    [none] Nothing is paid back.
    [credit] { $outcome ->
        [no_show_provider] The credit goes back to the member.
       *[other] The credit stays spent.
    }
   *[other] { $money } goes back to the member.
}
    Both sides read the reason: “{ $reason }”
claim-decide-undo = Money that is paid back does not return.
claim-mail-open = Please answer: did you come? { $about }
claim-mail-disputed = An administrator decides: { $about }
claim-mail-settled = It is settled: { $about }
claim-mail-withdrawn = Withdrawn: { $about }
claim-said-open = { $with } says that you did not come. Please answer by { $until }. { $claimant ->
    [member] Without an answer, the member gets back what was paid, and nothing is paid out to you.
   *[other] Without an answer, the report stands, and nothing is paid back.
}
claim-said-disputed = { $claimant ->
    [member] The member says that the provider did not come, and the provider says otherwise.
   *[other] The provider says that the member did not come, and the member says otherwise.
} An administrator reads both and decides. Until then no money moves.
claim-said-agreed = { $claimant ->
    [member] The provider agrees that they did not come. What was paid goes back.
   *[other] The member agrees that they did not come.
}
claim-said-lapsed = { $claimant ->
    [member] The provider did not answer by { $until }. What was paid goes back to the member.
   *[other] The member did not answer by { $until }. The report that they did not come stands.
}
claim-said-decided = An administrator has decided: { $outcome ->
    [completed] the session took place.
    [no_show_member] the member did not come.
   *[other] the provider did not come. Money and credit go back to the member.
}{ $back ->
    [none] {""}
   *[other] {" "}{ $back } goes back to the member.
}
claim-said-withdrawn = { $with } withdraws the report that somebody did not come.
claim-notice-disputed = Two sides disagree about who came: { $about }
booking-party-member = member
booking-party-provider = provider
booking-party-administrator = administrator
booking-was-booked = It is booked. An email with a calendar file is on its way.
booking-was-paid = It is paid and booked. An email with a calendar file is on its way.
booking-was-moved = It is moved. An email with the new time is on its way.
booking-was-cancelled = It is cancelled.
late-kept = Cancelled after the deadline: { $kept } is kept, { $back ->
    [none] nothing is paid back.
   *[other] { $back } is paid back.
}
late-credit = Cancelled after the deadline: what was spent in credits stays spent.
late-may-ask = { $reader ->
    [member] You can still ask for the rest, and the site answers by email.
   *[other] The member can still ask the site for the rest.
}
late-ask = Ask for the rest
booking-cancel-ask = Cancel this booking…
booking-cancel-question = Cancel “{ $title }”?
booking-cancel-facts = { $until ->
        [none] { "" }
       *[other] Nothing is cancelled yet. While this page was open, what is paid back has changed: you lose nothing only until { $until }.
    }
    { $by ->
        [provider] { $when } is not offered any more, and the member is told by email.
       *[other] { $when } becomes free for others.
    }
    { $money ->
        [none] Nothing was paid.
        [credit] The credit is given back.
        [late] Nothing is paid back.
        [late-credit] The credit stays spent.
        [unpaid] Nothing was charged.
       *[other] { $money } is paid back.
    }
booking-cancel-undo = { $by ->
        [provider] This cannot be undone.
       *[other] This cannot be undone. The time may be booked again while it is free.
    }
booking-cancel-do = Cancel the booking
seat-number = Place { $number }
seat-taken = Taken
seat-cancelled = Given back
seat-came = Came
seat-missed = Did not come
seat-names-save = Save the names
seats-cancel = Places to give back
seats-cancel-ask = Give these places back…
seats-cancel-question = { $count ->
    [one] Give back 1 place of “{ $title }”?
   *[other] Give back { $count } places of “{ $title }”?
}
seats-cancel-facts = You keep your other places on { $when }. These become free for others.
    { $money ->
        [none] Nothing was paid.
        [credit] Their credits are given back.
        [late] Nothing is paid back.
        [late-credit] Their credits stay spent.
       *[other] { $money } is paid back.
    }
seats-cancel-undo = This cannot be undone.
seats-cancel-do = Give the places back
seats-add = Add places
seats-add-names = Who comes too (optional)
seats-were-added = The places are added. An email is on its way.
seats-were-cancelled = The places are given back. An email is on its way.
seats-missed = Who did not come
seats-missed-save = Save who came
booking-move = Move
booking-move-from = Now: { $when }.
booking-move-money = { $money ->
    [credit] Your credit stays with the booking.
   *[other] What you paid stays with the booking: { $money }.
}
booking-move-closed = It is too late to move this. That was possible until { $when }.
booking-moves-left = { $count ->
    [one] You can move it once more.
   *[other] You can move it { $count } more times.
}
booking-move-none = No other time at the same price is free.
booking-move-taken = This time is not free any more.
booking-move-here = Move here
booking-cancel-form = Cancel

# Paying.
pay-title = Payment
pay-test-mode = No real money: this site is being tried out.
pay-until = Kept for you until { $time }
pay-until-text = After that others may take it.
pay-order = Your order
pay-now = To pay now
pay-do = Pay { $sum }
pay-do-with = Pay { $sum } with { $name }
pay-go = Go on to { $name }
pay-go-text = You pay on the page of { $name }, and come back here. Card numbers never reach this site.
pay-give-back = Release this time
pay-letter = You get an email with the time, the place and a calendar file.
pay-failed = The payment did not succeed. Nothing was charged; try again.
pay-waiting = The payment service has not confirmed the payment yet. This page looks again every few seconds.
pay-we-write = The payment service has still not confirmed the payment. You need not wait here: we will write to you.
pay-check = Check now
pay-paid = This is paid.
pay-part-comes-back = Paid. { $sum } of it is on its way back to you.
pay-part-back = Paid. { $sum } of it was paid back.
pay-wrong-sum = { $sum } arrived, and { $price } is to be paid. The order is not paid, and { $sum } goes back to you.
pay-returned = Paid back
pay-returning = On its way back to you
pay-back-failed = { $sum } could not be paid back yet. We will see to it, and write to you.
pay-terms-unused = Changed your mind? Within { $days ->
    [one] a day
   *[other] { $days } days
}, and while nothing is used, you get all of it back.
pay-terms-offer = If no session can be offered to you within { $days ->
    [one] a day
   *[other] { $days } days
}, all of it is paid back.
order-tax = { $sum } of it is { $tax } ({ $rate } %)
order-back = { $sum } was paid back
receipt-title = Receipt
receipt-test = A test. No real money was paid.
receipt-from = Paid to
receipt-for = Paid by
receipt-date = Date
receipt-with = Paid with
receipt-left = Left
receipt-booking = The booking
pay-expired = The time was kept until now, and others may take it. If you paid anyway, you get the time or your money back.
pay-plan-expired = This order was open for a day. If you paid anyway, you get the credits.
pay-comes-back = This could not be given, or was cancelled. Your money is on its way back.
pay-refunded = Your money was paid back.
order-created = not paid yet
order-paid = paid
order-refunded = paid back
order-disputed = In dispute
order-comes-back = paid, on its way back
order-part-comes-back = paid, { $sum } of it on its way back
order-part-back = paid, { $sum } of it paid back
order-expired = not paid in time
order-all = Orders
order-none = Nobody has ordered anything yet.
order-own-none = You have not ordered anything yet.
order-receipt = receipt { $number }
credit-mine = Credits and plans
membership-mine = Membership
membership-from = from { $from } until { $until }
credit-left = To spend
credit-none = You have no credits.
credit-until = until { $date }
credit-entries = History
credit-bought-with = { $credits } bought with { $plan }
credit-used-for = Used for { $title }, { $day }
credit-used-for-review = Used for a review: { $title }
credit-back-from = Given back: { $title }, { $day }
credit-back-from-review = Given back, from a review: { $title }
credit-replaced-from = Given back, as a new one: { $title }, { $day }
credit-granted = Bought
credit-booked = Booked
credit-returned = Given back
credit-replaced = Given back, as a new one
credit-imported = Taken over
credit-was-paid = Paid. The credits are yours.
order-mine = Your orders
plan-all = Plans
plan-new = Add a plan
plan-settings = The plan
plan-first = There are no plans yet. A plan sells credits, and times may be booked with them.
plan-name = Name
plan-description = What it offers
plan-code-hint = Small letters, digits and hyphens. Programs order the plan by it, and it never changes. Left empty, it is made of the name.
plan-grants-title = Credits
plan-months = Months
plan-months-hint = How long the credits and the membership last. 0 for credits alone: they last as long as the rules of bookings say.
plan-tier = Level of membership
plan-tier-hint = 0 for a plan that only adds credits. A higher level includes the lower ones.
plan-review-calls = Documents can be reviewed in a call
plan-review-calls-hint = For members by this plan, and for anyone who pays for a review with its credits.
plan-limit = Number available
plan-limit-hint = 0 for no limit. Whoever pays too late gets the money back.
plan-price = Price
plan-currency = Currency
plan-active = On sale
plan-position = Place in the list
plan-away = not offered
plan-remove = Remove the plan
plan-remove-effect = A plan that somebody ordered stays, and is not offered any more. Credits that were bought stay.
plan-removed = The plan is removed.
room-all = Rooms
room-new = Add a room
room-settings = The room
room-first = There are no rooms yet. A room is a link to an online meeting; providers may offer times that take place in one of them.
room-name = Name
room-url = Link
room-url-hint = To a host that the rules of bookings name. Only those who booked see it.
room-active = New bookings may use it
room-away = not in use
room-remove = Remove the room
room-remove-effect = A room that a booking ever used stays, and no other booking uses it.
room-removed = The room is removed.
room-release = Release the room
room-release-text = The session is over or was cancelled, but its room is still reserved. Once it is released, another session can use it. The audit log keeps the reason.
room-was-released = The room is released.
gateway-test = Test gateway
gateway-razorpay = Razorpay
gateway-stripe = Stripe
test-gateway-title = Test gateway
test-gateway-text = This page stands in for the page of a payment service. No money moves. Choose what happens.
test-gateway-pay = Pay
test-gateway-fail = The payment fails
test-gateway-lost = Pay, and never come back
test-gateway-twice = Pay twice
test-gateway-wrong = Pay too little
test-gateway-stuck = Pay what cannot be paid back
test-gateway-dispute = Pay, and dispute the payment
test-gateway-pay-hint = The payment succeeds. You come back, and the payment service tells this site as well; it counts once.
test-gateway-fail-hint = Nothing is charged. You come back, and can try again.
test-gateway-later = Pay, and the money comes later
test-gateway-later-hint = You come back at once. The money comes a minute later, as with a bank transfer.
test-gateway-twice-hint = Two payments succeed. One pays the order, the other goes back.
test-gateway-first = Pay, and this site hears of it first
test-gateway-first-hint = The payment service tells this site before you come back. Even if you never do, it is paid.
test-gateway-lost-hint = Nobody tells this site of the payment. It asks by itself after three minutes.
test-gateway-wrong-hint = Less arrives than the order costs. The order stays unpaid, and that sum goes back.
test-gateway-stuck-hint = The payment succeeds. If you cancel, its refund fails, and administrators are told.
test-gateway-dispute-hint = The payment succeeds, and then the bank disputes it. Administrators are told, and unused credits are frozen.
test-gateway-told = The payment service has told this site of the payment.
test-gateway-told-text = It counts already, even if you do not go back.
test-gateway-return = Go back to the site
test-gateway-back = Back, without paying

# Requests.
request-mine = Your requests
request-asked = Requests to you
request-all = Requests
request-new = Ask for a time
request-one = One of these times
request-none = You have asked for nothing. A request names times that suit you; the provider confirms one.
request-none-asked = Nobody waits for an answer.
request-hint = Name times that suit you, the best first. Nothing is kept or charged until a provider confirms one.
request-calendars = Choose times in a calendar
request-no-slot = No time
request-first-slots = Offer the first times
request-later-slots = Offer later times
request-slot = { $number ->
    [1] Best time
   *[other] Time { $number } (optional)
}
request-send = Send the request
request-until = Waits until { $when }.
request-slot-gone = not free
request-confirm = Confirm
request-decline = Decline
request-withdraw = Withdraw
request-pending = Waits for an answer
request-confirmed = Confirmed
request-declined = Declined
request-withdrawn = Withdrawn
request-lapsed = Nobody answered
request-was-made = The request is sent. You get an email when it is answered.
request-was-confirmed = It is confirmed, and the member gets an email. A time with a price is kept until it is paid.
request-was-declined = It is declined.
request-was-withdrawn = It is withdrawn.

# Feedback.
feedback-title = How was it?
feedback-group = The session
feedback-give = Say how it was
feedback-change = Change what you said
feedback-by = { $author ->
    [own] What you say
    [member] What the member says
   *[provider] What the provider says
}
feedback-of-5 = { $rating } of 5
feedback-rating = Rating, from 1 to 5
feedback-verdict = Do you recommend them?
feedback-no-verdict = No answer
feedback-recommended = Recommended
feedback-with-reservations = Recommended with reservations
feedback-not-recommended = Not recommended
feedback-scores = Scores, from 0 to 5
feedback-answers = In your words
feedback-text = What you say
feedback-text-hint = The other side reads it, once both have written or 14 days after the session.
feedback-private = Private note
feedback-private-hint = Only you and the administrators read it.
criterion-all = Criteria of feedback
criterion-new = Add a criterion
criterion-settings = The criterion
criterion-first = There are no criteria yet. With some, both sides of a session say more than one rating.
criterion-author = Who answers it
criterion-kind = How it is answered
criterion-score = With a score from 0 to 5
criterion-text = In words
criterion-label = Name
criterion-active = It is asked for
criterion-remove = Remove the criterion
criterion-remove-effect = Answers that were given stay; the criterion is then only no longer asked for.
criterion-removed = The criterion is removed.

# Reviews of documents.
review-mine = Your reviews
review-asked = Documents to review
review-all = Reviews of documents
review-new = Submit a document
review-none = You have submitted nothing. Somebody reads your document and writes what is good and what can be better.
review-none-asked = There is no document to review.
review-hint = Somebody reads your document and writes to you about it. Until then you can cancel, and the credit comes back.
review-no-credit = A review costs a credit for reviews, and you have none.
review-goal = What the document is for
review-when = Submitted
review-focus = What to look at
review-note = Anything else
review-mode = How
review-mode-hint = In a call, the provider reviews the document and talks to you about it. If the session is cancelled, the review goes on in writing.
review-mode-written = In writing
review-mode-call = In a call
review-in-session = In a call: { $title }, { $when }
review-to-book = For a review in a call, first book a session of { $minutes } minutes.
review-session = Review of a document
review-session-hint = If this session is cancelled, the document is reviewed in writing.
review-file = Document
review-file-hint = PDF, DOC or DOCX, at most { $most } MB, without macros.
review-file-size = { $type }, { $size } KB
review-file-wrong = The document is not a PDF, DOC or DOCX file, its name does not match its content, it has macros, or it loads something from elsewhere.
review-send = Submit with 1 credit ({ $count } left)
review-member = From
review-reviewer = Reviewed by
review-assessment = The review
review-score-overall = Overall, of 100
review-score-content = Content, of 100
review-score-structure = Structure, of 100
review-score-language = Language, of 100
review-strengths = What is good
review-improvements = What can be better
review-recommendations = What to do next
review-reference = File from the reviewer
review-reference-add = A file for the member (optional)
review-start = Take this review
review-start-hint = Once the review is yours, you read the document and the note, and nobody else can take it.
review-complete = Send the review
review-cancel = Cancel the review
review-pending = Waits for a reviewer
review-in-review = Being read
review-completed = Reviewed
review-cancelled = Cancelled
review-was-submitted = The document is submitted. You get an email when it is reviewed.
review-was-started = The review is yours. You can read the document now.
review-was-completed = The review is sent, and the member gets an email.
review-was-cancelled = The review is cancelled.
review-notice-submitted = A document waits for a review: { $about }
review-said-submitted = A member has submitted a document. The first to take it reviews it:
review-said-call = A member wants a document reviewed in a session with you. Take the review to read the document:
review-notice-written = In writing instead of a call: { $about }
review-said-written = The session of this review is cancelled. The document is reviewed in writing now, and need not be submitted again:
review-notice-done = Your document is reviewed: { $about }
review-said-done = Somebody has read your document and written to you about it:
credit-kind-session = Sessions
credit-kind-review = Reviews of documents
credit-reviewed = Document submitted
plan-credit-kind = What the credits pay for
credit-kind-all = Kinds of credits
credit-kind-new = Add a kind of credits
credit-kind-settings = The kind
credit-kind-first = There are no kinds of credits yet. Times are booked with credits of a kind, and plans grant them.
credit-kind-tier = Level of membership to use these credits
credit-kind-tier-hint = 0 if no membership is needed.
credit-kind-active = Times and plans may take it
credit-kind-from = from level { $tier }
booking-set-review-limit = Documents that a member may submit in a day
booking-set-review-days = A document is kept after its review for
booking-set-review-call = Length of a session in which a document is reviewed
problem-review-call-not-allowed = None of your plans has reviews in a call. Submit the document for a review in writing, or buy a plan that has them.
    .title = No review in a call
problem-review-booking-unsuitable = Choose one of your confirmed sessions ahead, of exactly { $minutes } minutes, for which you have submitted no other document.
    .title = Session not suitable
problem-review-settled = Somebody else has taken, completed or cancelled this review.
    .title = Already decided
problem-too-many-reviews = You have submitted as many documents as a day allows. Try again tomorrow.
    .title = Too many documents

# A provider's times.
slot-mine = Calendar
slot-begin = Times to book
slot-begin-text = Offer times that others book
slot-first-times = Offer your first times
slot-first = Your profile says your name and how much notice you need. Times are in your zone: { $zone }.
slot-first-zone = Change your zone
slot-week = { $from } – { $to }
slot-earlier = Earlier
slot-later = Later
slot-today = today
calendar-today = Today
calendar-days = Days
calendar-is-class = Class
calendar-is-free = Free single time
calendar-is-busy = Busy in your other calendar
calendar-is-open = Your hours
calendar-now = Now
calendar-legend = What the colours mean
calendar-open = Your hours: add a time
calendar-busy = Busy
calendar-off = Day off
calendar-seats = { $taken } of { $seats } places
calendar-sessions = { $count ->
    [0] –
    [one] { $count } session
   *[other] { $count } sessions
}
slot-none = No times
slot-available = Free
slot-held = Being paid
slot-held-until = Being paid, until { $time }
slot-booked = Booked
slot-unavailable = Hidden by you
slot-completed = Over
slot-state = State
class-cancel = Cancel this date
class-cancel-question = Cancel this date?
class-cancel-facts = { $seats ->
    [one] 1 place is booked.
   *[other] { $seats } places are booked.
} { $sum ->
    [none] Credits go back.
   *[other] { $sum } goes back, and so do credits.
} Everybody gets a mail with your reason.
class-cancel-undo = This cannot be undone. Nobody can book the date until you show it again.
class-group-link = Make a group link for this class
class-came = Who came
class-people = Who comes
class-seats = { $count ->
    [one] 1 place
   *[other] { $count } places
}
class-taken = { $taken } of { $seats } places taken, { $bookings ->
    [one] 1 booking
   *[other] { $bookings } bookings
}
class-nobody = Nobody has booked this date yet.
class-kept = Kept until { $time }
class-paid-back = { $paid } paid, { $back } of it paid back
class-by-credit = By credit
class-csv = Download as CSV
class-write = Write to everybody
class-write-text = Your message
class-write-hint = Up to 2,000 characters. Everybody whose booking is confirmed gets a mail. You can send 5 messages a day.
class-write-do = { $count ->
    [one] Send it to 1 person
   *[other] Send it to { $count } people
}
class-written = Sent.
calendar-class = { $title } ({ $people } of { $seats })
waiting-list = Waiting
waiting-row = { $count ->
    [one] 1 place
   *[other] { $count } places
}, since { $since }
waiting-row-asked = { $count ->
    [one] 1 place, kept until { $until }
   *[other] { $count } places, kept until { $until }
}
waiting-list-hint = Places that become free are offered by themselves, to the first party that fits.
waiting-is-kept = Kept for them
waiting-mine = Waiting lists
waiting-taken = Booked
waiting-passed = Over
waiting-left = Left
waiting-joined = You are on the waiting list. We write to you once the places are free.
waiting-was-left = You do not wait any more.
slot-saved = Saved.
slot-added = Added. Everybody can book it now.
slot-saved-twice = Saved. The clock shows this time twice; the earlier one counts.
slot-added-twice = Added. Everybody can book it now. The clock shows this time twice; the earlier one counts.
slot-edit = Change it
slot-edit-zone = Day and time are those of { $zone }. Everybody who asked for this time is told that it changed.
slot-edit-locked = This time is kept for somebody, or booked. Only what people should know beforehand can be changed; the person who booked is told.
slot-one = This time
slot-removed = Deleted.
slot-new = Add one time
slot-group-when = When
slot-group-what = What
slot-date = Day
slot-time = Time
slot-title = What it is
slot-minutes = Minutes
slot-price = Price
slot-price-hint = Empty: it costs nothing.
slot-place = How you meet
slot-location = Link, address or number
slot-location-hint = Only those who booked see it. Links lead to { $hosts }. Empty for a room of the site.
slot-area = Where, roughly
slot-area-hint = Everybody sees it, for example the part of town.
slot-public-note = What everybody reads
slot-prep-note = How to prepare
slot-add = Add the time
slot-save = Save
slot-hide = Hide
slot-show = Show again
slot-remove-ask = Delete…
slot-remove = Delete
slot-remove-question = Delete this time?
slot-remove-facts = Nobody can book it any more.
slot-remove-undo = You can add it again.
bulk-remove-undo = You can add them again.
bulk-title = With the ticked times
bulk-none = Tick the times first.
bulk-link = Set the link
bulk-link-new = Link to an online meeting
bulk-remove-question = { $count ->
    [one] Delete this time?
   *[other] Delete { $count } times?
}
bulk-remove-facts = Nobody can book them any more.
slot-to-booking = The booking
slot-bookings = Bookings with you
slot-bookings-none = There is no booking ahead.
slot-bookings-coming = Today and later
slot-bookings-past = Past
slot-bookings-today = Today, { $day }
slot-bookings-nothing = There is none.
slot-bookings-more = More
slot-begun = Begun or over
slot-begun-text = Say what became of them.
session-all = Sessions
session-begin-text = Set up what people can book
session-none = No session matches.
session-any = All
session-filter = Filter
session-show = Show
session-show-all = Show all
session-more = Earlier sessions
session-cancel = Cancel it
session-member-gone = account deleted
session-filter-member = Member's name or address
session-filter-state = State
session-filter-from = First day
session-filter-to = Last day
session-steps = First steps
session-steps-text = Nobody has booked yet. This is what a site with sessions begins with.
session-step-preset = Choose a kind of site, or add types of sessions yourself
session-step-provider = Give somebody the duty to give sessions
session-step-plan = Add plans, if members pay with credits
session-step-room = Add rooms, if the site has its own links for meetings
session-step-done = done
figures-title = Figures
figures-sessions = Sessions
figures-utilisation = Open time that was booked
figures-seats = Places in classes that were taken
figures-cancellations = Bookings that were cancelled
figures-share = { $percent }% ({ $part } of { $whole })
figures-nothing = nothing to count
figures-lead = How far ahead people book, on average
figures-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
figures-revenue = Revenue
figures-no-revenue = No money moved on these days.
figures-left = Left
figures-captured = Came in
figures-refunded = Paid back
figures-test = Test money
figures-test-mark = not real
figures-owed = Owed to providers today
figures-owed-none = Nothing is owed.
credit-adjusted = Adjusted by an administrator
credit-adjust = Adjust credits
credit-adjust-link = Their credits
credit-was-adjusted = Adjusted.
credit-of = Credits of
credit-of-none = There are no credits yet.
credit-lot = { $granted } granted, { $used } spent, until { $date }
credit-over = over
credit-delta = How many are added
credit-delta-hint = A negative number takes unused credits away. Added ones last a year.
credit-reason-hint = At least 5 characters. It stays with the entry.
finding-all = Findings
finding-text = This list shows where the orders here and the payment services do not agree, and where the nightly check found that the books here contradict themselves. Some findings go away by themselves. Each has one remedy, which never pays anything twice.
finding-none = There is nothing here.
finding-more = Older ones
finding-open = open
finding-healed = gone by itself
finding-applied = settled
finding-found = { $times ->
    [one] Found { $when }
   *[other] Found { $when }, { $times } times in all
}
finding-healed-at = It went away by itself, { $when }
finding-applied-by = Settled by { $name }, { $when }
finding-was-applied = Done. If it is still there tomorrow, it comes back here.
finding-missing-here = The payment service has a payment that is unknown here
finding-missing-there = The payment service does not know a payment
finding-amount-mismatch = Another sum was paid than the order costs
finding-state-mismatch = An order does not say what its payments say
finding-duplicate-capture = An order was paid twice
finding-unmatched-event = The payment service reported money for an unknown order
finding-refund-drift = Money could not be paid back
finding-refund-drift-of = { $sum } to { $name } could not be paid back ({ $gateway })
finding-order = The order: { $title }, { $state }
order-back-failed = paid, refund failed
finding-payout-drift = A provider is owed another sum than the booking says
finding-contradiction = The nightly check: the books contradict themselves
finding-ask-gateway = Ask the payment service again
finding-pay-back = Pay it back
finding-follow-payments = Follow the payments
finding-read-again = Read it again
finding-refund-again = Try again to pay it back
finding-owe-again = Follow the booking
finding-verify-again = Check again
order-partially-refunded = partly paid back
credit-refunded = Taken away, paid back
refund-wish = Your money back
refund-now-text = Nothing of it is used. Changed your mind? All of it goes back at once.
refund-now = Pay back { $sum }
refund-ask-text = No rule gives this money back. You can still ask for it; the site answers by email.
refund-ask-why = Why you ask for it
refund-ask-do = Ask for the money
refund-request-waits = You asked for your money, { $when }. The site answers by email.
refund-request-was-granted = { $sum } goes back to you, { $when }.
refund-request-was-refused = The site does not pay it back, { $when }.
refund-request-open = waits for an answer
refund-request-granted = granted
refund-request-refused = refused
refund-requests = Asked for
refund-request-refuse = Do not pay it back
refund-request-reason-hint = The payer reads it. Needed where nothing goes back, at least 5 characters.
refund-request-answered = Answered. The payer gets an email.
refund-request-notice = { $about } asks for money back
refund-request-mail-granted = Your money comes back: { $about }
refund-request-said-granted = You asked for your money. { $sum } goes back to you:
refund-request-mail-refused = About the money you asked for: { $about }
refund-request-said-refused = You asked for your money. The site does not pay it back:
refund-rule-asked = The payer asked for it
booking-call-open = Open the call
booking-call-opened = { $side ->
    [own] You opened the call, { $when }.
    [member] The member opened the call, { $when }.
   *[provider] The provider opened the call, { $when }.
}
booking-call-not-opened = { $side ->
    [own] You have not opened the call from here.
    [member] The member has not opened the call from here.
   *[provider] The provider has not opened the call from here.
}
feedback-rating-words = { $rating ->
    [1] 1 – poor
    [2] 2 – not so good
    [3] 3 – fair
    [4] 4 – good
   *[5] 5 – very good
}
refund-all = Refunds
refund-nothing = Nothing was paid back yet.
refund-new = Pay back
refund-link = Pay back
refund-ask = Pay it back
refund-was-asked = The payment service is asked to pay it back.
refund-requested = is being asked for
refund-submitted = under way
refund-processed = paid back
refund-failed = failed
refund-payment = Payment
refund-payer = Paid by
refund-left = Left to pay back
refund-amount = Amount to pay back
refund-credits = Credits
refund-credits-used = { $used } of { $granted } used
refund-credits-share = { $sum } was paid for what is unused.
refund-credits-take = Take the unused credits away ({ $unused })
refund-credits-take-hint = Nobody can spend them while the money goes back.
refund-reason-hint = 5 characters or more. None is needed where the rules above grant the refund.
refund-rule-policy = By the rules
refund-policy = The rule
refund-policy-text = You may decide otherwise, with a reason, up to what is left of a payment.
refund-clause-unused = A plan of which nothing is spent: all of it, within { $days ->
    [one] a day
   *[other] { $days } days
}.
refund-clause-late = A plan that was paid longer ago: all of it if no session could be offered within { $offer ->
    [one] a day
   *[other] { $offer } days
}, otherwise nothing.
refund-clause-used = A plan of which credits are spent: what you decide.
refund-clause-to-come = A session that is to come: cancel it, and all of it is paid back. If its member cancels late, { $share } %, by the rules of today.
refund-clause-cancelled-late = A session that its member cancelled late: the part that the rules gave back then, no more.
refund-clause-over = A session that took place, or that the member missed: nothing.
refund-clause-none = There is no session for it: all of it.
refund-rule-cancelled = The session was cancelled
refund-rule-seats = Places were given back
refund-rule-no-show = The provider did not come
refund-rule-slot-gone = The time was gone when the money came
refund-rule-elsewhere = It was paid back at the payment service itself
booking-set-refund-days = An unused plan is paid back in full within
booking-set-offer-days = It is paid back in full later, too, if no session could be offered for
booking-set-tax = Tax that prices include
booking-set-tax-hint = 0 for none. Orders keep the rate of their day.
booking-set-tax-label = Name of the tax
booking-set-seller = The seller, as receipts name it
booking-set-seller-hint = Such as name, address and tax number. Empty: the site’s name. A receipt keeps what was said here when it was paid.
booking-set-money-years = Records of money are kept for
booking-set-money-years-hint = Orders, payments, refunds, payouts, receipts and credits are deleted this many years after the last change to them. What is still open stays.
booking-set-fiscal = The fiscal year begins in
booking-set-fiscal-hint = Receipt numbers start again in each fiscal year, which is named after the year in which it begins.
export-all = Exports
export-text = Each file has all there is, with each sum as a decimal number and as a whole number for programs. Who makes one is noted in the log.
export-csv = CSV
export-jsonl = JSON lines
export-payments = Payments
export-credits = Changes to credits
export-audit = The log of what administrators did
payout-mine = Your payouts
payout-owed = Owed to you
payout-mine-none = Nothing is owed to you yet. A payout appears here after each session for which you are paid.
payout-totals = Totals
payout-sessions = Sessions
payout-where = Where your money goes
payout-where-set = It is set. It is not shown again; type it again to change it.
payout-where-none = It is not set, so you cannot be paid yet.
payout-reference = Bank account, or another reference
payout-reference-hint = With the name of the bank and of the account holder. Stored encrypted; empty removes it.
payout-pending = waits for approval
payout-approved = approved
payout-batched = being paid
payout-paid = paid
payout-rejected = rejected
payout-adjustment = adjustment
payout-disputed = the payment is disputed
payout-claimed = one side says that the other did not come
payout-all = Payouts
payout-none = There is nothing here.
payout-approve-ticked = Approve the ticked ones
payout-approve = Approve
payout-reject = Reject
payout-reopen = Let it wait again
payout-correct = Add a correction
payout-correct-by = Amount taken off
payout-sum = Sum
payout-provider = Provider
payout-from = Payable from
payout-rates = What providers are paid
payout-rates-none = Nobody offers times yet.
payout-rate-group = For each session
payout-rate-text = Bookings that were made before keep their rate.
payout-rate = For each session
payout-rate-hint = 0 pays nothing.
payout-rate-class = For each place of a class
payout-rate-unset = not set
payout-no-show = Paid to the provider if the member does not come
batch-make = { $count ->
    [one] Make a batch: { $sum } to 1 provider
   *[other] Make a batch: { $sum } to { $count } providers
}
batch-none-due = Something is approved, but not payable yet: its day has not come, the provider has set no bank reference, or the sum is not above 0.
batch-all = Batches
batch-title = Batch of { $when }
batch-draft = draft
batch-approved = approved
batch-sent = sent
batch-settled = settled
batch-failed = given up
batch-approve = Approve the batch
batch-send = It is sent
batch-settle = The money has arrived
batch-fail = Give the batch up
batch-reference = Reference of the bank
batch-file = File for the bank (CSV)
series-new = Add times
series-weekdays = On these days
series-times = At these times
series-times-hint = With commas between them: 09:00, 10:30
series-first = From
series-weeks = Weeks
series-count = Count the times
series-makes = { $count ->
    [one] This makes 1 time.
   *[other] This makes { $count } times.
}
series-left-out = { $count ->
    [one] 1 of them is left out.
   *[other] { $count } of them are left out.
}
series-add = { $count ->
    [one] Add 1 time
   *[other] Add { $count } times
}
series-twice = The clock shows this twice; the earlier one counts.
booking-profile = Your profile as a provider
booking-profile-hint = Those who book read your name and what you do.
booking-profile-name = Name
booking-profile-bio = What you do
booking-profile-zone = Days and times are in { $zone }, the zone of your profile as a person.
booking-profile-before = How long to keep free before a session
booking-profile-after = How long to keep free after a session
booking-profile-notice = How far ahead a time must be booked
booking-profile-email = Those who booked see my email address
booking-profile-email-hint = Only once a booking is confirmed.
booking-profile-paused = Offer nothing for now
booking-settings = Rules
booking-settings-hint = A booking keeps the rules of the day when it was made. Hours, notice and lengths are each provider’s own.
rules-save = Save this group
rules-who = Who may book
rules-who-now = { $public ->
    [yes] Everybody sees the times.
   *[no] Only people who are signed in see the times.
} { $newcomers ->
    [yes] No account is needed.
   *[no] An account is needed.
} { $reveal ->
    [always] The provider’s name is always shown.
   *[after_booking] The provider’s name is shown after booking.
} { $busy ->
    [yes] Nobody books two sessions at the same time.
   *[no] Two sessions at the same time are allowed.
}
rules-cancelling = Cancelling and refunds
rules-cancelling-now = { $minutes ->
    [0] Free until the start
   *[other] Free until { $until } before the start
}; { $late ->
    [0] nothing back later.
   *[other] { $share } % back later.
} { $moves ->
    [0] Never moved.
    [one] Moved at most once.
   *[other] Moved at most { $moves } times.
} Unused plans: { $unused }, and later if no session could be offered for { $offer }.
rules-no-show = When somebody does not come
rules-no-show-now = Reports until { $reported } after the session. { $answer } to answer. A session counts as held { $held } after its end.
rules-paying = Paying
rules-paying-now = Times are kept for { $kept }, at most { $most } for one person. New prices in { $currency }.
rules-tax = Tax and receipts
rules-tax-now = { $bps ->
    [0] No tax.
   *[other] { $tax } { $rate } %, included.
} Seller: { $seller }. The fiscal year begins in { $month }. Records are kept for { $years } years.
rules-credits = Credits
rules-credits-now = A session may begin up to { $grace } after they end. One that is given back after its end lasts { $replaced }; those of plans without months last { $unlimited }.
rules-payouts = Payouts
rules-payouts-now = { $days ->
    [0] From the end of the session.
    [one] From a day after the session.
   *[other] From { $days } days after the session.
} { $two ->
    [yes] Two people approve and send.
   *[no] One person may approve and send.
}
rules-classes = Classes and waiting lists
rules-classes-now = Free places are kept for at most { $kept } for the first who wait.
rules-requests = Requests
rules-requests-now = { $times ->
    [one] 1 time each
   *[other] { $times } times each
}, { $open } open at once, { $answer } to answer, { $pay } to pay.
rules-documents = Documents
rules-documents-now = { $count } a day, kept for { $kept }, { $call } in a call.
rules-rooms = Meeting links and rooms
rules-rooms-now = { $hosts ->
    [one] 1 host.
   *[other] { $hosts } hosts.
} { $margin } between two sessions in a room.
rules-limits = Limits
rules-limits-now = Sessions of { $least } to { $most }. Proposed for new offers: { $length } long, booked { $notice } to { $horizon } ahead. In a minute { $looks } looks from one network, in an hour { $bookings } bookings and { $orders } orders of one person.
booking-set-before-start = before the start
booking-set-after-end = after its end
booking-set-times = times
booking-set-years = years
booking-set-days-later = days later
booking-set-days-after-session = days after it
booking-set-refund-days-hint = Members do this themselves, on the page of their order.
booking-set-waiting-hint = Never for longer than a quarter of the time to the start, or shorter than 30 minutes.
booking-set-length = Length of a session
booking-set-horizon = How far ahead a time can be booked
booking-set-proposed = Proposed for new offers. Each provider may change it for their own.
booking-set-currency = Currency of new prices
booking-set-currency-hint = Plans in the old currency that nobody has bought change with it: 100.00 stays 100.00. What was ordered, times that are offered and payouts keep their currency.
booking-set-hold = How long a time is kept for payment
booking-set-hold-limit = Times that are kept for one person
booking-set-cancel = A member cancels or moves free of charge until
booking-set-late-refund = Paid back after a late cancellation
booking-set-late-refund-hint = The rest stays paid, and credits stay spent. The time becomes free for others.
booking-set-moves = A booking may be moved
booking-set-shortest = Shortest session
booking-set-longest = Longest session
booking-set-outcome = The outcome of a session may be reported until
booking-set-claim = How long the other side has to answer a report that it did not come
booking-set-waiting = How long places that become free are kept for the first who wait, at most
booking-set-complete = A session counts as held
booking-set-notice = How far ahead a time must be booked
booking-set-member-busy = Nobody may book two sessions at the same time
booking-set-bookings = Bookings that a member may make in an hour
booking-set-browse = How often visitors of one network may look at times in a minute
booking-set-grace = A session paid with credits may begin after their end, up to
booking-set-replaced = A credit that is given back after its end lasts
booking-set-add-on = Credits of plans without months last
booking-set-payout-days = A session is paid out from
booking-set-two-people = Payouts need two people: one approves, another sends
booking-set-request-slots = Times that a request may name
booking-set-request-limit = Requests of one person that may wait
booking-set-request-hours = How long a request waits for an answer
booking-set-request-hold = How long a confirmed time is kept for payment
booking-set-room-margin = How long a room stays free between two sessions
booking-set-reveal = When members learn who gives a session
booking-set-reveal-hint = After booking: nobody else sees names and pages of providers.
booking-set-reveal-always = Always
booking-set-reveal-after = After booking
booking-set-hosts = Hosts of online meetings
booking-set-hosts-hint = With commas between them: meet.google.com, zoom.us. Links may lead to them and to hosts below them.
session-type-all = Types of sessions
session-type-new = Add a type
session-type-settings = The type
session-type-first = There are no types yet. With some, providers say which sessions they offer, and members choose one.
level-all = Levels
level-new = Add a level
level-settings = The level
level-first = There are no levels yet. A level is how senior or how large a session is, such as junior, or up to 50 guests.
entry-all = Catalogue
entry-new = Add an entry
entry-settings = The entry
entry-first = The catalogue is empty. Its entries are what sessions are about, such as companies, venues, styles or cuisines.
entry-category = Category
entry-description = Description
entry-tracks = Tracks
entry-tracks-hint = With commas between them, up to 20. Whoever books may choose one.
entry-levels-hint = With commas between them, up to 20. Visitors read them.
entry-logo = Address of the logo
entry-logo-hint = Pages show it only if it is a path of this site, such as /files/logo.png.
choice-code = Short name
choice-code-hint = Small letters, digits and hyphens. It is used in addresses, and it never changes.
choice-label = Name
choice-active = It can be chosen
choice-away = not chosen any more
choice-remove = Remove it
choice-remove-effect = What a time or a booking ever had stays there, and cannot be chosen any more.
choice-removed = It is removed.
choice-set-hint = Members choose one of these. None means any.
preset-title = Begin with a preset
preset-text = A preset adds types, levels and criteria of feedback, and says when members learn who gives a session; for mentoring it also adds plans with example prices, which nobody can buy until you put them on sale. If you have no hours, it makes some on weekdays, and an offer in them, which nobody can book until you say where you meet and put it on offer. You can change all of it.
preset-hours = Weekdays
preset-currency = Currency of prices
preset-mentoring = Mentoring
preset-studio = Studio
preset-catering = Catering
preset-consulting = Consulting
preset-tasting = Tasting
preset-menu = Menu planning
preset-site-visit = Venue visit
preset-first-talk = First talk
preset-strategy = Strategy session
preset-follow-up = Follow-up
preset-individual = Single person
preset-small-company = Small company
preset-large-company = Large company
preset-problem-solving = Problem solving
preset-communication = Communication
preset-technical-depth = Technical depth
preset-quality = Quality of the work
preset-overall = Overall
preset-strengths = Strengths
preset-improvements = What to improve
preset-next-steps = Next steps
preset-punctuality = Punctuality
preset-result = The result
preset-taste = Taste
preset-presentation = Presentation
preset-service = Service
preset-clarity = Clarity
preset-usefulness = Usefulness
preset-preparation = Preparation
preset-mock-interview = Mock interview
preset-career-talk = Career talk
preset-document-review = Review of documents
preset-entry = Entry
preset-middle = Middle
preset-senior = Senior
preset-portrait = Portrait
preset-wedding = Wedding
preset-product = Products
preset-small = Up to 10 people
preset-medium = Up to 50 people
preset-large = More than 50 people
preset-add-on-1 = 1 more session
preset-add-on-3 = 3 more sessions
preset-add-on-5 = 5 more sessions
preset-plan-1 = 1 session
preset-plan-3 = 3 sessions
preset-plan-6 = 6 sessions

# Mails and notices.
new-slots-mail-subject = New times to book – { $site }
new-slots-mail-text = There are new times:

    { $list }

    Book one: { $address }

    You get this email because you chose it. Change that at { $settings }

    { $site }
booking-before = Before
booking-mail-see = See the booking
booking-mail-change = Move or cancel
booking-mail-confirmed = Booked: { $title }, { $when }
booking-said-confirmed = This is booked with { $with }:
booking-mail-moved = Moved: { $title }, { $when }
booking-said-moved = This has a new time, with { $with }:
booking-mail-cancelled = Cancelled: { $title }, { $when }
booking-said-cancelled = Cancelled: your session with { $with }:
booking-said-hold-cancelled = This does not take place:
booking-mail-seats-cancelled = Fewer places: { $title }, { $when }
booking-said-seats-cancelled = { $count ->
    [one] 1 place was given back. The others stay booked with { $with }:
   *[other] { $count } places were given back. The others stay booked with { $with }:
}
booking-mail-seats-added = More places: { $title }, { $when }
booking-said-seats-added = { $count ->
    [one] 1 place was added. All are booked with { $with }:
   *[other] { $count } places were added. All are booked with { $with }:
}
booking-mail-reminder = { $day ->
    [today] Today: { $title }, { $when }
    [tomorrow] Tomorrow: { $title }, { $when }
   *[later] Coming up: { $title }, { $when }
}
booking-said-reminder = Coming up: your session with { $with }:
booking-said-back = { $sum } is paid back.
booking-said-reason = Reason: { $reason }
booking-said-tips = About the session
booking-mail-alert = Bookings: something needs your attention – { $site }
booking-alert-findings = { $count ->
        [one] There is 1 finding about money.
       *[other] There are { $count } findings about money.
    }
booking-alert-dispute = { $count ->
        [one] There is news of 1 disputed payment.
       *[other] There is news of disputed payments, { $count } times.
    }
booking-alert-job = { $count ->
        [one] 1 task could not be done, or waits for a payment service.
       *[other] { $count } tasks could not be done, or wait for a payment service.
    }
booking-mail-receipt = Receipt { $number }: { $sum } – { $site }
booking-said-receipt = Thank you. { $sum } was paid. This is receipt { $number }.
booking-mail-sold-out = Sold out: { $sum } comes back – { $site }
booking-said-sold-out = You paid { $sum }, but the last one had just been sold to somebody else. All of it is paid back.
booking-mail-gone = The time was gone: { $sum } comes back – { $site }
booking-said-gone = You paid { $sum }, but the time had been given to somebody else or was cancelled. All of it is paid back.
booking-mail-refunded = { $sum } was paid back – { $site }
booking-said-refunded = { $sum } was paid back.
booking-notice-confirmed = Booked: { $about }
booking-notice-moved = Moved: { $about }
booking-notice-cancelled = Cancelled: { $about }
booking-notice-seats-cancelled = Places given back: { $about }
booking-notice-seats-added = Places added: { $about }
booking-notice-reminder = Comes soon: { $about }
booking-notice-late = The reminder of “{ $about }” came too late to be mailed.
booking-notice-refund-failed = { $about } could not be paid back. Please check with the payment service.
booking-notice-gateway-silent = The payment service { $about } has not answered for a day. What waits for it is tried once a day.
booking-notice-job-failed = A task of bookings could not be done and was given up: { $about }
booking-notice-refund-unlike = Somebody paid { $about } back at the payment service itself, and more than is left of it here. Compare both.
booking-notice-refund-elsewhere = Somebody paid { $about } back at the payment service itself. It is noted here.
booking-notice-dispute = The payer disputes the payment: { $about }. See to it with the payment service.
booking-notice-finding = 1 finding needs you.
booking-notice-findings = { $about } findings need you.
booking-notice-wrong-sum = { $about } was paid, which is not what an order costs. It is paid back.
booking-notice-no-show-member = The provider says that you did not come to “{ $about }”.
booking-notice-no-show-provider = The member says that the provider did not come to “{ $about }”. What was paid goes back.
request-notice-made = Somebody asks you for a time: { $about }
request-said-made = A member asks you for a time and waits for your answer:
request-notice-declined = Your request was declined: { $about }
request-said-declined = None of the times that you asked for can be confirmed:
request-notice-lapsed = Your request lapsed: { $about }
request-said-lapsed = Nobody confirmed your request in time, or no time of it is left:
request-notice-dropped = No longer offered: { $about }
request-said-dropped = A time that you asked for is not offered any more. Your request still waits for another one:
request-notice-no-credit = A credit is missing: { $about }
request-said-no-credit = The provider would confirm your request, but you have no credit for it. A plan gives you some; the request stays:
request-notice-held = Confirmed, please pay: { $about }
request-said-held = Your request was confirmed. The time is kept for you until it is paid; the page says for how long:
class-mail-subject = { $title }, { $when }: a message from { $with }
class-mail-said = { $with } writes to everybody who comes:
class-mail-answer = An answer to this mail does not reach { $with }. The page of your booking says whether they share an address:
class-notice-message = A message to everybody who comes: { $about }
membership-notice-ends = Your membership ends: { $about }
membership-said-ends = Your membership ends soon. If you buy a plan of the same level before then, it follows without a gap:
membership-said-ends-with-credits = Your membership ends soon, and with it the credits that you have not spent. If you buy a plan of the same level before then, it follows without a gap:
credit-notice-end = Your credits end: { $about }
credit-said-end = Credits that you have not spent end soon. Until then you can use them:
feedback-notice-ask = How was it? { $about }
feedback-said-ask = This session is over. Say in a few words how it was:
feedback-notice-arrived = Feedback for you: { $about }
feedback-said-arrived = The other side has said how this session was. You can read it once you have done so too, or 14 days after the session:
payout-mail-sent = { $sum } is on its way to you – { $site }
payout-said-sent = { $sum } was sent to you for your sessions. The bank's reference is { $number }.
payout-notice-sent = { $about } is on its way to you.

# What is refused.
problem-own-slot = This is your own time.
    .title = Own time
problem-slot-taken = Somebody was quicker. Nothing was charged. Choose another time.
    .title = Time taken
problem-seats-left = { $seats_left ->
    [0] No place is left.
    [one] Only 1 place is left.
   *[other] Only { $seats_left } places are left.
} Nothing was charged.
    .title = Too few places
problem-seats-closed = Places can be added to a confirmed booking until the class begins, up to as many as one may book.
    .title = No more places
problem-not-full = So many places are free. You can book them.
    .title = Places are free
problem-waiting-already = You wait for this date already. To wait for other places, leave the list first.
    .title = Already on the list
problem-not-a-class = This is not a class that is on offer.
    .title = No class
problem-nobody-comes = Nobody’s booking of this date is confirmed.
    .title = Nobody comes
problem-class-message-sent = You have sent this text for this date before.
    .title = Sent before
problem-too-many-class-messages = You can send { $limit } messages for a date within 24 hours. Try again later.
    .title = Too many messages
problem-slot-changed = This time was changed while you were looking. Read it again.
    .title = Time changed
problem-slot-locked = This time is kept for somebody, or booked. It cannot be changed.
    .title = Time locked
problem-booking-not-cancellable = This booking is over, or does not take place.
    .title = Not cancellable
problem-reschedule-limit = This booking has been moved as often as it may be.
    .title = Moved too often
problem-reschedule-not-allowed = It can only be moved to a time of the same provider at the same price; with a document to review, also only to one of the same length.
    .title = Move not allowed
problem-too-many-bookings = You have booked as many times as one person may. Cancel one that you do not need, or try again tomorrow.
    .title = Too many bookings
problem-too-many-holds = Times are kept for you already. Pay for them or give them back first.
    .title = Too many times kept
problem-too-many-orders = You have begun to pay as often as an hour allows. Try again later.
    .title = Too many orders
problem-quota-exhausted = There is no credit for this session. A plan gives some.
    .title = No credit left
problem-credit-frozen = Your credits cannot be used now, because the payment for them is disputed or is being paid back.
    .title = Credits on hold
problem-tier-required = This is for members. { $plan ->
        [none] A plan makes you one.
       *[other] The plan “{ $plan }” makes you one.
    }
    .title = For members
problem-membership-required = These credits are for members. Buy a membership first.
    .title = For members
problem-choice-not-offered = Choose one that this time offers.
    .title = Choice not offered
problem-preset-used = There are types or levels already. A preset is applied to empty lists only.
    .title = Preset not applied
problem-preferred-invalid = Choose different times, at least one and no more than the rules allow; of a request, one of its times.
    .title = Not one of the times
problem-request-settled = This request was decided meanwhile.
    .title = Already decided
problem-too-many-requests-open = You have as many open requests as one person may. Withdraw one, or try again tomorrow.
    .title = Too many requests
problem-feedback-exists = You have said how this session was. You can change it for 7 days.
    .title = Feedback given
problem-feedback-too-early = The session is not over yet.
    .title = Too early for feedback
problem-feedback-closed = Feedback is given within 30 days after a session that took place, and changed within 7 days.
    .title = Feedback closed
problem-room-pool-empty = No room for a video call is free at this time. Choose another time.
    .title = No room free
problem-room-in-use = This session is still to come. Its room is released when it is over or cancelled.
    .title = The room is still needed
problem-location-invalid = This time takes place in a room of the site, so it has no link of its own.
    .title = Link not needed
problem-host-invalid = Names of hosts alone, such as meet.example.org: no address, no port, no path.
    .title = Not a host
problem-bulk-rejected = Some of these times cannot be changed. Nothing was changed.
    .title = Not all can be changed
problem-location-required = Say where people meet: the link of an online session, a telephone number, or the address. Only a room of the site needs none.
    .title = The place is missing
problem-room-exists = Another room has this link.
    .title = Link used
problem-idempotency-key-required = Send an Idempotency-Key: this calls the payment service.
    .title = Key missing
problem-plan-empty = A plan must grant credits or a membership.
    .title = Plan grants nothing
problem-payment-mismatch = This payment belongs to another order. Nothing was changed.
    .title = Another payment
problem-payment-signature = The payment service did not say this. Nothing was changed.
    .title = Payment not proven
problem-slot-overlap = { $side ->
    [none] Another session of yours is there.
    [session] This runs into your session at { $starts_at }.
    [before] This runs into your session at { $starts_at }, or into the { $free_minutes ->
        [one] minute that stays
       *[other] { $free_minutes } minutes that stay
    } free before it.
   *[after] This runs into your session at { $starts_at }, or into the { $free_minutes ->
        [one] minute that stays
       *[other] { $free_minutes } minutes that stay
    } free after it.
}
    .title = Times overlap
problem-member-busy = The member has another booking at this time.
    .title = Another booking
problem-order-closed = This order cannot be paid any more.
    .title = Order closed
problem-gateway-unavailable = The payment service does not answer. Nothing was charged; try again in a moment.
    .title = Payment service not available
problem-series-rejected = Some of these times are not possible. Nothing was added.
    .title = Series rejected
problem-cancel-window-closed = It is too late to move this booking. You can still cancel it.
    .title = Too late
problem-price-not-kept = “{ $name }” costs { $price }, which cannot be written in { $currency }. Change its price first.
    .title = Price not kept
problem-schedule-in-use = You still offer something in these hours. Give those offers other hours first, or remove them.
    .title = Hours in use
problem-too-many-offers = You can offer { $limit } sessions at a time. Take one off first; what is not on offer does not count.
    .title = Too many offers
problem-hours-overlap = This meets another part of the week. Write one window from the first beginning until the last end.
    .title = Parts of the hours overlap
problem-hours-empty = The end must differ from the beginning. From 00:00 until 00:00 is the whole day.
    .title = No time
problem-days-reversed = The last day is before the first one.
    .title = Days reversed
problem-price-and-credit = Booked with a credit: leave the price empty.
    .title = Price and credit
problem-rooms-missing = There is no room of the site yet. Choose another place, or ask an administrator to add a room.
    .title = There is no room
problem-slot-too-short = At least { $min } minutes.
    .title = Too short
problem-slot-too-long = At most { $max } minutes.
    .title = Too long
problem-claim-pays-all = If the provider did not come, all is paid back: { $sum }. Leave this empty.
    .title = All goes back
problem-slot-in-past = This lies in the past.
    .title = In the past
problem-slot-too-far = At most a year ahead.
    .title = Too far ahead
problem-local-time-missing = The clock never shows this time on that day: it is set forward.
    .title = No such time
problem-link-not-allowed = Only an https link to one of these: { $hosts }.
    .title = Link not allowed
problem-currency-unknown = Choose a currency that is in use.
    .title = Unknown currency
problem-price-invalid = Write it as 180 or 180.00.
    .title = Price not valid
problem-outcome-too-early = Too early. A session is over when it ends, and missed 10 minutes after it began.
    .title = Too early
problem-outcome-closed = What became of this session cannot be said any more.
    .title = Too late
problem-outcome-contested = The other side says otherwise. Write to the administrators, who decide.
    .title = Contested
problem-claim-closed = You have said how this session was, or it was reported before.
    .title = Not possible any more
problem-refund-request-settled = This request was answered meanwhile.
    .title = Answered meanwhile
problem-claim-settled = This was settled meanwhile. Read it again.
    .title = Settled meanwhile
problem-claim-open = One side says that the other did not come. The payout waits until that is settled.
    .title = Reported
problem-claim-undecided = One side says that the other did not come. Decide that report, with a sum and a reason.
    .title = Reported
problem-own-claim = You are one of the two sides of this session, so another administrator decides.
    .title = Your own case
problem-finding-settled = This was settled meanwhile. Read it again.
    .title = Settled meanwhile
problem-refund-exceeds = The payment has no such sum left.
    .title = Too much
problem-credits-changed = Nothing was paid back: the credits changed meanwhile, and { $used } are used now. Look at the sum again.
    .title = Credits changed
problem-refund-not-eligible = The rules of refunds do not grant this one. Say why it is refunded anyway.
    .title = Not by the rules
problem-payout-state = This was decided meanwhile. Read it again.
    .title = Decided meanwhile
problem-payout-empty = Nothing is due in this currency.
    .title = Nothing due
problem-second-person-required = You approved some of these payouts. Somebody else has to send them.
    .title = A second person is needed

external-calendar = Your own calendar
external-calendar-text = Give the https address of a calendar that you keep elsewhere, such as the private address in iCal format that your calendar program shows. It is read every hour. Times that overlap an entry there are not offered; nothing that is booked is ever cancelled for one.
external-calendar-address = Address of the calendar
external-calendar-hint = Begins with https:// and usually ends with .ics. It is not shown again after you have saved it.
external-calendar-read = Last read: { $when }
external-calendar-unread = It is being read for the first time.
external-calendar-end = Stop reading it
external-calendar-refused = This address can no longer be read. Please enter it again.
external-calendar-unreachable = The server of the calendar cannot be reached. Only calendars on the public internet can be read. It is tried again within the hour, and what was read last stays.
external-calendar-slow = The server of the calendar took too long to answer. It is tried again within the hour, and what was read last stays.
external-calendar-status = The server did not hand out the calendar. Check whether the address is still right, and whether it leads to the calendar itself and not to another address.
external-calendar-too-long = The calendar is larger than 1 MB. Please use one with fewer entries.
external-calendar-broken = What is at this address is not a whole calendar. Check the address; what was read last stays.
external-calendar-too-much = The calendar has too many entries. Please use one with fewer.
external-calendar-partial = Some entries of the calendar could not be read exactly: they hide whole days, every hour that they may mean (where their time zone is unknown), or no times. All others count.
external-calendar-notice = Your calendar has something at the time of a booking: { $about }
external-calendar-said = Your own calendar now has an entry at the time of this booking. The booking stays as it is: if you cannot keep it, cancel it yourself.
slot-busy = Hidden: you are busy
event-booking-feedback = Gave feedback on a session
event-booking-link-replaced = Replaced the link of a session
event-booking-outcome = Said what became of a session
event-booking-seats-marked = Said who came to a class
event-booking-claim = Reported that somebody did not come to a session
event-booking-claim-decided = Decided a report that somebody did not come
event-booking-room-released = Released the room of a session
event-booking-records-deleted = Deleted records of money whose time was over
event-booking-request = Decided on a request for a session
event-booking-review = Worked on the review of a document
event-booking-export-made = Exported bookings or money
event-booking-setting-changed = Changed the rules of bookings
event-credit-adjusted = Adjusted somebody’s credits
event-finding-applied = Settled a finding about money
event-refund-requested = Had money paid back
event-refund-asked = Asked for money back
event-refund-refused = Refused to pay money back
event-payout-step = Decided on a payout
event-payout-batch-created = Made a batch of payouts
event-payout-batch-exported = Fetched the bank’s file of a batch of payouts
event-payout-batch-step = Moved a batch of payouts to its next step
event-provider-calendar-set = Gave the address of their own calendar
event-provider-calendar-removed = Removed the address of their own calendar
event-provider-changed = Changed a profile as a provider
event-provider-payout-reference-changed = Changed where their payouts go
event-provider-rate-changed = Changed what a provider is paid
event-slot-changed = Changed a time
event-slot-created = Offered a time
event-slot-deleted = Deleted a time
event-slot-class-cancelled = Cancelled a date of a class
event-slot-class-written = Wrote to everybody who comes to a class
event-slot-hidden = Hid a time
event-slot-shown = Showed a time again
event-plan-created = Added a plan
event-plan-changed = Changed a plan
event-plan-removed = Removed a plan
event-provider-schedule-created = Added hours
event-provider-schedule-changed = Changed hours
event-provider-schedule-removed = Removed hours
event-schedule-exception-created = Added days off or other hours
event-schedule-exception-changed = Changed days off or other hours
event-schedule-exception-removed = Removed days off or other hours
event-offer-created = Offered a session
event-offer-changed = Changed an offer
event-offer-removed = Removed an offer
event-offer-question-created = Added a question to an offer
event-offer-question-changed = Changed a question of an offer
event-offer-question-removed = Removed a question of an offer
event-room-created = Added a room
event-room-changed = Changed a room
event-room-removed = Removed a room
event-criterion-created = Added a criterion of feedback
event-criterion-changed = Changed a criterion of feedback
event-criterion-removed = Removed a criterion of feedback
event-session-type-created = Added a type of session
event-session-type-changed = Changed a type of session
event-session-type-removed = Removed a type of session
event-level-created = Added a level
event-level-changed = Changed a level
event-level-removed = Removed a level
event-catalogue-entry-created = Added an entry of the catalogue
event-catalogue-entry-changed = Changed an entry of the catalogue
event-catalogue-entry-removed = Removed an entry of the catalogue
event-credit-kind-created = Added a kind of credits
event-credit-kind-changed = Changed a kind of credits
event-credit-kind-removed = Removed a kind of credits

waiting-newcomer-text = You need no account: we send you a link by email, and you are on the list once you follow it.
waiting-newcomer-sent = We have sent an email to this address. Follow its link within a day, and you are on the waiting list.
waiting-newcomer-unsent = This site sends no email: the one with your link stays with the people of this site. Ask them for the link within a day.
waiting-newcomer-confirm = This also confirms your address. We write to you once the places are free.
waiting-mail-newcomer = Join the waiting list: { $title }, { $begins }
waiting-said-newcomer = Hello { $name },

    you want to wait for a place: { $title }, { $when }.
    Join the waiting list with this link:

    { $address }

    If you do not want to wait, ignore this email. Nobody is then put on the list.

    { $site }
waiting-said-newcomer-known = Hello { $name },

    somebody wants to wait for a place with your address: { $title }, { $when }.
    If it was you, sign in with this link and join the waiting list there:

    { $address }

    If it was not you, ignore this email. Nobody is then put on the list.

    { $site }
booking-newcomer-name = Your name
booking-newcomer-email = Your email address
booking-newcomer-hint = We mail you a link that confirms the booking.
booking-newcomer-text = You need no account: we keep the time for you while you confirm by email.
booking-newcomer-sent = Check your email
booking-newcomer-held = We have sent an email to this address. Follow its link within { $minutes } minutes: until then the time is kept.
booking-newcomer-unsent = This site sends no email: the one with your link stays with the people of this site. Ask them for the link within { $minutes } minutes: until then the time is kept.
booking-newcomer-no-mail = No email? Look in your spam folder, or check the address and try again.
booking-newcomer-confirm = Confirm your booking
booking-newcomer-confirm-text = This also confirms your address. You can then move or cancel the booking.
booking-newcomer-do = Confirm the booking
booking-mail-newcomer = Confirm your booking: { $title }, { $begins }
booking-said-newcomer = Hello { $name },

    your time is kept until { $until }: { $title }, { $when }, { $price }.
    Confirm the booking with this link:

    { $address }

    If you have not booked anything, ignore this email. The time is then given to others.

    { $site }
booking-said-newcomer-known = Hello { $name },

    somebody has booked with your address: { $title }, { $when }, { $price }. The time is kept until { $until }.
    If it was you, sign in with this link and confirm the booking, or pay it, there:

    { $address }

    If it was not you, ignore this email. The time is then given to others.

    { $site }
booking-said-newcomer-none = Hello { $name },

    somebody has tried to book with your address: { $title }, { $when }, { $price }. Nothing is kept for you, because you have other bookings, or cannot book this time.
    If it was you, sign in with this link:

    { $address }

    { $site }
booking-unproven = Not confirmed yet
booking-set-public = Everybody sees the times
booking-set-public-hint = Otherwise only people who are signed in do.
booking-set-orders = Orders that a member may make in an hour
booking-set-newcomers = People may book without an account
booking-set-newcomers-hint = They give a name and an address, and confirm by email. Only where people may register.
request-this-time = This time
booking-link-replace = Replace the link
booking-link-text = Only if the link does not work. Both sides get an email with the new one.
booking-link-new = New link
booking-link-was-replaced = The link is replaced, and both sides get an email.
booking-mail-link = New link: { $title }, { $when }
booking-said-link = This takes place at another link, with { $with }:
booking-notice-link = New link: { $about }
booking-mail-note = To know beforehand: { $title }, { $when }
booking-said-note = { $with } changed what you are to know beforehand. Read it on the page of your booking:
booking-notice-note = Changed what you are to know beforehand: { $about }
booking-notice-left-out = Left out, it meets another session: { $about }
booking-said-left-out = Dates of your class that meet another session are left out. This is the first:
waiting-notice-asked = Kept for you: { $about }
waiting-said-asked = Places in this class have become free, and yours are kept until { $until }. Book them by then, or give them back for the next who waits:
waiting-notice-open = Places are free: { $about }
waiting-said-open = Places in this class have become free. As it begins soon, they are kept for nobody: the first who books gets them.
waiting-notice-lapsed = Not kept any longer: { $about }
waiting-said-lapsed = The places that were kept for you were not booked in time, so others can have them now. You do not wait any more. If you still want to come, book what is free, or join the list again:
waiting-notice-closed = Cancelled: { $about }
waiting-said-closed = The class for which you waited does not take place:
booking-notice-zone = A person has one time zone now. You read the times of your sessions in the zone of your account: { $about }
review-begin-text = Somebody reads it and writes to you about it.

## Hosts: hours and offers of providers

hours-title = Hours and days off
hours-about = Members can book what you offer at the times that these hours leave free.
hours-none = You have no hours yet. Say when you give sessions in a usual week, and every free time in it can be booked.
hours-then-offer = Now say what can be booked in these hours.
hours-new = Add your hours
hours-another = Add other hours
hours-of-times = Make hours of these times
hours-of-times-about = Some of your single times repeat every week. Hours offer them without an end.
hours-of-times-none = None of your single times repeats every week.
hours-of-times-replaced = { $count ->
    [one] 1 free time is removed, because the hours offer it.
   *[other] { $count } free times are removed, because the hours offer them.
}
hours-of-times-booked = { $count ->
    [one] 1 booked time stays.
   *[other] { $count } booked times stay.
}
hours-of-times-offered = { $count ->
    [one] 1 time can then be booked in the next { $days } days.
   *[other] { $count } times can then be booked in the next { $days } days.
}
hours-of-times-kept = { $count ->
    [one] 1 free time stays as it is, because the hours do not offer it, or somebody has asked for it:
   *[other] { $count } free times stay as they are, because the hours do not offer them, or somebody has asked for them:
}
hours-of-times-do = Make hours and an offer
hours-of-times-made = Members now book “{ $title }” in your hours. { $count ->
    [one] 1 single time was removed.
   *[other] { $count } single times were removed.
}
hours-of-times-see = See the offer
hours-of-times-left = These stay single times
hours-own = My hours
hours-name = Name of these hours
hours-zone = Time zone
hours-zone-hint = The hours follow the clock of this place, such as Berlin or Kuala Lumpur, also if you travel.
hours-week = Every week
hours-week-hint = An end before the beginning is on the next day. Leave a day empty if you give no sessions on it.
hours-settings = Name and zone
hours-more = Another part of the day
hours-day = Day
hours-opens = From
hours-closes = Until
hours-by-clock = By the clock of { $zone }
hours-closed = No hours in a usual week.
hours-outside = Still booked outside these hours
hours-outside-stay = These sessions stay. Cancel one if it cannot take place.
hours-change = Change
hours-days = { $from } – { $to }
hours-comma = { ", " }
hours-next-day = (next day)
hours-off = Off
hours-days-title = Days off, extra days
hours-new-days = Add days off or other hours
hours-which-days = Which days
hours-first-day = First day
hours-last-day = Last day
hours-last-day-hint = Leave it empty for a single day.
hours-of-days = Hours on these days
hours-of-days-hint = They take the place of the usual ones. Leave all empty if you are off.
hours-one = Which hours
hours-all = All of mine
hours-note = Note for yourself
hours-remove = Remove these hours
hours-remove-effect = Sessions that are booked stay.
hours-remove-days = Remove
hours-remove-days-effect = The hours of the week count again on these days. Sessions that are booked stay.
hours-removed = Removed.
offer-title = What you offer
offer-about = Each session can be booked at the times that your hours leave free.
offer-new = Offer a session
offer-needs-hours = First say when you give sessions.
offer-session = The session
offer-added = Members can now book it.
offer-removed = Removed.
offer-away = Not on offer
offer-remove = Remove this offer
offer-remove-effect = Nobody can book it any more. Sessions that are booked stay.
offer-lengths = Length and price
offer-lengths-hint = Members choose among up to 6 lengths.
offer-length = How long
offer-length-row = Length { $n }
offer-price-hint = Tax included. Leave it empty if it costs nothing, or a credit.
offer-when = When it can be booked
offer-hours = Hours
offer-step = Starts
offer-step-none = One after another
offer-step-every = Every { $length }
offer-horizon = How many days ahead it can be booked
offer-day-limit = At most on one day
offer-day-limit-hint = Leave it empty for no limit.
offered-times = { $week }, { $zone }: { $count ->
    [one] 1 time of { $length }
   *[other] { $count } times of { $length }
} in the next 4 weeks, as long as nobody books.
offered-times-class = { $week }, { $zone }: { $count ->
    [one] 1 date of { $length }
   *[other] { $count } dates of { $length }
} in the next 4 weeks, { $most ->
    [one] one on a day
   *[other] up to { $most } on one day
}. Each closes your other sessions at that time.
offered-times-none = These hours leave no time of { $length } in the next 4 weeks.
offered-times-of = { $title }: { $times }
offered-times-sure = Save again if you mean so many dates. If you mean one lesson at a time, write 1 place, or give the class hours of its own.
offered-see = See it as a visitor
offer-closes = Its dates close times of: { $titles }
offer-closes-all = Its dates leave no times for: { $titles }
class-date-new = Add a date
class-date-title = Add a date: { $title }
class-date-hint = Day and time are those of { $zone }. The date stays when your hours change.
class-date-add = Add the date
offer-seats = Places
offer-seats-hint = With more than one it is a class: several people book the same date. Every start in its hours becomes a date, which closes your other sessions at that time, so give a class hours of its own.
offer-party = Places in one booking, at most
offer-party-hint = A credit is for one place.
offer-active = On offer
offer-question-title = Questions on the form
offer-question-about = Who books an offer answers its questions. You read the answers with the booking.
offer-question-needs-offer = First offer a session.
offer-question-none = Nothing is asked but topics and a note.
offer-question-new = Add a question
offer-question-one = The question
offer-question-offer = Asked of those who book
offer-question-label = Question
offer-question-kind = How it is answered
offer-question-line = In one line
offer-question-text = In several lines
offer-question-one-of = One of the options
offer-question-some-of = Some of the options
offer-question-number = With a number
offer-question-tick = With a tick
offer-question-options = Options
offer-question-options-hint = One a line, 2 to 12. Only for answers with options.
offer-question-required = Nobody books without an answer
offer-question-active = It is asked
offer-question-away = Not asked
offer-question-remove = Remove this question
offer-question-remove-effect = It is asked no more. Answers that were given stay.
offer-question-removed = Removed.
