## Everybody: the page about what is up

status = Stato
status-about = Se { $site } e le sue parti funzionano.
status-well = Tutto funziona
status-troubled = Alcune parti non funzionano
status-part = Parte
status-up = Funziona
status-down = Non funziona
status-not-saving = Le pagine si vedono, ma al momento non si può salvare nulla
status-since = Dal { $when }
status-unknown = Delle altre parti al momento non si sa nulla.
status-seen = Controllato: { $when }
