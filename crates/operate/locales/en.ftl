## Hosts: the operator's page

server = Server
server-refresh = Refresh
server-live = Up to date
server-live-waiting = Reconnecting…
server-no-keeper = Kenduri is starting or stopping just now. Please reload in a moment.

## Hosts: services and their instances

server-services = Services
server-service = Service
server-instances = Instances
server-instance = Instance
server-state = State
server-since = Since
server-restarts = Restarts
server-cpu = CPU
server-memory = Memory
server-rate = Requests/s
server-pid = Process
server-last-exit = Last exit
server-own = Kenduri itself
server-own-text = This is Kenduri itself: it takes all connections and serves these pages. It stops when kenduri serve stops.
server-address = Address
server-address-is = Links to this site begin with { $address }. The setting site.url in kenduri.toml is this address.
server-address-private = Guests cannot open such links. Whoever runs this server points a name at it, writes url = "https://wedding.example" with that name below [site] in kenduri.toml, and runs: sudo kenduri apply && sudo kenduri reload kenduri. The demo is started with --set site.url=https://wedding.example instead.
server-no-services = No other program is kept running yet. A section [service.NAME] in kenduri.toml describes one.
server-of = { $used } of { $most }
server-seconds = { $n } s
server-minutes = { $n } min
server-hours = { $n } h
server-days = { $n } d
server-ready = Ready
server-spare = Spare
server-starting = Starting
server-waiting = Starting again soon
server-former = Kept in case the new one fails
server-draining = Finishing requests
server-stopping = Stopping
server-failed = Failed
server-finished = Ended
server-stopped = Stopped

## Hosts: the edge

server-certificates = Certificates
server-no-certificates = There is no certificate. In kenduri.toml, tls.acme orders them, and [[tls.certificate]] names files.
server-certificate-valid = Valid
server-certificate-troubled = Valid, renewal failed
server-certificate-overdue = Valid, ends soon
server-certificate-expired = Expired
server-certificate-early = Not valid yet
server-certificate-failed = Failed
server-certificate-ordered = Being ordered
server-certificate-none = Not ordered
server-certificate-until = Valid until { $when }.
server-certificate-next = Next step { $when }.
server-certificate-failure = Failed on { $when }:
server-certificate-file = From the file
server-routes = Routes
server-routes-text = The first that matches a request answers it.
server-backup = Backup
server-backup-off = Nothing is backed up: if this machine is lost, so is everything. To begin, write into kenduri.toml where copies go, on another disk or machine, and restart Kenduri:
server-backup-off-then = Then make the key, which shows a passphrase of six words once:
server-backup-good = Everything is backed up
server-backup-waiting = The first snapshot is being made
server-backup-elsewhere = Another machine makes the backup
server-backup-failing = Failing
server-backup-no-key = Not begun
server-backup-no-key-text = There is no key yet. This makes it, and shows a passphrase of six words once:
server-backup-snapshot = Last snapshot: { $when }.
server-backup-until = What was written until { $when } is in the backup.
server-backup-dumped = The store is in PostgreSQL and is dumped as often as backup.every says. Only the state of a dump can be restored, and no time between two.
server-backup-failure = It failed last on { $when }:
server-backup-missing = On { $when } a part of the backup was missing:
server-backup-same-disk = The backup is on the same disk as the data: if the disk is lost, so are both.
server-backup-no-lease = The place lets two machines write at once, so make sure that only one Kenduri uses it.
server-backup-second-until = The second place has what was written until { $when }.
server-backup-second-failure = The second place failed last on { $when }:
server-saving-paused = Nothing is saved
server-saving-paused-since = Since { $when } nothing is saved here, because another machine may take over:
server-took-over = On { $when } this machine took the place of { $from } by itself. What was saved there until { $until } is here; what was saved later may be missing.
server-backup-drill-good = Tried on { $when }: it was restored elsewhere and is whole.
server-backup-drill-skipped = Not tried on { $when }: the disk has too little room to restore it elsewhere.
server-backup-drill-failed = Tried on { $when }: it could not be restored. Run kenduri backup verify to see why.
server-updates = News of Kenduri
server-updates-off = Kenduri does not look for newer versions. In kenduri.toml, updates.advisories names where to look once a day.
server-updates-waiting = Nothing is known yet. The next check comes within a day.
server-updates-found = Last checked on { $when }.
server-updates-failure = The check on { $when } failed:
server-updates-none = There is no newer version, and no advisory affects this one.
server-updates-newer = Newer version
server-updates-advisory = Affects this version
server-updates-fixed = Fixed in { $versions }.

## Hosts: one service

