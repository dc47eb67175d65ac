# Uploads of guests, for hosts.

host-uploads = Guests’ pictures
host-uploads-off = Guests can neither send pictures nor see the gallery, because this is switched off.
host-no-uploads = No pictures yet
host-no-uploads-text = What guests send waits here until you approve it. Approved pictures form the gallery, which guests see from the beginning of the first event on.
host-uploads-none-here = Nothing here.
host-upload-pending = Waiting
host-upload-approved = In the gallery
host-upload-rejected = Rejected
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
host-look-uploads = Pictures that wait for you
host-switch-uploads = Pictures from guests
host-switch-uploads-on = Households send pictures and documents. What you approve is a gallery from the beginning of the first event on.
host-export-uploads = Guests’ pictures
host-log-upload-added = sent a picture or document
host-log-upload-removed = removed a picture or document
host-log-upload-approved = put a picture or document into the gallery
host-log-upload-rejected = rejected a picture or document
host-log-upload-returned = put a picture or document back to those that wait
host-log-upload-deleted = deleted a picture or document
