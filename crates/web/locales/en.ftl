# The frame around every page.
shell-skip = Skip to content
shell-language = Language
shell-navigation = Sections
shell-menu = Menu
shell-see-site = See the site
shell-notices = Notices
shell-copy = Copy
shell-copied = Copied
shell-print = Print
shell-own-home = Go to Home
shell-tabs = Main sections
shell-more = More
shell-account = Account
shell-pages = Pages of this section
shell-sign-in = Sign in
shell-sign-out = Sign out
shell-home = To the first page
shell-first = Home
shell-more-here = More here
host-home = Home
host-yours = You
host-site = This site
host-server = Server
host-server-overview = Overview
host-server-mail = Mail
host-server-machines = Machines
shell-kept = This is what you typed. Nothing of it was saved:
shell-send-again = Send it again
shell-typed = This is what you typed:
shell-again-by-hand = Passwords, codes and files are not kept. Please go back, and fill in the form again.
shell-request = Request { $id }

# How public pages are dressed.
host-look-songket = Songket
host-look-vermilion = Vermilion
host-look-tiles = Tiles
host-look-garden = Garden
host-look-lamplight = Lamplight
host-look-marigold = Marigold
host-look-letterpress = Letterpress
host-look-deco = Deco
host-look-shore = Shore
host-look-margin = Margin
host-look-ketupat = Ketupat
host-look-bunting = Bunting
host-look-cradle = Cradle
host-look-letterhead = Letterhead
host-look-still = Still
host-look-plain = Plain
host-ground-maroon = Maroon
host-ground-zamrud = Zamrud, green
host-ground-nila = Nila, blue
host-ground-terung = Terung, purple
host-ground-arang = Arang, black
host-ground-cinnabar = Cinnabar
host-ground-peony = Peony
host-ground-jade = Jade
host-ground-ink = Ink
host-ground-turquoise = Turquoise
host-ground-cobalt = Cobalt
host-ground-rose = Rose
host-ground-sage = Sage
host-ground-lavender = Lavender
host-ground-terracotta = Terracotta
host-ground-midnight = Midnight
host-ground-plum = Plum
host-ground-forest = Forest
host-ground-haldi = Haldi, turmeric
host-ground-gulabi = Gulabi, pink
host-ground-mor = Mor, peacock
host-ground-kumkum = Kumkum, red
host-ground-emerald = Emerald
host-ground-onyx = Onyx
host-ground-navy = Navy
host-ground-blush = Blush
host-ground-lagoon = Lagoon
host-ground-dusk = Dusk
host-ground-sand = Sand
host-ground-red = Red
host-ground-blue = Blue
host-ground-moss = Moss
host-ground-black = Black
host-ground-leaf = Leaf
host-ground-teal = Teal
host-ground-sky = Sky
host-ground-lemon = Lemon
host-ground-mint = Mint
host-ground-blossom = Blossom
host-ground-cloud = Cloud
host-ground-vanilla = Vanilla
host-ground-graphite = Graphite
host-ground-pine = Pine
host-ground-wine = Wine
host-ground-stone = Stone
host-ground-mist = Mist

# Days that come again, and how they are counted.
host-repeat-none = never
host-repeat-weekly = every week
host-repeat-monthly = every month
host-repeat-yearly = every year
host-feb28 = 28 February
host-mar1 = 1 March
host-days-elapsed = 24 hours
host-days-calendar = from midnight to midnight

# Forms.
form-zone = As clocks show it in { $zone }.
form-problem = There is a problem
form-clash = Someone changed this while you were here. Nothing of yours was saved yet: what was saved meanwhile stands below each field. Press “{ $button }” again to keep yours.
form-clash-first = Go to the first difference
form-count-anew = Count anew
form-clash-stored = Saved meanwhile: { $value }
value-nothing = nothing
value-yes = Yes
value-no = No

# Numbers, dates and hours.
number-thousands = ,
number-decimal = .
weekday-1 = Monday
    .short = Mon
weekday-2 = Tuesday
    .short = Tue
weekday-3 = Wednesday
    .short = Wed
weekday-4 = Thursday
    .short = Thu
weekday-5 = Friday
    .short = Fri
weekday-6 = Saturday
    .short = Sat
weekday-7 = Sunday
    .short = Sun
month-1 = January
    .short = Jan
month-2 = February
    .short = Feb
month-3 = March
    .short = Mar
month-4 = April
    .short = Apr
month-5 = May
    .short = May
month-6 = June
    .short = Jun
month-7 = July
    .short = Jul
month-8 = August
    .short = Aug
