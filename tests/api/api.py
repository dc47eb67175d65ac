"""The API of the built program holds what docs/openapi.json says.

schemathesis calls every operation as nobody, with a token of every scope, and as an owner in a
browser, who alone may do some things. Each caller has data of their own to change and end. The
live stream has no end, so it is asked by hand.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

HERE = Path(__file__).parent
PROGRAM = os.environ.get("TESTED_PROGRAM", str(HERE.parent.parent / "target/debug/kenduri"))
PATIENCE = 60
SCOPES = ["profile:read", "occasion:read", "occasion:write", "rsvps:read", "rsvps:write"]
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
STREAM = "/api/v1/occasions/{id}/stream"
# They would end the browser's session in the middle of the run.
ENDS = ["/api/v1/auth/logout", "/api/v1/auth/logout-all", "/api/v1/me/password", "/api/v1/me/sessions/{id}"]
# Each edge of every schema once is enough.
PHASES = {"nobody": "fuzzing", "token": "coverage,fuzzing", "browser": "fuzzing"}


class Kenduri:
    """The demo, on a free port and in a folder of its own."""

    def __init__(self, folder):
        environment = {**os.environ, "KENDURI_LOG_LEVEL": "error", "KENDURI_TEST_UNLIMITED": "1"}
        # Each call says that it comes from another network.
        settings = Path(folder, "kenduri.toml")
        settings.write_text('[listen]\ntrusted_proxies = ["127.0.0.1"]\n\n[bookings]\nenabled = true\n')
        self.log = Path(folder, "log")
        self.program = subprocess.Popen(
            [PROGRAM, "serve", "--demo", "--config", settings, "--data", folder, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=self.log.open("w"),
            text=True,
            env=environment,
        )
        self.origin = self.printed(r"answers at (http://\S+)")

    def printed(self, pattern):
        for line in self.program.stdout:
            if found := re.search(pattern, line):
                return found[1]
        raise RuntimeError(f"the program ended before it printed {pattern}")

    def end(self):
        self.program.terminate()
        ended = self.program.wait(PATIENCE)
        log = self.log.read_text()
        errors = [line for line in log.splitlines() if '"level":"ERROR"' in line]
        print("\n".join(errors[:20]))
        assert ended == 0, f"the program ended with {ended}"


class Caller(requests.Session):
    """Somebody who calls the API with these headers."""

    def __init__(self, origin, headers):
        super().__init__()
        self.origin = origin
        self.headers.update(headers)

    def ask(self, method, path, body=None, status=200):
        answer = self.request(method, self.origin + path, json=body, timeout=PATIENCE)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def list(self, path):
        return self.ask("GET", path)["items"]


def sign_in(kenduri):
    """The headers of an owner's browser."""
    browser = requests.Session()
    browser.headers["Origin"] = kenduri.origin
    link = kenduri.printed(r"(\S+/sign-in/\S+)")
    for address in [link, f"{kenduri.origin}/admin"]:
        page = browser.get(address, timeout=PATIENCE).text
        form = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
        if address == link:
            browser.post(link, {"_csrf": form}, timeout=PATIENCE).raise_for_status()
    cookie = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)
    return {"Cookie": cookie, "Origin": kenduri.origin, "X-CSRF-Token": form}


def occasion(host, slug):
    """A published occasion with something of everything; what the path of each operation names there."""
    base = "/api/v1/occasions"
    made = host.ask("POST", base, new_occasion(slug), 201)
    here = f"{base}/{made['id']}"
    event = host.ask("POST", f"{here}/events", new_event("tea"), 201)
    invitations = [host.ask("POST", f"{here}/invitations", NEW_INVITATION, 201) for _ in range(2)]
    question = host.ask("POST", f"{here}/questions", new_question("song"), 201)
    diet = host.ask("POST", f"{here}/dietary-options", new_diet("fish"), 201)
    host.ask("POST", f"{here}/publish")
    host.ask("POST", f"{here}/members", {"role": "observer"}, 201)
    export = host.ask("POST", f"{here}/exports", NEW_EXPORT, 202)
    bulk = host.ask("POST", f"{here}/bulk", tagging(invitations[0]), 202)
    while host.ask("GET", f"{here}/exports/{export['id']}")["state"] in ["queued", "running"]:
        time.sleep(0.05)
    invitation = invitations[0]
    return {
        "id": made["id"],
        "invitation": invitation,
        "other": invitations[1],
        "event": event,
        "question": question["key"],
        "diet": diet["key"],
        "account": host.ask("GET", "/api/v1/me")["id"],
        "invite": host.list(f"{here}/members/invites")[0]["id"],
        "export": export["id"],
        "bulk": bulk["id"],
    }


