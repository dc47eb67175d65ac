### What only hosts read, beside their pages: columns of files, words of states.

host-yes = Yes
host-no = No

## What a household may do now

host-access-open = Open
host-access-closed = Closed
host-access-locked = Locked
host-access-expired = Occasion ended
host-access-revoked = Archived

## How an answer arrived

host-source-web = On the page
host-source-api = By a program
host-source-socket = Live
host-source-import = From a file
host-source-phone = By phone

## Who put a guest on the list

host-guest-named = Named by the hosts
host-guest-plus-one = Brought along

## Files

host-export-sheet-guests = Guests
host-export-sheet-households = Households
host-export-sheet-replies = Answers
host-export-sheet-diets = Food, how many
host-export-sheet-diets-people = Food, who
host-export-sheet-questions = Questions
host-export-household = Household
host-export-guest = Guest
host-export-code = Code
host-export-email = Email
host-export-phone = Phone
host-export-address = Postal address
host-export-language = Language
host-export-tags = Tags
host-export-access = Answers are
host-export-guests = Guests
host-export-yes = Coming
host-export-no = Not coming
host-export-undecided = Not sure
host-export-pending = Answer missing
host-export-response = Answer status
host-export-deadline = Own deadline
host-export-sent = Sent
host-export-opened = Last looked
host-export-answered = Answered
host-export-note = Note from the household
host-export-host-message = Message to the household
host-export-host-note = Note between hosts
host-export-kind = Kind
host-export-contacts = With codes and contact data
host-export-child = Child
host-export-age = Age
host-export-diets = Food needs
host-export-diet-note = Food, in their words
host-export-event = Event
host-export-answer = Answer
host-export-source = How
host-export-question = Question
host-export-diet = Food need
host-export-allergy = Allergy
host-export-people = People
