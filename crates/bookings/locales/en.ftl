# What everybody reads.
booking-menu = Book
booking-title = Book a time
booking-title-with = Book a time with { $name }
booking-next = Next: { $when }
booking-kind = Kind
booking-kind-all = All kinds
booking-from = From
booking-show = Show
booking-zone = All times are in { $zone }.
booking-nothing = Nothing is free at present.
booking-nothing-next = Nothing is free in these days. The next is { $day }.
booking-nothing-free = nothing free
booking-days = { $from } to { $to }
booking-count-free = { $count } free
booking-row = { $length }, with { $name }
booking-do = Book
booking-free = Free
booking-credits = { $count ->
    [one] 1 credit
   *[other] { $count } credits
}
booking-do-credit = Book with 1 credit ({ $count } left)
booking-no-credit = This time is booked with a credit, and you have none.
plan-offered = Plans
plan-offered-text = Some times are booked with credits. A plan gives you credits for some months.
plan-none = There is no plan at the moment.
plan-grants = { $credits ->
    [one] 1 credit
   *[other] { $credits } credits
}, { $months ->
    [one] for 1 month
   *[other] for { $months } months
}
plan-buy = Buy for { $sum }
booking-earlier = Earlier
booking-later = Later
booking-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
booking-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
booking-for = for { $length }
booking-when = When
booking-with = With
booking-where = Where
booking-to-cancel = To cancel
booking-cancel-until = Until { $when }.
booking-cancel-until-paid = Free until { $when }. After that nothing is paid back.
booking-cancel-never = It is too near to be cancelled.
booking-note = A note for { $name } (optional)
booking-hold = We keep this time for you for { $minutes } minutes while you pay. Nothing is charged on this page.
booking-to-payment = Go to payment, { $sum }
booking-sign-in = Sign in to book
booking-register = Make an account
booking-taken = Somebody was quicker
booking-taken-text = This time is not free any more. Nothing was charged.
booking-find = Book a time
slot-online = By video
slot-in-person = In person
slot-phone = By phone

## Hosts: what members, providers and administrators read, and what is refused.

booking-first-page = Times to book
booking-group = Bookings
booking-role-provider = Provider: offers times
booking-scope-read = See your bookings and times
booking-scope-write = Offer times, and book and cancel what costs nothing

# A member's bookings.
booking-mine = Your bookings
booking-begin = A booking
booking-begin-text = Find a time that suits you
booking-coming = Coming
booking-past = Past
booking-none = Nothing is booked yet.
booking-line = { $title }, with { $name }
booking-pay-until = pay until { $time }
booking-pay = Pay
booking-back = All bookings
calendar-feed = Your calendar
calendar-feed-text = A calendar program that takes this address shows your sessions, and follows their changes. Whoever has the address reads them: do not pass it on.
calendar-feed-address = Address
calendar-feed-make = Make an address
calendar-feed-renew = Make another address
calendar-feed-end = End this address
booking-price = Price
booking-own-note = Note
booking-reason = Reason
booking-calendar = Add to calendar
booking-cancel-closed = It is too late to cancel: nothing would be paid back.
booking-pending = Not paid yet
booking-confirmed = Confirmed
booking-expired = Not paid in time
booking-cancelled = Cancelled
booking-completed = Over
booking-party-member = member
booking-party-provider = provider
booking-party-administrator = administrator
booking-was-booked = It is booked. A mail with a calendar file is on its way.
booking-was-paid = It is paid and booked. A mail with a calendar file is on its way.
booking-was-moved = It is moved. A mail with the new time is on its way.
booking-was-cancelled = It is cancelled.
booking-cancel-ask = Cancel this booking…
booking-cancel-question = Cancel “{ $title }”?
booking-cancel-facts = { $when } is given to somebody else.
    { $money ->
        [none] Nothing was paid.
        [credit] The credit is given back.
        [unpaid] Nothing was charged.
       *[other] { $money } is paid back.
    }
booking-cancel-undo = This cannot be undone. The time may be booked again while it is free.
booking-cancel-do = Cancel the booking
booking-move = Move
booking-move-from = Now: { $when }.
booking-moves-left = { $count ->
    [one] You can move it once more.
   *[other] You can move it { $count } more times.
}
booking-move-none = No other time at the same price is free.
booking-move-here = Move here
booking-cancel-form = Cancel

