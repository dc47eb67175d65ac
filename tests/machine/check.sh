#!/bin/bash
# Kenduri as a service of a live systemd: says one line for each thing that holds, ends at the first
# that does not, and says in its last line which it was.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
config=(--config /etc/kenduri/kenduri.toml)

# --- Words -----------------------------------------------------------------------------------

now() { local time=${EPOCHREALTIME/./}; echo $((time / 1000)); }

says() { printf 'machine: ok      %s\n' "$*"; }

fails() {
    printf 'machine: what the journal says:\n'
    journalctl --unit=kenduri.service --unit=kenduri.socket --no-pager --lines=60 --output=cat
    systemctl status kenduri.service kenduri.socket --no-pager --full --lines=0
    systemd-cgls --no-pager "$(systemctl show --property=ControlGroup --value kenduri)"
    printf 'machine: FAILED  %s\n' "$*"
    exit 1
}

# within SECONDS WORDS...: until the words hold. An emulated machine beside other work is slow, so it
# is given five times as long.
within() {
    local end=$(($(now) + $1 * 5000))
    shift
    until "$@"; do
        (($(now) < end)) || return 1
        sleep 0.2
    done
}

main_pid() { systemctl show --property=MainPID --value kenduri; }
group() { echo /sys/fs/cgroup/system.slice/kenduri.service; }
# All processes of the unit, also of groups below its own.
members() { find "$(group)" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -n; }
answers() { [ "$(curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' "${1:-http://127.0.0.1/healthz}")" = 200 ]; }
# Since a time, in seconds since 1970.
in_journal() { journalctl --unit=kenduri.service --since="@${2:-0}" --no-pager --output=cat | grep --quiet --regexp="$1"; }
# What runs, one instance a line.
rows() { kenduri ps "${config[@]}" --json | tr --delete ' \n' | tr '{' '\n'; }
# Process of a service's first instance.
pid_of() { rows | grep "\"service\":\"$1\"" | sed -n 's/.*"pid":\([0-9]*\).*/\1/p' | head -n 1; }
# Processes of all services' instances.
service_pids() { rows | grep --invert-match '"service":"kenduri"' | sed -n 's/.*"pid":\([0-9]*\).*/\1/p' | sort -n; }
another_pid() { local pid; pid=$(pid_of "$1"); [ -n "$pid" ] && [ "$pid" != "$2" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
are_gone() { local pid; for pid in "$@"; do is_gone "$pid" || return 1; done; }
in_prison_log() { kenduri logs prisoner "${config[@]}" | grep --quiet 'no more than that'; }
is_another_keeper() { local pid; pid=$(main_pid); [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }
one_group() { [ "$(groups_of "$1" | wc -l)" = 1 ]; }
five_groups() { [ "$(groups_of | wc -l)" = 5 ]; }
all_ready() { [ "$(rows | grep --count '"state":"ready"')" = 6 ]; }
stranger_is_ready() { rows | grep '"service":"stranger"' | grep --quiet '"state":"ready"'; }
has_program_of_now() { [ "$(readlink "/proc/$(main_pid)/exe")" = "${1:-/usr/local/bin/kenduri}" ]; }
# Groups of instances below the unit's own, of all services or of one.
groups_of() { find "$(group)" -mindepth 1 -type d -name "*.*.${1:-*}.*"; }

# Asks one request after the other, until asking ends.
codes=/run/codes
begin_asking() {
    : > $codes
    touch /run/asking
    while [ -e /run/asking ]; do
        curl --silent --max-time 30 --output /dev/null --write-out '%{http_code} %{time_total}\n' "$1" >> $codes
    done &
    asking=$!
    within 5 test -s $codes || fails "nobody asks"
}
# Fails if a request did.
end_asking() {
    rm /run/asking
    wait $asking
    asked=$(wc -l < $codes)
    refused=$(grep --invert-match --count '^200 ' $codes)
    [ "$refused" = 0 ] || fails "$refused of $asked requests failed: $(grep -v '^200 ' $codes | head -3 | tr '\n' ' ')"
    longest=$(cut -d ' ' -f 2 $codes | sort -n | tail -n 1)
}

# --- From Debian's package -------------------------------------------------------------------

export DEBIAN_FRONTEND=noninteractive
of_package=http://127.0.0.1:8080/readyz
key=/var/lib/kenduri/secret.key
begin=$(now)
dpkg --install /opt/machine/kenduri.deb || fails "dpkg --install"
within 10 answers $of_package || fails "after dpkg --install, nobody answers"
took=$(($(now) - begin))
systemctl is-enabled --quiet kenduri || fails "the package does not start with the machine"
[ "$(stat --format='%U %a' /var/lib/kenduri)" = "kenduri 700" ] || fails "the data is not kenduri's alone"
sed 's/^# \(\[\|[a-z_]* = \)/\1/' /etc/kenduri/kenduri.toml > /etc/kenduri/all.toml
echo secret > /etc/kenduri/mail.secret
kenduri check --config /etc/kenduri/all.toml > /run/all || fails "what the settings have in comments is no good"
grep --quiet '^acme.email = "you@kad.example"' /run/all || fails "not all of the settings was taken from comments"
rm /etc/kenduri/all.toml /etc/kenduri/mail.secret
says "the package is installed, enabled and answering after $took ms"

next=/opt/machine/next
dpkg-deb --raw-extract /opt/machine/kenduri.deb $next
rm /opt/machine/kenduri.deb
sed -i 's/^Version: .*/&+next/' $next/DEBIAN/control
dpkg-deb --root-owner-group -Znone --build $next $next.deb || fails "dpkg-deb --build"
rm -r $next
keeper=$(main_pid)
begin_asking $of_package
begin=$(now)
dpkg --install $next.deb || fails "dpkg --install of the next version"
took=$(($(now) - begin))
within 10 has_program_of_now /usr/bin/kenduri || fails "the program of before runs"
end_asking
[ "$(main_pid)" = "$keeper" ] || fails "the keeper is another process"
says "the package is upgraded in $took ms under $asked requests, none failed, the longest took $longest s"

known=$(sha256sum $key)
echo '# Of somebody here.' >> /etc/kenduri/kenduri.toml
dpkg --remove kenduri || fails "dpkg --remove"
[ -e /etc/systemd/system/kenduri.service ] && fails "the removed package has left its unit"
answers $of_package && fails "the removed package answers"
grep --quiet somebody /etc/kenduri/kenduri.toml || fails "the settings are gone with the package"
dpkg --purge kenduri || fails "dpkg --purge"
[ -e /etc/kenduri/kenduri.toml ] && fails "the purged package has left its settings"
[ "$(sha256sum $key)" = "$known" ] || fails "nobody was asked, and the data is gone"
says "removed, it leaves settings and data; purged, it leaves the data"

# Unpacked is enough to be purged again.
dpkg --unpack $next.deb || fails "dpkg --unpack after a purge"
# What is checked from here on is the program alone, somewhere else.
cp /usr/bin/kenduri /usr/local/bin/kenduri
hash -r
echo kenduri kenduri/remove-data boolean true | debconf-set-selections
dpkg --purge kenduri || fails "dpkg --purge"
[ -e /var/lib/kenduri ] && fails "the data is not deleted, though it should be"
userdel kenduri
rm $next.deb
mkdir --parents /etc/kenduri
cp /opt/machine/kenduri.toml /etc/kenduri/kenduri.toml
says "purged with a yes, it deletes the data"

# --- Alone, as narrow as can be --------------------------------------------------------------

# The same settings without services, whose unit forbids more.
alone=(--config /etc/kenduri/alone.toml)
sed '/^\[service/,$d' /etc/kenduri/kenduri.toml > /etc/kenduri/alone.toml
kenduri install "${alone[@]}" || fails "kenduri install, without services"
grep --quiet '^MemoryDenyWriteExecute=true' /etc/systemd/system/kenduri.service || fails "the unit is not narrow"
within 5 answers http://127.0.0.1/readyz || fails "alone, nobody answers"
kenduri reload kenduri "${alone[@]}" || fails "the worker is not replaced"
within 5 answers http://127.0.0.1/readyz || fails "alone, nobody answers after the worker was replaced"
exposure() { systemd-analyze security kenduri --no-pager | sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p'; }
says "alone, without services, it answers; systemd rates its exposure $(exposure)"

# --- Installed, and answering ----------------------------------------------------------------

# Who writes into one of these tells a service to begin.
mkdir -p /srv/machine
mkfifo --mode=666 /srv/machine/hoard /srv/machine/grow
begin=$(now)
kenduri install "${config[@]}" || fails "kenduri install"
systemctl is-active --quiet kenduri || fails "the unit is not active"
systemctl is-enabled --quiet kenduri || fails "the unit is not enabled"
within 5 answers || fails "nobody answers"
answers http://127.0.0.1/readyz || fails "the store takes no changes"
says "installed, enabled, active and answering after $(($(now) - begin)) ms"

# --- As who, and how narrow ------------------------------------------------------------------

of_status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$keeper/status"; }
within 10 in_prison_log || fails "a service could not say what it may do"
keeper=$(main_pid)
worker=$(pid_of kenduri)
for pid in $(members); do
    case $pid in
        "$keeper") user=root ;;
        "$worker") user=kenduri ;;
        *) user=kenduri-services ;;
    esac
    [ "$(stat --format=%U "/proc/$pid")" = $user ] || fails "process $pid is not of the user $user"
done
runuser -u kenduri-services -- ls /var/lib/kenduri 2>/dev/null && fails "services can read the data"
[ -e /run/kenduri/var-lib-kenduri/control.sock ] || fails "the sockets are not below /run/kenduri"
[ -s /var/log/kenduri/var-lib-kenduri/prisoner.log ] || fails "what services say is not below /var/log/kenduri"
[ "$(of_status NoNewPrivs)" = 1 ] || fails "the keeper may gain privileges"
[ "$(of_status Seccomp)" = 2 ] || fails "no system call is forbidden"
capabilities=$(of_status CapEff)
[ "$capabilities" = 00000000000004eb ] || fails "the keeper has the capabilities $capabilities"
loose=$(kenduri logs prisoner "${config[@]}" | grep 'may ')
[ -z "$loose" ] || fails "a service gets out: $loose"
says "users root, kenduri and kenduri-services, each for its part, restrictions are on, systemd rates its exposure $(exposure)"

# --- Control groups --------------------------------------------------------------------------

in_journal "each instance of a service gets a control group" || fails "no control groups are used"
for service in calm hoarder grower runaway prisoner; do
    one_group "$service" || fails "$service has not one group"
    grep --quiet "^$(pid_of "$service")$" "$(groups_of "$service")/cgroup.procs" ||
        fails "$service is not in its group"
done
[ "$(cat "$(group)/memory.max" "$(group)/supervisor/memory.max" | sort --unique)" = max ] ||
    fails "the memory of the keeper is limited"
limit=$(cat "$(groups_of grower)/memory.max")
[ "$limit" = $((40 << 20)) ] || fails "grower has the hard limit $limit"
known=$(awk '$1 == "anon" || $1 == "shmem" { bytes += $2 } END { print bytes }' "$(groups_of calm)/memory.stat")
told=$(rows | grep '"service":"calm"' | sed -n 's/.*"memory_bytes":\([0-9]*\).*/\1/p')
((told > 0 && told < known + (1 << 20) && known < told + (1 << 20))) ||
    fails "kenduri ps tells $told bytes of memory where the kernel knows $known"
says "each instance is in a group of its own, the keeper has no limit"

before=$(pid_of hoarder)
echo now > /srv/machine/hoard
within 30 another_pid hoarder "$before" || fails "hoarder was not ended, or not started again"
in_journal "hoarder.*signal 9, out of memory" || fails "nothing says that hoarder ran out of memory"
is_gone "$before" || fails "the old hoarder lives"
says "a service that takes all memory is ended by the kernel, it is said, and it is started again"

group=$(groups_of runaway)
runaways=$(cat "$group/cgroup.procs")
[ "$(echo "$runaways" | wc -w)" -ge 3 ] || fails "runaway has no child"
kenduri stop runaway "${config[@]}" || fails "kenduri stop runaway"
are_gone $runaways || fails "a child of runaway is left"
[ -e "$group" ] && fails "the group of runaway is left"
kenduri start runaway "${config[@]}" || fails "kenduri start runaway"
says "a child that left its group and does not listen is ended with its service"

begin=$(now)
restarts=$(sed -n 's/.*machine\.restarts=\([0-9]*\).*/\1/p' /proc/cmdline)
for round in $(seq "$restarts"); do
    kenduri restart calm "${config[@]}" >/dev/null || fails "restart $round"
done
[ "$(groups_of | wc -l)" = 5 ] || fails "after $restarts restarts there are groups left: $(groups_of)"
says "no group is left over $restarts restarts, of $((($(now) - begin) / restarts)) ms each"

# Who needs too much within a minute is not rolled over; it has been there for as long by now, or
# nearly so.
has_had_a_good_life() {
    awk '{ up = $1; getline < stat; sub(/.*\) /, ""); exit !(up - $20 / 100 > 75) }' \
        stat="/proc/$1/stat" /proc/uptime
}
before=$(pid_of grower)
until has_had_a_good_life "$before"; do
    is_gone "$before" && fails "grower does not last"
    sleep 2
done
begin=$(now)
echo now > /srv/machine/grow
within 30 in_journal "uses too much memory.*grower" || fails "nothing says that grower uses too much"
within 30 another_pid grower "$before" || fails "grower was not rolled over"
within 30 is_gone "$before" || fails "the old grower lives"
in_journal "grower.*out of memory" && fails "grower was killed before the next one was ready"
within 5 one_group grower || fails "the old grower's group is left"
says "a service over its memory is rolled over in $(($(now) - begin)) ms, the kernel did nothing"

# --- The keeper becomes another program ------------------------------------------------------

keeper=$(main_pid)
services=$(service_pids)
cp /usr/local/bin/kenduri /usr/local/bin/kenduri.new
mv /usr/local/bin/kenduri.new /usr/local/bin/kenduri
begin=$(now)
kenduri upgrade "${config[@]}" || fails "kenduri upgrade"
took=$(($(now) - begin))
within 10 has_program_of_now || fails "the keeper is the program of before"
[ "$(main_pid)" = "$keeper" ] || fails "the keeper is another process"
systemctl is-active --quiet kenduri || fails "the unit is not active after the upgrade"
within 10 answers || fails "nobody answers after the upgrade"
[ "$(service_pids)" = "$services" ] ||
    fails "a service was touched by the upgrade"
before=$(pid_of hoarder)
echo now > /srv/machine/hoard
within 30 another_pid hoarder "$before" || fails "hoarder's memory is not limited after the upgrade"
within 10 five_groups || fails "after the upgrade there are groups left: $(groups_of)"
says "upgraded in $took ms: same process, same services, same groups"

# --- The keeper is killed --------------------------------------------------------------------

old=$(members)
since=$(date +%s)
begin=$(now)
kill -9 "$(main_pid)"
while ! curl --silent --fail --max-time 20 --output /dev/null http://127.0.0.1/healthz; do
    (($(now) - begin < 75000)) || fails "nobody answers after the keeper was killed"
    sleep 0.2
done
took=$(($(now) - begin))
are_gone $old || fails "something is left of before: $old"
within 20 all_ready || fails "the services are not back"
[ "$(groups_of | wc -l)" = 5 ] || fails "groups are left: $(groups_of)"
in_journal "each instance of a service gets a control group" "$since" || fails "no control groups are used"
says "the keeper was killed and everything was back after $took ms, nothing of before is left"

# --- systemd opens the sockets ---------------------------------------------------------------

# An address that is nobody's here (RFC 5737).
sed 's/^http = \[/http = ["192.0.2.7:81", /' /etc/kenduri/kenduri.toml > /etc/kenduri/elsewhere.toml
is_as_before() {
    [ -e /etc/systemd/system/kenduri.socket ] && fails "the socket that could not be opened is left"
    systemctl is-failed --quiet kenduri.socket && fails "systemd lists the socket that could not be opened"
    grep --quiet elsewhere /etc/systemd/system/kenduri.service && fails "the service is not that of before"
    [ "$(systemctl is-enabled kenduri.service)" = enabled ] || fails "the unit is no longer enabled"
    # It was stopped, so that what answers is what was started again.
    [ "$(main_pid)" != "$before" ] || fails "nothing was stopped, so nothing was brought back"
    within 10 answers || fails "what ran before the install that failed is not back"
}
before=$(main_pid)
told=$(kenduri install --config /etc/kenduri/elsewhere.toml --socket 2>&1) && fails "an address of nobody's is opened: $told"
grep --quiet 'Undoing the changes' <<< "$told" || fails "the install failed before there was a way back: $told"
grep --quiet 'are as they were before' <<< "$told" || fails "the way back failed: $told"
is_as_before
before=$(main_pid)
# Nobody reads all of what it says.
kenduri install --config /etc/kenduri/elsewhere.toml --socket 2>/dev/null | head -n 1
is_as_before
says "an install that fails brings back what ran, also when nobody listens"

kenduri install "${config[@]}" --socket || fails "kenduri install --socket"
systemctl is-active --quiet kenduri.socket kenduri.service || fails "a unit is not active"
within 10 answers || fails "nobody answers at systemd's socket"
says "installed with --socket, answering"

begin_asking http://127.0.0.1/healthz
systemctl restart kenduri || fails "systemctl restart"
within 10 answers || fails "nobody answers after the restart"
end_asking
says "restarted under $asked requests, none failed, the longest took $longest s"

: > $codes
touch /run/asking
while [ -e /run/asking ]; do
    curl --silent --max-time 30 --output /dev/null http://127.0.0.1/healthz
    echo $? >> $codes
done &
asking=$!
within 5 test -s $codes || fails "nobody asks"
before=$(main_pid)
kill -9 "$before"
within 15 is_another_keeper "$before" || fails "the keeper is not back"
within 15 answers || fails "nobody answers after the keeper was killed"
rm /run/asking
wait $asking
# 7: nobody listens. A request that the keeper took with it is another matter.
grep --quiet --line-regexp 7 $codes && fails "a connection was refused: $(tr '\n' ' ' < $codes)"
says "the keeper was killed under $(wc -l < $codes) requests, no connection was refused"

within 20 all_ready || fails "the services are not back"
systemctl reload kenduri || fails "systemctl reload"
says "reloaded"

# --- As root, for services of other users ----------------------------------------------------

cat >> /etc/kenduri/kenduri.toml <<'END'

# Of somebody else.
[service.stranger]
run = "setsid sleep 4711 & systemd-notify --ready; exec sleep 4712"
shell = true
listen = "none"
user = "daemon"
stop = { within = "1s" }
END
kenduri install "${config[@]}" --user root || fails "kenduri install --user root"
within 10 answers || fails "nobody answers as root"
[ -e /etc/systemd/system/kenduri.socket ] && fails "the socket is left"
within 10 stranger_is_ready || fails "the service of another user is not ready"
group=$(groups_of stranger)
strangers=$(cat "$group/cgroup.procs")
for pid in $strangers; do
    [ "$(stat --format=%U "/proc/$pid")" = daemon ] || fails "the service of another user is not his"
done
[ "$(echo "$strangers" | wc -w)" = 2 ] || fails "stranger has no child: $strangers"
kenduri stop stranger "${config[@]}" || fails "kenduri stop stranger"
are_gone $strangers || fails "a child of stranger is left"
[ -e "$group" ] && fails "the group of stranger is left"
says "installed for root: a service of another user, and its child, end as any other"

# --- In a unit that was given nothing --------------------------------------------------------

mkdir -p /etc/systemd/system/kenduri.service.d
printf '[Service]\nDelegate=no\n' > /etc/systemd/system/kenduri.service.d/own.conf
systemctl daemon-reload
systemctl restart kenduri || fails "systemctl restart, without Delegate"
within 10 answers || fails "without Delegate, nobody answers"
within 20 stranger_is_ready || fails "without Delegate, services are not ready"
[ -z "$(find "$(group)" -mindepth 1 -type d)" ] || fails "groups are made where none may be"
rm -r /etc/systemd/system/kenduri.service.d
systemctl daemon-reload
systemctl restart kenduri || fails "systemctl restart"
within 20 stranger_is_ready || fails "services are not ready"
says "in a unit that was given nothing, no group is touched"

# --- And nothing is left ---------------------------------------------------------------------

old=$(members)
group=$(group)
begin=$(now)
systemctl stop kenduri || fails "systemctl stop"
took=$(($(now) - begin))
are_gone $old || fails "something is left: $(ps -p "$(echo $old | tr ' ' ,)")"
[ -e "$group" ] && fails "the group of the unit is left"
[ "$(systemctl show --property=Result --value kenduri)" = success ] || fails "the unit ended badly"
answers && fails "somebody answers"
kenduri install --remove || fails "kenduri install --remove"
[ -e /etc/systemd/system/kenduri.service ] && fails "the unit is left"
says "stopped in $took ms and removed, nothing is left"

# --- Without a manager that cleans up --------------------------------------------------------

# A group of its own for each of two keepers, the second of which finds what the first left.
here=/sys/fs/cgroup/machine
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p $here && echo +memory > $here/cgroup.subtree_control && mkdir $here/first $here/second
serve_in() {
    bash -c 'echo $$ > "$0/cgroup.procs"; exec kenduri serve "$@"' "$here/$1" "${config[@]}" > "/run/$1.log" 2>&1 &
    keeper=$!
    within 30 answers || fails "the $1 keeper does not answer: $(cat "/run/$1.log")"
    within 20 stranger_is_ready || fails "the $1 keeper's services are not ready"
}
serve_in first
left=$(cat $here/first/*.runaway.*/cgroup.procs $here/first/*.stranger.*/cgroup.procs)
kill -9 $keeper
within 10 is_gone $keeper
are_gone $left && fails "nothing was left over, so nothing can be found"
serve_in second
are_gone $left || fails "what a killed keeper left is still there"
[ -z "$(find $here/first -mindepth 1 -type d -name '*.*.*')" ] || fails "its groups are still there"
kill $keeper
wait $keeper || fails "the second keeper ended badly"
[ -z "$(find $here -name '*.*.*.*' -type d)" ] || fails "groups are left after a stop"
[ -z "$(cat $here/second/cgroup.subtree_control)" ] || fails "the keeper's group is not as it was"
serve_in second
find $here/second -name '*.*.stranger.*' -type d | grep --quiet . || fails "no control groups are used the second time"
kill $keeper
wait $keeper || fails "the third keeper ended badly"
says "what a killed keeper left without systemd is ended by the next one, with its groups"

printf 'machine: done\n'
