# Uploads of guests, for hosts.

host-uploads = Pictures
host-uploads-off = Guests can neither send pictures nor see the gallery, because this is switched off.
host-no-uploads = No pictures yet
host-no-uploads-text = What guests send waits here until you approve it. It is in the gallery then, with the pictures that you add. Guests see the gallery from the beginning of the first event on.
host-uploads-none-here = Nothing here.
host-upload-pending = Waiting
host-upload-approved = In the gallery
host-upload-rejected = Not in the gallery
host-upload-choose = Choose
host-upload-choose-first = Choose pictures, then say what happens to them
host-upload-approve = Add to the gallery
host-upload-reject = Reject
host-upload-delete = Delete…
host-upload-delete-title = { $n ->
    [one] Delete 1 file?
   *[other] Delete { $n } files?
}
host-upload-delete-effect = { $n ->
    [one] It is deleted for you, for the household that sent it and in the gallery. This cannot be undone.
   *[other] They are deleted for you, for the households that sent them and in the gallery. This cannot be undone.
}
host-upload-delete-go = Delete
host-upload-keep = Go back, change nothing
host-done-upload-approved = Added to the gallery.
host-done-upload-rejected = Rejected. Only you and the household that sent it can see it.
host-done-upload-deleted = Deleted.
host-done-upload-none = Nothing was chosen, so nothing changed.
host-uploads-download = { $count ->
    [one] Download it, { $size }
   *[other] Download all { $n }, { $size }
}
host-uploads-file = pictures
host-uploads-nameless = A household
host-uploads-unread = These files could not be read. Please tell whoever runs this site.
host-size-kb = { $n } KB
host-size-mb = { $n } MB
host-size-gb = { $n } GB
host-uploads-gallery = { $all } in the gallery: { $own } of yours, { $guests } from guests.
host-uploads-deleted = They are deleted on { $day }, with everything guests sent. “Publish or close” says how long data is kept.
host-uploads-waiting = { $n ->
    [one] 1 file from guests waits for you
   *[other] { $n } files from guests wait for you
}
host-uploads-look = Look at them
host-upload-hide = Take out of the gallery
host-done-upload-hidden = Taken out of the gallery. Other guests no longer see it.
host-pictures-add = Add pictures
host-pictures-add-text = They are in the gallery at once. The place and time in the files are removed.
host-pictures-files = Pictures
host-pictures-files-hint = As many as you like, up to { $most } MB each: JPEG, PNG, WebP or GIF.
host-pictures-none = Please choose a picture first.
host-pictures-others = { $n ->
    [one] The other one is here.
   *[other] The other { $n } are here.
}
host-pictures-sending = { $n } of { $all }
host-pictures-failed = It did not arrive. Please send it again.
host-pictures-own = Your own
host-done-pictures-added = Your pictures are in the gallery.
host-picture = Your picture
host-field-picture-caption = What it shows (optional)
host-field-picture-credit = Photographer (optional)
host-field-picture-credit-hint = Guests read the name beside the picture.
host-look-uploads = Pictures that wait for you
host-switch-uploads = Pictures from guests
host-switch-uploads-on = Households send pictures and documents. What you approve is a gallery from the beginning of the first event on.
host-export-uploads = Guests’ pictures
host-log-upload-added = sent a picture or document
host-log-upload-ordered = changed the order of the gallery
host-log-upload-removed = removed a picture or document
host-log-upload-approved = put a picture or document into the gallery
host-log-upload-rejected = rejected a picture or document
host-log-upload-returned = put a picture or document back to those that wait
host-log-upload-deleted = deleted a picture or document
host-log-upload-added-by-host = added a picture
host-log-upload-described = changed what a picture says
host-log-upload-hidden = took a picture out of the gallery
host-upload-first = Show first
host-upload-by-time = Put back in order of time
