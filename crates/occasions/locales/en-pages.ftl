## Pages that hosts write for their guests

page-story = Our story
page-travel = Getting there
page-stay = Where to stay
page-questions = Questions and answers
page-other = Another page
page-links = Good to know
question-meal = For { $event }: only if you come.
question-meal-required = For { $event }: needed from those who come.
guest-made-with = Made with Kenduri

## Of hosts

host-info-pages = Pages for guests
host-info-pages-text = Your story, the way there, where to stay: guests find these pages on the public page and on their invitation.
host-page-new = New page
host-page-where = The page
host-page-remove = Remove this page
host-page-remove-effect = Its text is deleted in all languages. This cannot be undone.
host-page-kind = About
host-page-title = Title
host-page-title-hint = Empty: our own words, in each language.
host-page-body = Text
host-page-body-hint = An empty line begins a new paragraph. Marks: ## heading, - list, **bold**, [words](https://example.com). Guests whose language has no text read another one.
host-page-audience = Who sees it
host-page-everybody = Everybody with the link
host-page-invited = Invited guests
host-page-nobody = Nobody yet
host-page-see = See the page
host-page-missing = Not yet in { $languages }
host-log-pages = changed the pages for guests
host-answer-meal = A meal, for the kitchen
host-meal-open = Nothing chosen yet
host-filter-answer-open = { $question } – nothing chosen yet
host-export-meal = Meal
host-export-sheet-meals = Meals, how many
host-switch-made-with = Say “Made with Kenduri”
host-switch-made-with-off = Off: guests’ pages end without it.
host-own-domain = Own domain
host-own-domain-text = Guests find the occasion at a name of your own. Links, mails and printed codes then begin with it. You go on signing in here.
host-own-domain-off = Whoever runs this server has not switched this on.
host-own-domain-name = Name
host-own-domain-hint = Such as our-day.example, without https://. Empty: none.
host-own-domain-here = Leads here
host-own-domain-elsewhere = Does not lead here yet
host-own-domain-unknown = No name server answered
host-own-domain-served = The certificate is ordered by itself, which takes a minute or two.
host-own-domain-records = Where you bought the name, make one of these DNS records. It can take some hours until it is seen everywhere.
host-own-domain-table = DNS records
host-own-domain-kind = Type
host-own-domain-value = Value
host-own-domain-one = CNAME is for a name below a domain, such as www. A and AAAA are for the domain itself. Other addresses must not be there.
host-own-domain-again = Look again