server-deeds = Actions
server-start = Start
server-reload = Replace without a gap
server-restart = Restart
server-scale = Change the number of instances
server-stop = Stop
server-start-effect = { $service } is started. Requests reach it once it is ready.
server-reload-effect = The instances of { $service } are replaced one after the other. The next one is ready before the old one goes, so no request fails. If it does not get ready, the old one stays.
server-restart-effect = All instances of { $service } end, then start again. Requests wait for up to 2 seconds meanwhile; after that they fail.
server-scale-effect = { $service } gets or loses instances until this many take requests. Those that go finish their requests first. It lasts until its description in the settings changes.
server-stop-effect = All instances of { $service } end. Requests to it fail until somebody starts it again.
server-worker-effect = A new process takes over connections and these pages. It is ready before the old one goes, so no request fails. If it does not get ready, the old one stays.
server-count = Instances that take requests, 1 to 64
server-done-start = { $service } runs.
server-done-reload = { $service } was replaced; requests went on.
server-done-restart = { $service } was stopped and runs again.
server-done-scale = { $service } has the number of instances you asked for.
server-done-stop = { $service } is stopped.
server-done-late = { $service } is not done yet. This page shows how far it is.
server-done-worker = The next process is starting. If it does not get ready, the old one goes on, and the log says why.
server-refused = This was not done
server-frozen = An event is near: nothing is restarted until { $when }.
server-force = Do it anyway
server-scale-range = Choose what to do; the number of instances is 1 to 64.
server-lines = Last lines
server-grep = Lines that hold this text
server-show = Show
server-wrap = Wrap long lines
server-no-lines = No lines.
server-description = Description
server-command = Command
server-directory = Folder
server-user = Runs as
server-front = Fixed address
server-after = Starts after
server-wanted = Wanted
server-wanted-text = { $instances } taking requests, { $spare } spare
server-generation = Generation
server-environment = Environment
server-environment-text = Values are never shown.
server-sockets = Listens on
server-exits = Earlier exits
server-no-exits = None so far.
server-exit = Instance { $instance }, after { $ran }

## Hosts: alerts

server-alerts = Alerts
server-alerts-none = Nothing is wrong now.
server-alerts-on = On
server-alerts-since = Since { $when }
alert-disk = The disk is nearly full
alert-disk-text = { $free } of { $size } are free for Kenduri's data. When the disk is full, nothing can be saved. Remove files that nobody needs, or move to a larger disk.
alert-memory = Memory is nearly used up
alert-memory-text = { $free } of { $size } are available. When memory runs out, the system ends programs. kenduri ps shows which service uses most of it: restart that one, or give the machine more memory.
alert-backup = The backup is behind
alert-backup-text = What was written after { $until } is not in the backup. Check that the place of the backup can be reached and has room.
alert-backup-missing = A part of the backup is missing
alert-backup-missing-text = The place of the backup no longer has all that was copied to it: { $reason }
alert-backup-elsewhere = Another machine writes to the place of the backup
alert-backup-elsewhere-text = What is saved on this machine is not backed up: { $reason }
alert-backup-second = The second place of the backup fails
alert-backup-second-text = The second place has nothing that was written after { $until }: { $reason }
alert-saving-paused = Nothing was saved without the backup’s place
alert-saving-paused-text = Since { $since } this machine could not hold the lease of the backup, and saved nothing, because another machine may take over by itself: { $reason }
alert-took-over = This machine has taken over by itself
alert-took-over-text = It took the place of { $from }. What was saved there until { $until } is here; what was saved later may be missing, so ask those who answered then. Lead the domain to this machine, and stop Kenduri on { $from }.
alert-drill = The backup could not be restored
alert-drill-text = The trial failed: { $reason }. Run kenduri backup verify, then kenduri backup now.
alert-certificate-ends = The certificate of { $about } ends soon
alert-certificate-ends-text = It ends on { $until }. Then browsers refuse the site. Replace its files, or see below why it is not renewed.
alert-certificate-fails = No certificate can be ordered for { $about }
alert-certificate-fails-text = The authority or the network says: { $reason }
alert-jobs = Background work failed
alert-jobs-text = Failed in the last day, and not tried again: { $number } ({ $kinds }). The log says why, and what to do.
alert-mails = Emails cannot be sent
alert-mails-text = Given up in the last day: { $number }. The log says why, and what to do.
alert-service = { $about } failed too often
alert-service-text = It is not started again. If it has several instances, the others go on; without any, requests to it are answered with an error. Why: { $reason }. Fix the cause, then start it on its page.
alert-clock = The clock of { $about } differs
alert-clock-text = It differs from the database’s by { $seconds } s. With more than 10 s the machine does no background work and takes no requests. Set the clocks of all machines by NTP.

## Hosts: whether the installation is ready