# Paying.
pay-title = Payment
pay-test-mode = This site takes no real money.
pay-until = Kept for you until { $time }
pay-until-text = After that others may take it.
pay-order = Your order
pay-now = To pay now
pay-do = Pay { $sum }
pay-do-with = Pay { $sum } with { $name }
pay-go = Go on to { $name }
pay-go-text = You pay on the page of { $name }, and come back here. Card numbers never reach this site.
pay-give-back = Give this time back
pay-letter = You get a mail with the time, the place and a calendar file.
pay-failed = The payment did not succeed. Nothing was charged; try again.
pay-waiting = The payment service has not confirmed the payment yet. Load this page again in a moment; we also write to you.
pay-expired = The time was kept until now, and others may take it. If you paid all the same, you get the time or your money back.
pay-plan-expired = This order was open for a day. If you paid all the same, you get the credits.
pay-comes-back = The time was taken meanwhile, or cancelled. Your money comes back.
pay-refunded = Your money is on its way back.
order-created = not paid yet
order-paid = paid
order-refunded = paid back
order-expired = not paid in time
order-all = Orders
order-none = Nobody has ordered anything yet.
order-receipt = receipt { $number }
credit-mine = Credits and orders
credit-left = To spend
credit-none = You have no credits.
credit-until = until { $date }
credit-entries = What became of them
credit-granted = Bought
credit-booked = Booked
credit-returned = Given back
credit-replaced = Given back, as a new one
credit-was-paid = Paid. The credits are yours.
order-mine = Your orders
plan-all = Plans
plan-new = Add a plan
plan-settings = The plan
plan-first = There are no plans yet. A plan sells credits, and times may be booked with them.
plan-name = Name
plan-description = What it offers
plan-credits = Credits
plan-months = Months
plan-months-hint = So long the credits last.
plan-price = Price in the smallest unit
plan-price-hint = 18000 is 180.00.
plan-active = It is offered
plan-position = Place in the list
plan-away = not offered
plan-remove = Remove the plan
plan-remove-effect = A plan that somebody ordered stays, and is not offered any more. Credits that were bought stay.
plan-removed = The plan is removed.
gateway-test = Test gateway
gateway-razorpay = Razorpay
test-gateway-title = Test gateway
test-gateway-text = This page stands for the page of a payment service. No money moves. Choose what happens.
test-gateway-pay = Pay
test-gateway-fail = The payment fails
test-gateway-lost = Pay, and never come back
test-gateway-twice = Pay twice
test-gateway-wrong = Pay another sum
test-gateway-stuck = Pay what cannot be paid back
test-gateway-back = Back, without paying

# A provider's times.
slot-mine = Your times
slot-begin = Times to book
slot-begin-text = Offer times that others book
slot-first = Offer your first times. Your profile says your name, your zone and how much notice you need.
slot-week = { $from } – { $to }
slot-earlier = Earlier
slot-later = Later
slot-today = today
slot-none = No times
slot-available = Free
slot-held = Being paid
slot-held-until = Being paid, until { $time }
slot-booked = Booked
slot-unavailable = Hidden by you
slot-completed = Over
slot-state = State
slot-saved = Saved.
slot-added = Added. Everybody can book it now.
slot-removed = Deleted.
slot-new = Add one time
slot-group-when = When
slot-group-what = What
slot-date = Day
slot-time = Time
slot-title = What it is
slot-minutes = Minutes
slot-price = Price in { $currency }
slot-price-hint = Empty: it costs nothing.
slot-takes-credit = Booked with one credit instead of money
slot-place = How you meet
slot-location = Link, address or number
slot-location-hint = Only those who booked see it. Links: Google Meet, Zoom, Teams, Jitsi.
slot-area = Where, roughly
slot-area-hint = Everybody sees it, for example the part of town.
slot-public-note = What everybody reads
slot-prep-note = To know beforehand
slot-add = Add the time
slot-save = Save
slot-hide = Hide
slot-show = Show again
slot-remove-ask = Delete…
slot-remove = Delete
slot-remove-question = Delete this time?
slot-remove-facts = Nobody can book it any more.
slot-remove-undo = You can add it again.
slot-to-booking = The booking
slot-bookings = Bookings with you
slot-bookings-none = Nobody has booked yet.
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
booking-profile-zone = Time zone
booking-profile-zone-hint = As in Asia/Kuala_Lumpur.
booking-profile-before = Minutes that stay free before a time
booking-profile-after = Minutes that stay free after a time
booking-profile-notice = Minutes ahead that a time must be booked
booking-profile-paused = Offer nothing for now
booking-settings = Rules of bookings
booking-settings-hint = A booking keeps the rules of the day when it was made.
booking-set-currency = Currency of new prices (ISO 4217)
booking-set-hold = Minutes that a time is kept for payment
booking-set-hold-limit = Times that are kept for one person
booking-set-cancel = Minutes ahead that a member may cancel or move
booking-set-moves = How often a booking may be moved
booking-set-shortest = Shortest time, in minutes
booking-set-longest = Longest time, in minutes

