## Pages that hosts write for their guests

page-story = Our story
page-travel = Getting there
page-stay = Where to stay
page-questions = Questions and answers
page-other = Another page
page-links = Good to know
question-meal = For { $event }: only if you come.
question-meal-required = For { $event }: needed from those who come.

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