month-9 = September
    .short = Sep
month-10 = October
    .short = Oct
month-11 = November
    .short = Nov
month-12 = December
    .short = Dec
date-full = { $weekday }, { $day } { $month } { $year }
date-short = { $weekday-short } { $day } { $month-short } { $year }
date-brief = { $weekday-short } { $day } { $month-short }
date-plain = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-weekday-day = { $weekday }, { $day } { $month }
date-weekday = { $weekday }
date-weekday-short = { $weekday-short }
date-month = { $month } { $year }
date-month-short = { $month-short }
duration-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
duration-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
host-unit = Unit
host-unit-minutes = minutes
host-unit-hours = hours
host-unit-days = days
date-moment = { $date }, { $time }
# A line above all times of a page.
date-today = today, { $when }
date-tomorrow = tomorrow, { $when }
time-in-zone = { $time }, { $zone }
time-at-place = { $time } ({ $place })
zone-line = All times are in { $zone }.
time-period = { $hour ->
    [12] pm
    [13] pm
    [14] pm
    [15] pm
    [16] pm
    [17] pm
    [18] pm
    [19] pm
    [20] pm
    [21] pm
    [22] pm
    [23] pm
   *[other] am
}
time-clock = { $minutes ->
    [full] { $hour } { $period }
   *[shown] { $hour }:{ $minute } { $period }
}
time-plain = { $minutes ->
    [full] { $hour }
   *[shown] { $hour }:{ $minute }
}
time-noon = 12 noon
time-midnight = 12 midnight
time-range = { $from }–{ $to }
time-range-wide = { $from } – { $to }

# The page that explains every code.
problems-title = What can go wrong
problems-introduction = Every refusal carries one of these codes. They do not change; their sentences may.
problems-fields = Codes of single fields

# What is wrong with a request as such.
problem-body-invalid = The request could not be read. Please go back and try again.
    .title = Could not be read
problem-request-invalid = The address or the request could not be read.
    .title = Could not be read
problem-not-found = There is nothing here, or it is not for you to see.
    .title = This page is not here.
problem-method-not-allowed = This address does not accept that kind of request.
    .title = Not accepted here
problem-body-too-large = This is more than we can accept at once. Please send less.
    .title = Too much at once
problem-unsupported-media-type = This address accepts another kind of content.
    .title = Another kind of content
problem-validation-failed = Some of this cannot be saved as it is. Each field says what is wrong.
    .title = There is a problem
problem-csrf-failed = This page was open too long. Please go back, reload it, and try again.
    .title = Please reload the page

# Versions and repeats.
problem-version-required = Say which version you are changing, with If-Match or “version”.
    .title = Version missing
problem-version-conflict = Someone changed this while you were here. Choose what to keep.
    .title = Changed in the meantime
problem-idempotency-key-reused = This idempotency key was used for another request.
    .title = Key already used
problem-idempotency-in-progress = The same request is still being worked on. Please ask again in a moment.
    .title = Still working on it

# Limits, and our own trouble.
problem-rate-limited = Too many requests. { $minutes ->
    [none] Please try again in a while.
    [one] Please try again in one minute.
   *[other] Please try again in { $minutes } minutes.
}
    .title = Please wait a little
problem-too-many-attempts = Too many tries. { $minutes ->
    [none] Please try again later.
    [one] Please try again in one minute.
   *[other] Please try again in { $minutes } minutes.
}
    .title = Too many tries
problem-store-busy = Nothing was saved. Please try again in a moment.
    .title = Nothing was saved
problem-saving-paused = Nothing was saved. This site cannot reach the place that keeps its second copy, and saves nothing until it can. Please try again in a few minutes.
    .title = Nothing was saved
problem-outcome-unknown = We do not know whether this was saved. Please look before you send it again.
    .title = We do not know whether it was saved
problem-busy = There is a lot to do just now. Please try again in a moment.
    .title = Just a moment
problem-internal = That was our fault. Nothing you did is lost; please try again.
    .title = Something went wrong here

## Hosts and programs: promised in English and Malay only.

problem-cursor-invalid = This cursor is not one of ours. Please start the list from its beginning.
    .title = Unknown cursor
problem-idempotency-key-invalid = The idempotency key must be 1 to 128 visible ASCII characters.
    .title = Idempotency key not usable
problem-headers-too-large = The browser or program sent more in its headers than we can accept. Deleting this site’s cookies may help.
    .title = Headers too large
problem-slug-taken = This address is taken. Please choose another.
    .title = Address taken
