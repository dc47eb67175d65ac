"""The built program makes a key, finds it in DNS, and signs its mail; dkimpy, which is not ours, checks the signature.

Run by `cargo xtask test`: `.venv/bin/python signed.py`. The DNS server and the mail server are private ones, below.
"""

import html
import http.cookiejar
import os
import pathlib
import re
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import dkim

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TESTED_PROGRAM", str(ROOT / "target/debug/kenduri"))
PATIENCE = 120
# Guests' links must begin with an address that guests can open; else nothing is sent.
NAME = "kad.example"


class Dns(socketserver.ThreadingTCPServer):
    """Answers questions for TXT records, by TCP."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.records = {}
        super().__init__(("127.0.0.1", 0), DnsTalk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class DnsTalk(socketserver.StreamRequestHandler):
    def handle(self):
        (length,) = struct.unpack("!H", self.rfile.read(2))
        query = self.rfile.read(length)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12 : at + 5]
        texts = self.server.records.get(".".join(labels).lower())
        flags = 0x8180 if texts else 0x8183
        answer = query[:2] + struct.pack("!HHHHH", flags, 1, len(texts or ()), 0, 0) + question
        for text in texts or ():
            data = text.encode()
            parts = [data[begin : begin + 255] for begin in range(0, len(data), 255)]
            data = b"".join(bytes([len(part)]) + part for part in parts)
            answer += b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(data)) + data
        self.wfile.write(struct.pack("!H", len(answer)) + answer)


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that keeps every trial as it came."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.mails = []
        super().__init__(("127.0.0.1", 0), SinkTalk)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next(self, seen):
        end = time.monotonic() + PATIENCE
        while len(self.mails) <= seen:
            assert time.monotonic() < end, "no mail came"
            time.sleep(0.02)
        return self.mails[seen]


class SinkTalk(socketserver.StreamRequestHandler):
    def handle(self):
        def say(line):
            self.wfile.write(line + b"\r\n")

        say(b"220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                say(b"354 go on")
                mail = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    mail += line[1:] if line.startswith(b".") else line
                # Others, such as one about a sign-in, are passed over.
                if b"\r\nSubject: [Test]" in mail:
                    self.server.mails.append(mail)
                say(b"250 kept")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8" if word == b"EHLO" else b"250 ok")


class Browser:
    """Someone who signs in by the link that the program printed, and who knows the program by its public name."""

    def __init__(self, origin):
        self.origin = origin
        # As behind a proxy that speaks TLS.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
        self.opener = urllib.request.build_opener(cookies)

    def get(self, path, body=None):
        request = urllib.request.Request(urllib.parse.urljoin(self.origin, path), body, {"Host": NAME})
        if body is not None:
            request.add_header("Origin", f"https://{NAME}")
        with self.opener.open(request) as page:
            return page.read().decode()

    def press(self, page, action):
        """Sends the form with this action, as it stands on the page."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S)
        form = (form or re.search(r"<form.*?</form>", page, re.S))[0]
        inputs = re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form)
        body = urllib.parse.urlencode([(name, html.unescape(value)) for name, value in inputs]).encode()
        return self.get(action, body)


def run():
    dns, sink = Dns(), Sink()
    folder = tempfile.TemporaryDirectory()
    settings = [
        f"mail.url=smtp://127.0.0.1:{sink.server_address[1]}",
        "mail.from=Aisyah & Daniel <rsvp@post.kad.example>",
        "mail.per_minute=10000",
        f"site.url=https://{NAME}",
        f"mail.name_servers=127.0.0.1:{dns.server_address[1]}",
    ]
    command = [PROGRAM, "serve", "--demo", "--data", folder.name, "--listen", "127.0.0.1:0"]
    for setting in settings:
        command += ["--set", setting]
    environment = {**os.environ, "KENDURI_LOG_LEVEL": "warn"}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        origin = link = None
        while not (origin and link):
            line = program.stdout.readline()
            assert line, "the program did not start"
            found = re.search(r"answers at (http://\S+)", line)
            origin = found[1] if found else origin
            found = re.search(r"https://\S+(/sign-in/\S+)", line)
            link = found[1] if found else link
        threading.Thread(target=program.stdout.read, daemon=True).start()
        check(dns, sink, Browser(origin), link)
    finally:
        program.terminate()
        program.wait()
        folder.cleanup()