def new_occasion(slug):
    return {"slug": slug, "title": {"en": "Tea"}, "hosts": {"en": "Ali"}, "time_zone": "Asia/Kuala_Lumpur"}


def new_event(key):
    times = {"starts_at": "2031-01-16T10:00:00Z", "ends_at": "2031-01-16T12:00:00Z"}
    return {"key": key, "name": {"en": "Tea"}, **times}


def new_question(key):
    return {"key": key, "asked_of": "guest", "kind": "yes_no", "title": {"en": "Will you sing?"}}


def new_diet(key):
    return {"key": key, "label": {"en": "Fish"}}


def tagging(invitation):
    return {"ids": [invitation["id"]], "action": "tag", "args": {"tag": "friends"}}


NEW_INVITATION = {"household": "Tan", "plus_ones": 2, "guests": [{"name": "Mei Tan"}]}
NEW_EXPORT = {"kind": "guests", "format": "csv"}


def world(host, name):
    """What calls are made of where they shall find something: values of paths, bodies, versions.

    Households answer in one occasion, hosts change another one and end a third.
    """
    kept, changed, ended = (occasion(host, f"{name}-{use}") for use in ["kept", "changed", "ended"])
    guest = kept["invitation"]["guests"][0]["id"]
    answer = {"guests": [{"id": guest, "replies": {kept["event"]["key"]: "yes"}}]}
    code = kept["invitation"]["code"]
    hosts = "/api/v1/occasions"
    invitation = "/api/v1/invitations/id/{id}"
    household = "/api/v1/invitations/{code}"
    reply = "/api/v1/guests/{id}/replies/{event}"
    return {
        "code": code,
        "kept": kept,
        "changed": changed,
        "ended": ended,
        "bodies": {
            f"POST {hosts}": new_occasion(f"{name}-NUMBER"),
            f"PATCH {hosts}/{{id}}": {"kicker": {"en": "NUMBER"}},
            f"POST {hosts}/{{id}}/events": new_event("tea-NUMBER"),
            f"PATCH {hosts}/{{id}}/events/{{event}}": {"venue": "NUMBER"},
            f"POST {hosts}/{{id}}/invitations": NEW_INVITATION,
            f"PATCH {invitation}": {"host_note": "NUMBER"},
            f"POST {invitation}/merge": {"into": ended["other"]["id"]},
            f"POST {hosts}/{{id}}/guests": {
                "invitation": changed["invitation"]["id"],
                "guests": [{"name": "Ali NUMBER"}],
            },
            f"PATCH {hosts}/{{id}}/guests/{{guest}}": {"name": "NUMBER"},
            f"PUT {reply}": {"status": "yes"},
            f"POST {hosts}/{{id}}/dietary-options": new_diet("fish-NUMBER"),
            f"PATCH {hosts}/{{id}}/dietary-options/{{key}}": {"label": {"en": "NUMBER"}},
            f"POST {hosts}/{{id}}/questions": new_question("song-NUMBER"),
            f"PATCH {hosts}/{{id}}/questions/{{key}}": {"help": {"en": "NUMBER"}},
            f"POST {hosts}/{{id}}/bulk": tagging(changed["invitation"]),
            f"POST {hosts}/{{id}}/bulk/effect": tagging(changed["invitation"]),
            f"POST {hosts}/{{id}}/exports": NEW_EXPORT,
            f"POST {hosts}/{{id}}/members": {"role": "observer"},
            f"PATCH {hosts}/{{id}}/members/{{account}}": {"role": "occasion_owner"},
            "POST /api/v1/me/tokens": {"name": f"{name} NUMBER", "scopes": SCOPES},
            "POST /api/v1/codes/resolve": {"code": code},
            "POST /api/rsvp": {"code": code, **answer},
            f"PUT {household}/rsvp": answer,
            f"PUT {household}/note": {"text": "NUMBER"},
        },
        # Where the version that a change names is read, and which member it is there.
        "versions": {
            f"PATCH {hosts}/{{id}}": [f"{hosts}/{{id}}", ["version"]],
            f"PATCH {hosts}/{{id}}/events/{{event}}": [f"{hosts}/{{id}}/events/{{event}}", ["version"]],
            f"DELETE {hosts}/{{id}}/events/{{event}}": [f"{hosts}/{{id}}/events/{{event}}", ["version"]],
            f"PATCH {invitation}": [invitation, ["version"]],
            f"PATCH {hosts}/{{id}}/guests/{{guest}}": [f"{hosts}/{{id}}/guests/{{guest}}", ["version"]],
            f"PUT {reply}": [f"{hosts}/{changed['id']}/guests/{{id}}", ["version"]],
            f"PATCH {hosts}/{{id}}/dietary-options/{{key}}": [f"{hosts}/{{id}}/dietary-options", ["version"]],
            f"PATCH {hosts}/{{id}}/questions/{{key}}": [f"{hosts}/{{id}}/questions", ["version"]],
            f"PUT {household}/rsvp": [household, ["version"]],
            f"PUT {household}/note": [household, ["note", "version"]],
            f"DELETE {household}/note": [household, ["note", "version"]],
        },
    }