problem-limit-reached = { $limit ->
    [none] There cannot be more of these.
   *[other] There can be { $limit } of these at most.
}
    .title = Limit reached
problem-wrong-state = This cannot be done in its current state.
    .title = Not now

# Who is asking.
problem-unauthenticated = Please sign in first.
    .title = Please sign in

## Everybody: single fields.

field-required = Please fill this in.
field-too-short = { $min ->
    [none] This is too short.
    [one] At least one character.
   *[other] At least { $min } characters.
}
field-too-long = { $max ->
    [none] This is too long.
    [one] At most one character.
   *[other] At most { $max } characters.
}
field-too-few = { $min ->
    [none] Give at least 2.
   *[other] Give at least { $min }.
}
field-too-many = { $max ->
    [none] There are too many.
   *[other] At most { $max }.
}
field-out-of-range = { $min ->
    [none] This is too small or too large.
   *[other] Between { $min } and { $max }.
}
field-too-low = { $min ->
    [none] This is too small.
   *[other] At least { $min }.
}
field-too-high = { $max ->
    [none] This is too large.
   *[other] At most { $max }.
}
field-unknown-option = Please choose one of those offered.
field-unknown-field = There is no such field.
field-wrong-type = This needs another kind of value.
field-not-allowed = This cannot be chosen here.
field-not-unique = This is here twice.
field-invalid = This is not valid.
field-amount-invalid = { $example ->
    [none] Write an amount such as 180.00.
   *[other] Write an amount such as { $example }.
}
field-percentage-invalid = Write a percentage such as 19 or 19.5.
field-duration-invalid = Write a whole number.
field-currency-changed = { $currency ->
    [none] The currency was changed in the meantime. Open the page again, and type the amount again.
   *[other] The currency is now { $currency }. Open the page again, and type the amount again.
}
field-email-invalid = This does not look like an email address.
field-url-invalid = This does not look like an address that starts with https://.
field-date-invalid = This is not a day that exists. Write year, month and day: 2027-03-01. A time comes after it: 2027-03-01T18:30.
field-time-invalid = Write each time as hours and minutes, from 00:00 to 23:59: 18:30.
field-time-zone-unknown = We do not know this time zone.
field-time-zone-several = Several time zones are called so. Write one of these: { $names }.
field-language-unknown = This is not a language tag.
field-ends-before-start = The end is before the beginning.
field-password-short = { $min ->
    [none] This password is too short.
   *[other] At least { $min } characters.
}
field-password-long = { $max ->
    [none] This password is too long.
   *[other] At most { $max } characters.
}
field-password-common = This password is among the first that anybody would try.
field-display-name-address = A name cannot be a web address. Leave out the address, or write a space after each dot.
field-display-name-length = { $min ->
    [none] This name is too short or too long.
   *[other] Between { $min } and { $max } characters.
}
field-image-invalid = This is not a JPEG, PNG or WebP picture, or it is too large.
field-image-heic = HEIC from an iPhone: send it from the phone itself, or save it as JPEG.
field-not-an-image = This is not a picture.
field-picture-undescribed = A picture has no description. Say between [ and ] in a few words what it shows.
field-slug-invalid = Small letters, digits and hyphens only.
field-slug-reserved = This word is reserved for something else.
field-confirmation-wrong = This is not the text that you were asked to type.

## Hosts: the built-in mailbox, for those who try out a site.
mailbox-title = Mailbox
mailbox-all = All emails
mailbox-introduction = This site sends no mail. Here is what it would have sent.
mailbox-search = Search
mailbox-empty = No mail here.
mailbox-to = To
mailbox-from = from
mailbox-reply-to = reply to
mailbox-text = As text
mailbox-page = As a page

# Sharing a page. The badge is a small picture, the frame an iframe.
share-title = Share
share-link = Link
share-copy = Copy
share-copy-link = Copy link
share-copied = Copied
share-share = Share
share-email = Email
share-more = QR code, badge and frame
share-qr = QR code
share-badge = Badge for your own page
share-embed = Frame for your own page

address-private = This site’s address is { $address }. Nobody outside this computer or its network can open links and QR codes with it. Whoever runs the site sets its public address as site.url.
address-private-short = Links work only on this computer or its network.
mail-stays = This site has no mail server. What it sends stays in its own mailbox, and reaches nobody. Whoever runs the site can set one up.
mail-stays-short = Email is off: this site has no mail server.
cache-note = Caches in front may show it for 90 seconds.

# Lists that show only their beginning.
list-newest = Only the newest are shown.
list-others-follow = Others follow once these are answered.
