# Gifts on the guests' pages.

gift-title = Gifts
gift-tile = The wish list
gift-welcome = Your presence is the best gift. Any gift, money included, is welcome, and so is none.
gift-none = There is nothing on the list yet.
gift-taken = Taken
gift-given = Given. Thank you!
gift-own = Reserved by you
gift-own-pieces = { $n ->
    [one] 1 reserved by you
   *[other] { $n } reserved by you
}
gift-left = { $n ->
    [one] 1 of { $all } left
   *[other] { $n } of { $all } left
}
gift-price-shared = { $n ->
    [one] { $price }
   *[other] { $price }, in { $n } parts of { $part }
}
gift-shop = Where to buy it
gift-quantity = How many?
gift-note = Note to the hosts
gift-reserve = I will bring this
gift-change = Save
gift-release = Give it back
gift-money = Money
gift-open-link = Open { $host }
gift-holder = Name
gift-account = Account
gift-bank = Bank
gift-bic = BIC
gift-reference = Reference
gift-duitnow = DuitNow ID
gift-qr = Scan it with your banking app
gift-back = Back to the invitation
gift-done-reserved = Reserved. Only the hosts see that it is from you.
gift-done-released = Given back. Others can reserve it now.

problem-gift-taken = Somebody was quicker: this gift is taken.
    .title = The gift is taken
problem-gift-quantity = { $left ->
    [one] Only 1 is left.
   *[other] Only { $left } are left.
}
    .title = Not enough is left
problem-gift-needs-attendance = Please answer first that somebody is coming. Then you can reserve a gift.
    .title = Nobody is coming yet
problem-gift-already-given = The hosts have this gift already, so it cannot be changed here.
    .title = The gift was given already