def listen(kenduri, caller, occasion):
    """The live stream: its beginning, and a refusal."""
    address = kenduri.origin + STREAM.format(id=occasion)
    for last in ["", "?last_event_id=1", "?last_event_id=junk"]:
        with caller.get(address + last, stream=True, timeout=PATIENCE) as answer:
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "text/event-stream"
            lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
            assert next(lines) == "retry: 3000"
    refused = requests.get(address, timeout=PATIENCE)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


def check(kenduri, name, caller, given):
    """Has schemathesis call all operations; whether it finds nothing."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *["run", f"{kenduri.origin}/api/openapi.json", "--checks", ",".join(CHECKS)],
        *["--phases", PHASES[name], "--max-examples", "7"],
        *["--generation-deterministic", "--continue-on-failure"],
        *["--workers", "2", "--exclude-path", STREAM, "--suppress-health-check", "all", "--warnings", "off"],
        # Passwords are hashed at the lowest priority, behind all that is tested at the same time.
        *["--request-timeout", str(PATIENCE)],
    ]
    if name == "browser":
        # With a token, cookies count for nothing.
        command += ["--generation-with-security-parameters", "false"]
        command += [word for path in ENDS for word in ["--exclude-path", path]]
    for header, value in caller.items():
        command += ["--header", f"{header}: {value}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    environment["KENDURI_API_WORLD"] = json.dumps({**given, "headers": caller, "origin": kenduri.origin})
    print(f"\n=== {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kenduri-api-") as folder:
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode == 0


def main():
    with tempfile.TemporaryDirectory(prefix="kenduri-api-") as folder:
        kenduri = Kenduri(folder)
        try:
            browser = sign_in(kenduri)
            host = Caller(kenduri.origin, browser)
            made = host.ask("POST", "/api/v1/me/tokens", {"name": "all", "scopes": SCOPES}, 201)
            callers = {"nobody": {}, "token": {"Authorization": f"Bearer {made['token']}"}, "browser": browser}
            worlds = {name: world(host, name) for name in callers}
            listen(kenduri, Caller(kenduri.origin, callers["token"]), worlds["token"]["kept"]["id"])
            found = [name for name in callers if not check(kenduri, name, callers[name], worlds[name])]
            # This is a change too many unless the limit is lifted.
            host.ask("POST", "/api/v1/me/tokens", {}, 422)
        finally:
            kenduri.end()
    sys.exit(f"the API is not as docs/openapi.json says, as found by: {', '.join(found)}" if found else 0)


if __name__ == "__main__":
    main()
