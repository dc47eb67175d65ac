#!/usr/bin/env python3
"""Stands in for the built program in other tests: two of it on one PostgreSQL, behind HAProxy.

`TESTED_PROGRAM=tests/balanced/kenduri.py` has the stories of the browser and the test of the API send each
request to the next of two programs, without knowing. The built program is KENDURI_TEST_BUILT. `serve` starts
PostgreSQL, both programs and HAProxy; a program with TLS of its own is started alone, because HAProxy would
not see its requests. Any other command runs on the store of the `serve` with the same data folder.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = os.environ.get("KENDURI_TEST_BUILT", str(HERE.parent.parent / "target/debug/kenduri"))
HAPROXY = "/usr/sbin/haproxy"
PATIENCE = 60
PAUSE = 0.05
# As in crates/kenduri/tests/end_to_end/cluster_parts.rs.
SETTINGS = """global
  maxconn 2000
defaults
  mode http
  timeout connect 500ms
  timeout client 10m
  timeout server 10m
  retries 3
  option redispatch 1
  retry-on conn-failure
frontend site
  bind {site}
  default_backend machines
backend machines
  balance roundrobin
  option httpchk GET /readyz
  timeout check 10s
  default-server inter 2s fall 3 rise 1
  server a {a} check
  server b {b} check
"""


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def wait_for(is_true, what):
    end = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > end:
            raise RuntimeError(what)
        time.sleep(PAUSE)


class Postgres:
    """A private server. It has the clock of the tested programs, if a story moves that."""

    def __init__(self, folder):
        self.folder = folder / "postgres"
        self.folder.mkdir()
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.programs = versions[-1].parent
        self.user = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = self.folder / "data"
        initdb = self.command("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--pgdata", data)
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/")
        with (self.folder / "log").open("w") as log:
            serve = self.command("postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off")
            self.process = subprocess.Popen(serve, stdout=log, stderr=log, cwd="/", env=self.environment())
        ready = self.command("pg_isready", "--quiet", "--host", self.folder)
        wait_for(lambda: subprocess.run(ready, cwd="/").returncode == 0, "PostgreSQL does not start")
        self.url = f"postgres://postgres@{str(self.folder).replace('/', '%2F')}/postgres"

    def command(self, name, *words):
        return ["setpriv", *self.user, "--pdeathsig", "KILL", "--", self.programs / name, *words]

    def environment(self):
        """Its user may not look into the story's folder, so it gets the clock by another name."""
        environment = dict(os.environ)
        for name in ["LD_PRELOAD", "KENDURI_TEST_CLOCK"]:
            if path := environment.get(name):
                link = self.folder / Path(path).name
                os.link(path, link)
                environment[name] = str(link)
        return environment

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)


class Machine:
    """One of the programs, whose output has the address of HAProxy in place of its own."""

    def __init__(self, words, data, address, site):
        self.address = address
        self.is_ready = threading.Event()
        words = ["serve", *with_value(with_value(words, "--listen", address), "--data", str(data))]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", BUILT, *words], stdout=subprocess.PIPE, text=True
        )
        self.answers = None
        self.said = []
        threading.Thread(target=self.read, args=[site], daemon=True).start()
        self.is_ready.wait()
        if not self.answers:
            raise RuntimeError("a program ended before it answered")

    def read(self, site):
        for line in self.process.stdout:
            line = line.replace(self.address, site)
            if "answers at " in line:
                self.answers = line
                self.is_ready.set()
            else:
                self.said.append(line)
        self.is_ready.set()

    def end(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)


def value(words, flag):
    return words[words.index(flag) + 1] if flag in words else None


def with_value(words, flag, new):
    if flag not in words:
        return [*words, flag, new]
    at = words.index(flag) + 1
    return [*words[:at], new, *words[at + 1 :]]


def is_answering(address):
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False


def serve(words, folder):
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    first, second = Path(value(words, "--data")), folder / "second"
    config = value(words, "--config")
    settings = Path(config).read_text() if config else ""
    postgres = Postgres(folder)
    site, a, b = (free_address() for _ in range(3))
    (first / "balanced.url").write_text(postgres.url)
    more = [f"store.url={postgres.url}", f"files.url=folder:{folder / 'files'}"]
    if "[site]" not in settings:
        more.append(f"site.url=http://{site}")
    words = [*words, *(word for one in more for word in ["--set", one])]
    machines = [Machine(words, first, a, site)]
    second.mkdir()
    for name in ["secret.key", "backup.key"]:
        if (first / name).exists():
            shutil.copy(first / name, second / name)
    machines.append(Machine(words, second, b, site))
    file = folder / "haproxy.cfg"
    file.write_text(SETTINGS.format(site=site, a=a, b=b))
    environment = {name: text for name, text in os.environ.items() if name != "LD_PRELOAD"}
    balancer = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", HAPROXY, "-db", "-f", file],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "haproxy.log").open("w"),
        env=environment,
    )
    # Both are believed to be ready from the beginning.
    wait_for(lambda: is_answering(site), "HAProxy does not answer")
    # Each start of the demo makes the links of the start before it worthless.
    print("".join([machines[0].answers, *machines[1].said, *machines[0].said]), end="", flush=True)
    ended.wait()
    codes = [machine.end() for machine in machines]
    balancer.kill()
    balancer.wait()
    postgres.end()
    return max(abs(code) for code in codes)


def main():
    words = sys.argv[1:]
    data = value(words, "--data")
    if words[0] != "serve":
        url = (Path(data) / "balanced.url").read_text()
        os.execv(BUILT, [BUILT, *words, "--set", f"store.url={url}"])
    config = value(words, "--config")
    if config and re.search(r"^https ?=", Path(config).read_text(), re.MULTILINE):
        os.execv(BUILT, [BUILT, *words])
    Path(data).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kenduri-balanced-") as folder:
        # PostgreSQL's user passes through it.
        os.chmod(folder, 0o711)
        sys.exit(serve(words[1:], Path(folder)))


if __name__ == "__main__":
    main()