# Mails and notices.
booking-mail-confirmed = Booked: { $title }, { $when }
booking-said-confirmed = This is booked with { $with }:
booking-mail-moved = Moved: { $title }, { $when }
booking-said-moved = This has a new time, with { $with }:
booking-mail-cancelled = Cancelled: { $title }, { $when }
booking-said-cancelled = This does not take place, with { $with }:
booking-mail-reminder = Tomorrow: { $title }, { $when }
booking-said-reminder = This comes soon, with { $with }:
booking-said-back = { $sum } is paid back.
booking-mail-receipt = Receipt { $number }: { $sum } – { $site }
booking-said-receipt = Thank you. { $sum } was paid. This is receipt { $number }.
booking-mail-gone = The time was gone: { $sum } comes back – { $site }
booking-said-gone = You paid { $sum }, but the time had been given to somebody else or was cancelled. All of it is paid back.
booking-mail-refunded = { $sum } is on its way back – { $site }
booking-said-refunded = { $sum } was paid back.
booking-notice-confirmed = Booked: { $about }
booking-notice-moved = Moved: { $about }
booking-notice-cancelled = Cancelled: { $about }
booking-notice-reminder = Comes soon: { $about }
booking-notice-late = The reminder of “{ $about }” came too late to be mailed.
booking-notice-refund-failed = { $about } could not be paid back. See to it with the payment service.
booking-notice-refund-elsewhere = Somebody paid { $about } back at the payment service itself. Compare it with the orders here.
booking-notice-dispute = The payer of { $about } disputes the payment. See to it with the payment service.
booking-notice-wrong-sum = { $about } was paid, which is not what an order costs. It is paid back.

# What is refused.
problem-own-slot = This is your own time.
    .title = Own time
problem-slot-taken = Somebody was quicker. Nothing was charged. Choose another time.
    .title = Time taken
problem-slot-changed = This time was changed while you looked. Read it again.
    .title = Time changed
problem-slot-locked = This time is kept for somebody, or booked. It cannot be changed.
    .title = Time locked
problem-booking-not-cancellable = This booking is over, or does not take place.
    .title = Not cancellable
problem-reschedule-limit = This booking was moved as often as it may be.
    .title = Moved too often
problem-reschedule-not-allowed = It can only be moved to a time of the same provider at the same price.
    .title = Move not allowed
problem-too-many-bookings = You have booked as many times as one person may. Cancel one that you do not need, or try again tomorrow.
    .title = Too many bookings
problem-too-many-holds = Times are kept for you already. Pay for them or give them back first.
    .title = Too many times kept
problem-quota-exhausted = You have no credit for this session. A plan gives you some.
    .title = No credit left
problem-payment-mismatch = This payment is of another order. Nothing was changed.
    .title = Another payment
problem-payment-signature = The payment service did not say this. Nothing was changed.
    .title = Payment not proven
problem-slot-overlap = Another time of yours is there.
    .title = Times overlap
problem-member-busy = You have another booking at this time.
    .title = Another booking
problem-order-closed = This order cannot be paid any more.
    .title = Order closed
problem-gateway-unavailable = The payment service does not answer. Nothing was charged; try again in a moment.
    .title = Payment service not available
problem-series-rejected = Some of these times cannot be. Nothing was added.
    .title = Series rejected
problem-cancel-window-closed = It is too late to cancel or move this booking.
    .title = Too late
problem-slot-too-short = At least { $min } minutes.
    .title = Too short
problem-slot-too-long = At most { $max } minutes.
    .title = Too long
problem-slot-in-past = This lies in the past.
    .title = In the past
problem-slot-too-far = At most a year ahead.
    .title = Too far ahead
problem-local-time-missing = The clock never shows this time on that day: it is set forward.
    .title = No such time
problem-link-not-allowed = Only an https link of Google Meet, Zoom, Teams or Jitsi.
    .title = Link not allowed
problem-currency-unknown = Not a currency of ISO 4217.
    .title = Unknown currency
problem-price-invalid = A sum such as 180 or 180.00.
    .title = Price not valid
