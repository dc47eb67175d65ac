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
server-last-exit = Last end
server-own = Front door and pages
server-own-text = This is Kenduri itself: the front door and these pages. It stops when kenduri serve stops.
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
server-draining = Finishing requests
server-stopping = Stopping
server-failed = Failed
server-finished = Ended
server-stopped = Stopped

## Hosts: the front door

server-certificates = Certificates
server-no-certificates = There is no certificate. In kenduri.toml, tls.acme has them ordered, and [[tls.certificate]] names files.
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
server-routes-text = The first that fits a request answers it.
server-backup = Backup
server-backup-off = Nothing is backed up: if this machine is lost, so is everything. To begin, write into kenduri.toml where copies go, on another disk or machine, and restart Kenduri:
server-backup-off-then = Then make the key, which shows a passphrase of six words once:
server-backup-good = Everything is backed up
server-backup-waiting = The first snapshot is made
server-backup-failing = Failing
server-backup-no-key = Not begun
server-backup-no-key-text = There is no key yet. This makes it, and shows a passphrase of six words once:
server-backup-snapshot = Last snapshot: { $when }.
server-backup-until = What was written until { $when } is in the backup.
server-backup-dumped = The store is in PostgreSQL and is dumped as often as backup.every says. Only the state of a dump can be restored, and no time between two.
server-backup-failure = It failed last on { $when }:
server-backup-drill-good = Tried on { $when }: it was restored elsewhere and is whole.
server-backup-drill-skipped = Not tried on { $when }: the disk has too little room to restore it elsewhere.
server-backup-drill-failed = Tried on { $when }: it could not be restored. Run kenduri backup verify to see why.
server-updates = News of Kenduri
server-updates-off = Nobody looks for newer versions of Kenduri. In kenduri.toml, updates.advisories names where to look once a day.
server-updates-waiting = Nothing is known yet. The next look comes within a day.
server-updates-found = Last looked on { $when }.
server-updates-failure = The look on { $when } failed:
server-updates-none = No newer version is named, and no advisory concerns this one.
server-updates-newer = Newer version
server-updates-advisory = Concerns this version
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
server-scale-effect = { $service } gets or loses instances until this many take requests. Those that go finish what they have. It lasts until its description in the settings changes.
server-stop-effect = All instances of { $service } end. Requests to it fail until somebody starts it again.
server-worker-effect = The front door and these pages go on in a new process. It is ready before the old one goes, so no request fails. If it does not get ready, the old one stays.
server-count = Instances that take requests, 1 to 64
server-done-start = { $service } runs.
server-done-reload = { $service } was replaced; requests went on.
server-done-restart = { $service } was stopped and runs again.
server-done-scale = { $service } has the number of instances you asked for.
server-done-stop = { $service } is stopped.
server-done-late = { $service } is still at it. This page shows how far it is.
server-done-worker = The next process is starting. If it does not get ready, the old one goes on, and the log says why.
server-refused = This was not done
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
server-exits = Earlier ends
server-no-exits = None so far.
server-exit = Instance { $instance }, after { $ran }

## Hosts: mail, a service that was given up

mail-service-subject = { $service } at { $site } failed too often
mail-service-text =
    Hello { $name },

    { $service } at { $site } failed so often that it is not started again. If it has several instances, the others go on; without any, requests to it are answered with an error.

    When: { $time } ({ $zone })
    Why: { $reason }

    What it said last is here, with a button that starts it again once the cause is mended:
    { $address }
