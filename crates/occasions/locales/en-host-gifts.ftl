# The hosts' pages about gifts.

host-gifts = Gifts
host-gift-list = Wish list
host-gifts-off = Guests do not see this, because it is switched off.
host-new-gift = New gift
host-no-gifts = No gifts yet
host-no-gifts-text = Add what you wish for. Households reserve it on their invitation’s page, and nobody brings it twice.
host-gift-about = About the gift
host-gift-taken = { $taken } of { $all } reserved
host-gift-away = Hidden from guests
host-gift-pieces = × { $n }
host-gift-reserved = Reserved
host-gift-released = Released
host-gift-given = Received
host-gift-absent = None of them is coming
host-gift-receive = We have it
host-gift-release = Release
host-gift-picture-remove = Remove the picture
host-remove-gift = Remove the gift
host-remove-gift-effect = A gift that somebody has reserved is hidden instead. Households that bring it still see it.
host-field-gift-name = Gift
host-field-gift-price = Price
host-field-gift-price-hint = For one, or for the whole gift if households give parts of it. May be empty.
host-field-gift-quantity = How many, or in how many parts
host-field-gift-shared = Several households give parts of it
host-field-gift-shared-hint = The price is divided into that many equal parts, and each household takes one or more.
host-field-gift-url = Where to buy it
host-field-gift-url-hint = A page of a shop, beginning with https://
host-field-gift-active = Guests see it
host-field-gift-picture = Picture
host-field-gift-description = Description

host-cash = Money
host-cash-text = Kenduri only shows these. The money goes to you directly. For an account in the euro area, guests also see a QR code for their banking app.
host-new-cash = New way to give money
host-cash-about = Where the money goes
host-cash-where = Where to
host-cash-qr = QR code
host-remove-cash = Remove
host-remove-cash-effect = Guests no longer see it.
host-cash-kind-link = Web address
host-cash-kind-link-hint = For example PayPal. Guests see where the link leads.
host-cash-kind-bank = Bank account
host-cash-kind-bank-hint = IBAN or account number
host-cash-kind-duitnow = DuitNow
host-cash-kind-duitnow-hint = Phone number, identity card number or DuitNow ID
host-field-cash-kind = Kind
host-field-cash-label = Name
host-field-cash-label-hint = For example “Honeymoon fund”
host-field-cash-url = Web address
host-field-cash-url-hint = Only for a web address, beginning with https://
host-field-cash-holder = Account holder
host-field-cash-account = IBAN, account number or DuitNow ID
host-field-cash-account-hint = Everybody with an invitation sees it.
host-field-cash-bank = Bank
host-field-cash-bic = BIC
host-field-cash-reference = Reference
host-field-cash-reference-hint = What guests write on the transfer
host-field-cash-active = Guests see it
host-field-cash-note = Explanation

host-received = Received gifts
host-received-about = About the gift
host-received-owed = { $all ->
    [0] Nothing is entered yet.
    [one] { $owed ->
        [0] You have given thanks for your gift.
       *[other] 1 gift waits for your thanks.
    }
   *[other] { $owed ->
        [0] You have given thanks for all { $all } gifts.
        [one] 1 of { $all } gifts waits for your thanks.
       *[other] { $owed } of { $all } gifts wait for your thanks.
    }
}
host-received-mail = Write a thank-you email
host-received-who = From whom?
host-received-other = Somebody else
host-received-all = All
host-received-invitation = Invitation
host-new-received = Enter a gift
host-thanked = Thanked
host-thanks-owed = Not thanked yet
host-thank = Tick off
host-thanks-undo = Not thanked after all
host-remove-received = Remove the entry
host-remove-received-effect = If the household had reserved the gift, the reservation is open again.
host-field-received-household = Household
host-field-received-giver = From
host-field-received-giver-hint = The name on the gift
host-field-received-description = What it is
host-field-received-amount = Amount
host-field-received-on = Received on

host-done-gift-given = It is in your book of received gifts.
host-done-gift-released = Released. Others can reserve it now.
host-done-gift-thanked = Saved.

host-log-gifts = changed the wish list
host-log-gift-reserved = reserved a gift
host-log-gift-released = released a gift
host-log-gift-given = received a gift
host-log-cash = changed the ways to give money
host-log-received = changed the book of received gifts
host-log-thanked = ticked off thanks

host-switch-gifts = Gifts
host-switch-gifts-on = Households see the wish list and reserve gifts.
host-switch-cash = Money
host-switch-cash-on = Households see ways to give money.
host-switch-gifts-attending = Only those who come reserve gifts
host-switch-gifts-attending-on = Reservations stay if a household cancels later, and are marked.

host-filter-thanks = Thanks
host-filter-thanks-yes = Gift not thanked for yet
host-filter-thanks-no = No thanks owed

host-export-gifts = Wish list and reservations
host-export-received = Received gifts
