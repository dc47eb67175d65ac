### What a new occasion says before its hosts write their own words.

date-to-follow-text = We will ask you who comes as soon as the day is known.
date-to-follow = Date to follow
# The days of the events that a household is invited to.
cover-days = { $first } – { $last }
cover-days-both = { $first } and { $last }
cover-days-more = { $first } and { $n } more days
card-back-host = Back to your page
new-names = { $one } and { $other }
new-title-wedding = Wedding of { $names }
new-title-engagement = Engagement of { $names }
new-title-birthday = Birthday of { $names }
new-title-children = Party for { $names }
new-title-naming = Celebration for { $names }
new-title-anniversary = Anniversary of { $names }
new-title-kenduri = Open house of { $names }
new-title-company = { $names }: event
new-title-memorial = In memory of { $names }
new-title-other = Celebration of { $names }
new-kicker-wedding = Together with their families
new-kicker-engagement = Engagement
new-kicker-birthday = Birthday
new-kicker-children = Come and celebrate
new-kicker-naming = Welcome, little one
new-kicker-anniversary = Anniversary
new-kicker-kenduri = Open house
new-kicker-memorial = In loving memory
new-event-reception = Reception
new-event-party = Party
new-event-service = Service
new-event-dinner = Dinner

# What an invitation says while the hosts have written no words of their own.
invitation-wedding = We request the pleasure of your company at our wedding.
invitation-engagement = We would love to have you at our engagement.
invitation-birthday = Come and celebrate the birthday with us.
invitation-children = Come to our party!
invitation-naming = Come and welcome our baby with us.
invitation-anniversary = Come and celebrate our anniversary with us.
invitation-kenduri = Our door is open. Come and eat with us.
invitation-company = We look forward to welcoming you.
invitation-memorial = We invite you to remember with us.
invitation-other = We would love to have you with us.
