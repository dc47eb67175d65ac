## Everybody: the page about what is up

status = Status
status-about = Whether { $site } and its parts are up.
status-well = Everything is up
status-troubled = Some parts are down
status-part = Part
status-up = Up
status-down = Down
status-not-saving = Pages are shown, but nothing can be saved at the moment
status-since = Since { $when }
status-unknown = Of the other parts nothing is known just now.
status-seen = Checked { $when }