server-ready-title = Is it ready?
server-ready-yes = Ready
server-ready-todo = To do
server-ready-hold = Wait with changes
server-ready-unknown = Not known
server-ready-backup = A recent backup
server-ready-backup-off = Nothing is backed up. The part about the backup below tells how to begin.
server-ready-backup-key = Make the key of the backup with kenduri backup now, and write down its passphrase.
server-ready-backup-failing = The backup fails. The part about the backup below says why.
server-ready-backup-waiting = The first snapshot is being made. Look again in a while.
server-ready-backup-elsewhere = Another machine makes the backup, and knows how it is. The page about machines says which one leads.
server-ready-backup-old = The last snapshot is too old. Run kenduri backup now, and find out why none was made.
server-ready-backup-same-disk = The backup is on the disk of the data. Write another disk, another machine or a bucket into backup.to.
server-ready-backup-second = The second place of the backup fails. The part about the backup below says why.
server-ready-drill = The backup can be restored
server-ready-drill-failed = The trial failed. Run kenduri backup verify, then kenduri backup now.
server-ready-drill-skipped = The disk has too little room for a trial. Make room, or run kenduri backup verify.
server-ready-drill-none = It was not tried yet. With backup.drill it is tried once a week.
server-ready-mail = Mail leaves
server-ready-mail-mailbox = Emails stay in the mailbox of this site. In kenduri.toml, mail.url names a mail server.
server-ready-mail-failed = The last email could not be sent. Look at mail.url, its password, and the log.
server-ready-mail-none = No email was sent yet. Ask for a sign-in link for yourself, to try it.
server-ready-records = The DNS records of mail are there
server-ready-records-missing = Records are missing, so mail to many waits. The page about mail and DNS lists them.
server-ready-certificates = Certificates are good
server-ready-certificates-wrong = One ends soon, or could not be ordered. The part about certificates below says which.
server-ready-certificates-none = There is none. That is right only if something in front of Kenduri has them.
server-ready-certificates-ordered = One is being ordered. Look again in a while.
server-ready-disk = There is room on the disk
server-ready-disk-low = Little is free. Remove files that nobody needs, or move to a larger disk.
server-ready-disk-unknown = The system does not say how much is free.
server-ready-freeze = No event is near
server-ready-event = An event is near
server-ready-freeze-now = Hosts asked to leave the server alone until { $until }. Plan restarts and upgrades for later.
server-ready-freeze-near = Hosts asked to leave the server alone from { $from } until { $until }. Do what you plan before that, or after it.
server-ready-updates = Kenduri is up to date
server-ready-updates-advisory = An advisory affects this version. Upgrade to one in which it is fixed.
server-ready-updates-off = Kenduri does not look for newer versions. In kenduri.toml, updates.advisories names where to look once a day.
server-ready-updates-failed = The last check failed. The part about news of Kenduri below says why.
server-ready-updates-waiting = Nothing is known yet. Look again tomorrow.
server-ready-later = Look again in a moment.
server-ready-updates-newer = There is a newer version. Upgrade when no event is near.

## Hosts: the machine

server-machine = Machine
server-memory-room = Memory
server-disk = Disk of the data folder
server-free = { $free } of { $size } free
server-load = Load in 1, 5 and 15 minutes
server-load-text = { $load } ({ $n ->
    [one] 1 processor
   *[other] { $n } processors
})
server-store = Size of the store
server-store-lag = Background work
server-store-lag-none = Nothing waits.
server-store-lag-text = The oldest waits for { $lag }.
server-backup-bytes = Size: { $size }.
server-backup-lag = Behind by { $lag }.

## Hosts: machines that use one store

server-machines = Machines
server-machines-one = Everything runs on this machine, with its store in SQLite. Several machines need PostgreSQL.
server-machines-text = These machines use one database. One of them leads: it makes the backup, and does what must happen once.
server-machines-no-standby = An answer that was acknowledged can be lost with the primary server of PostgreSQL: synchronous_standby_names is empty, so no standby has to have it first.
server-machine-serves = Serving
server-machine-silent = Not seen lately
server-machine-leads = Leads
server-machine-version = Version
server-machine-seen = Last seen
server-machine-ago = { $span } ago
server-machine-files = Files
server-machine-id = Id:
server-clock-right = Clock is right
server-clock-differs = Clock differs
server-clock-wrong = Clock is wrong
server-clock-by = It is off the database’s clock by { $seconds } s. With more than 10 s a machine does no background work and is not ready. Set the clocks of all machines by NTP.

## Hosts: mails about alerts

mail-alert-begun-subject = { $title } – { $site }
mail-alert-begun-text =
    Hello { $name },

    { $site } needs your attention.

    { $title }
    { $what }

    Since: { $time }

    What is wrong now is here:
    { $address }

    You get one more email when this is over.
mail-alert-ended-subject = Over: { $title } – { $site }
mail-alert-ended-text =
    Hello { $name },

    This is over at { $site }:
    { $title }

    When: { $time }

    { $address }

## Hosts: what the installation's log says

event-service-ordered = Started, replaced, restarted, stopped or scaled a service
event-mail-key-made = Made a key that signs mail
event-secret-replaced = The key file was replaced; all sessions ended
