### What a new occasion says before its hosts write their own words.

date-to-follow-text = We will ask you who comes as soon as the day is known.
date-to-follow = Date to follow
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
