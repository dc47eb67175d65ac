# Pictures and documents of guests, and the gallery.

upload-title = Share pictures
upload-tile = Pictures and documents
upload-welcome = Share your pictures of the day, or a document. The hosts look at each one before others can see it.
upload-caption = What it shows (optional)
upload-file = Pictures or PDF files
upload-hint = { $left ->
    [one] JPEG, PNG, WebP, GIF or PDF, up to { $most } MB each. You can send 1 more.
   *[other] JPEG, PNG, WebP, GIF or PDF, up to { $most } MB each. You can send { $left } more.
}
upload-place = We remove the place and time that your phone wrote into a picture.
upload-send = Send
upload-full = You have sent as many files as one invitation can hold. Remove one to send another.
upload-over = Nothing can be sent any more.
upload-own = What you sent
upload-pending = Not seen yet
upload-approved = In the gallery
upload-rejected = Not in the gallery
upload-remove = Remove
upload-refused = { $file }: { $reason }
upload-done-added = Thank you! Your files have arrived.
upload-done-some = { $n ->
    [one] 1 file has arrived. The others were not accepted.
   *[other] { $n } files have arrived. The others were not accepted.
}
upload-done-removed = Removed.
gallery-title = Gallery
gallery-tile = Pictures of the day
gallery-none = There are no pictures here yet.
gallery-pages = Pages of the gallery
gallery-previous = Earlier pictures
gallery-next = More pictures
gallery-picture = Picture { $n } of { $count }
gallery-back = Previous
gallery-on = Next
gallery-all = All pictures
gallery-credit = Photo: { $name }

## After the day

after-on-wedding = Married on
after-on-engagement = Engaged on
after-on-celebrated = Celebrated on
after-on-memorial = Remembered on
after-on-other = It was on
after-came-title = Thank you for coming
after-came = It meant everything to have you there.
after-came-names = It meant everything to have you there: { $names }.
after-names = { $names } and { $last }
after-unknown-title = Thank you
after-missed-title = We missed you
after-missed = Thank you for thinking of us.
after-came-title-memorial = Thank you for being with us
after-came-memorial = Your presence was a comfort to us.
after-came-names-memorial = Your presence was a comfort to us: { $names }.
after-missed-title-memorial = Thank you
after-missed-memorial = Thank you for thinking of us.
after-pictures = Pictures of the day
after-so-far = { $n ->
    [one] 1 so far
   *[other] { $n } so far
}
after-share = Share your pictures
after-see-all = { $n ->
    [one] See it
   *[other] See all { $n }
}
after-word = A word to { $hosts }
after-word-hint = Only they will see it.
after-word-write = Write a note
after-word-change = Change your note
after-answers = What you answered
after-answers-and-gift = What you answered, and the gift you gave
after-gift = The gift you gave

problem-upload-type = This is not a JPEG, PNG, WebP, GIF or PDF file, or the picture is too large or broken.
    .title = Another kind of file
problem-upload-limit = { $limit ->
    [one] This invitation already has its 1 file. Remove it to send another.
   *[other] This invitation already has { $limit } files. Remove one to send another.
}
    .title = Too many files
problem-upload-quota = There is no more room for pictures of this occasion. Please tell the hosts.
    .title = No more room