def check(dns, sink, host, link):
    host.press(host.get(link)[host.get(link).index("<main") :], link)
    here = "/admin/server/mail"
    page = host.get(here)
    assert page.count('class="tag error"') == 2, "neither SPF nor DMARC"
    # Mail to many waits for the records, and says so to hosts.
    mails = "/admin/o/aisyah-daniel/mail"
    assert f'href="{here}"' in host.get(mails)
    assert "?kind=invitation" not in host.get(mails), "nothing can be ordered"
    page = host.press(page, here)
    name, record = dkim_record(page)
    assert name.endswith("._domainkey.post.kad.example"), name

    # Before the key is in DNS nothing is signed.
    assert b"DKIM-Signature" not in trial(host, sink, 0)

    # Another key does not do.
    dns.records[name] = [record.replace("p=MII", "p=MIJ")]
    page = host.get(here)
    assert page.count('class="tag error"') == 3, page
    dns.records[name] = [record]
    dns.records["post.kad.example"] = ["some-site-verification=1", "v=spf1 mx -all"]
    # A DMARC record of the domain above holds too.
    dns.records["_dmarc.kad.example"] = ["v=DMARC1; p=none"]
    page = host.get(here)
    assert page.count('class="tag yes"') == 3, page

    assert f'href="{here}"' not in host.get(mails)
    assert "?kind=invitation" in host.get(mails)

    mail = trial(host, sink, 1)
    assert mail.startswith(b"DKIM-Signature: "), mail[:200]

    def ask(name, timeout=5):
        texts = dns.records.get((name.decode() if isinstance(name, bytes) else name).rstrip("."))
        return texts[0].encode() if texts else None

    assert dkim.verify(mail, dnsfunc=ask), mail
    # What is changed on the way is found.
    for old, new in [(b"\r\nSubject: ", b"\r\nSubject: X"), (b"\r\n\r\n", b"\r\n\r\nX"), (b"\r\nTo: ", b"\r\nTo: x")]:
        assert old in mail, old
        assert not dkim.verify(mail.replace(old, new, 1), dnsfunc=ask), old
    # A field that somebody adds is found, too, also where the mail has one already.
    second = mail.replace(b"\r\nSubject: ", b"\r\nSubject: Another\r\nSubject: ", 1)
    assert not dkim.verify(second, dnsfunc=ask)
    assert not dkim.verify(mail.replace(b"\r\nFrom: ", b"\r\nFrom: a@b.example\r\nFrom: ", 1), dnsfunc=ask)

    # The last part of a name is nobody's domain.
    dns.records["_dmarc.example"] = dns.records.pop("_dmarc.kad.example")
    assert host.get(here).count('class="tag error"') == 1

    # Once the record is gone, nothing is signed any more.
    del dns.records[name]
    host.get(here)
    assert f'href="{here}"' in host.get(mails)
    assert b"DKIM-Signature" not in trial(host, sink, 2)
    print("signed by us, and found right by dkimpy")


def trial(host, sink, seen):
    """Has the host send a mail to themselves, and gives it as the server got it."""
    texts = "/admin/o/aisyah-daniel/mail/texts/invitation"
    host.press(host.get(f"{texts}/preview?language=ar"), f"{texts}/test")
    return sink.next(seen)


def dkim_record(page):
    found = re.search(r"<code[^>]*>([^<]*_domainkey[^<]*)</code>.*?<pre[^>]*>([^<]*)</pre>", page, re.S)
    return found[1].strip(), html.unescape(found[2].strip())


if __name__ == "__main__":
    run()
