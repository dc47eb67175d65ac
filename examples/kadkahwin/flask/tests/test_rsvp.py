"""`python -m unittest discover -s tests -t .`: what the API promises, without a server."""

import json
import tempfile
import threading
import unittest
from pathlib import Path

from kadkahwin import create_app

ANSWER = {"name": "Siti Aminah binti Yusof", "attending": "hadir", "guests": 3}


class Rsvp(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = str(Path(folder.name) / "rsvp.db")
        self.app = create_app({"DATABASE": self.database})
        self.client = self.app.test_client()

    def send(self, **fields):
        return self.client.post("/api/flask/rsvp", json={**ANSWER, **fields})

    def count(self):
        import sqlite3

        with sqlite3.connect(self.database) as connection:
            return connection.execute("SELECT COUNT(*) FROM answer").fetchone()[0]

    def standing(self, code):
        import sqlite3

        with sqlite3.connect(self.database) as connection:
            answer = connection.execute("SELECT attending FROM answer WHERE code = ?", (code,))
            return bool(answer.fetchone()[0])

    def test_it_is_well_and_says_hello(self):
        self.assertEqual(self.client.get("/api/flask/health").json, {"status": "ok"})
        self.assertIn("message", self.client.get("/api/flask/hello").json)

    def test_an_answer_is_kept_and_changed_by_its_code(self):
        first = self.send(phone="012-345 6789")
        self.assertEqual((first.status_code, first.json["status"]), (201, "ok"))
        changed = self.send(code=first.json["invite_code"].lower(), attending="no")
        self.assertEqual((changed.status_code, changed.json["id"]), (200, first.json["id"]))
        self.assertEqual((changed.json["attending"], changed.json["guests"]), (False, 0))
        code = first.json["invite_code"]
        spaced = self.send(invite_code=f" {code[:4]} {code[4:]} ")
        self.assertEqual((spaced.status_code, spaced.json["id"]), (200, first.json["id"]))
        self.assertEqual(self.count(), 1)

    def test_a_code_that_nobody_was_given_makes_no_answer(self):
        for _ in range(2):
            answer = self.send(code="KAD 12", submission_id="s-1")
            told = (answer.status_code, answer.json["code"], answer.json["errors"][0]["pointer"])
            self.assertEqual(told, (404, "invitation_not_found", "/code"))
        self.assertEqual(self.count(), 0)
        # It was not kept, so the same submission may still be another answer.
        self.assertEqual(self.send(submission_id="s-1").status_code, 201)

    def test_half_a_letter_is_refused(self):
        for field in ("name", "message", "email", "phone", "code"):
            body = f'{{"name": "Ali", "attending": "ya", "{field}": "a\\ud800"}}'
            answer = self.client.post("/api/flask/rsvp", data=body, content_type="application/json")
            self.assertEqual((answer.status_code, answer.json["code"]), (400, "body_invalid"))
        whole = {"name": "Ali \N{PARTY POPPER}", "attending": "ya"}
        body = json.dumps(whole)
        self.assertIn("\\ud83c", body)
        answer = self.client.post("/api/flask/rsvp", data=body, content_type="application/json")
        self.assertEqual((answer.status_code, self.count()), (201, 1))

    def test_a_repeat_is_told_the_same(self):
        once, again = (self.send(submission_id="s-1") for _ in range(2))
        self.assertEqual((once.status_code, once.json), (again.status_code, again.json))
        other = self.send(submission_id="s-1", guests=4)
        self.assertEqual((other.status_code, other.json["code"]), (422, "idempotency_key_reused"))
        self.assertEqual(self.count(), 1)

    def test_without_an_id_only_the_latest_answer_has_repeats(self):
        code = self.send().json["invite_code"]
        for _ in range(2):
            for attending in ("no", "no", "yes", "yes"):
                answer = self.send(code=code, attending=attending)
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(self.standing(code), attending == "yes")
        self.assertEqual(self.count(), 1)

    def test_repeats_at_once_are_one_answer(self):
        heard = []

        def send():
            with self.app.test_client() as client:
                answer = client.post("/api/flask/rsvp", json={**ANSWER, "submission_id": "race"})
                heard.append((answer.status_code, answer.json["id"]))

        threads = [threading.Thread(target=send) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(heard), 16)
        self.assertEqual(len(set(heard)), 1)
        self.assertEqual(self.count(), 1)

    def test_words_are_read_leniently(self):
        for yes in (True, "yes", "Hadir", "1"):
            self.assertTrue(self.send(attending=yes).json["attending"])
        for no in (False, "no", "tidak hadir", 0):
            self.assertFalse(self.send(attending=no).json["attending"])
        fields = {"name": "Ali", "status": "ya", "pax": "2", "wish": "Tahniah", "unknown": []}
        answer = self.client.post("/api/flask/rsvp", json=fields)
        self.assertEqual((answer.status_code, answer.json["guests"]), (201, 2))

    def test_what_cannot_be_read_is_refused_and_keeps_nothing(self):
        refused = [
            ({"name": " "}, "name"),
            ({"name": "x" * 121}, "name"),
            ({"name": "a\x00b"}, "name"),
            ({"name": 7}, "name"),
            ({"attending": None}, "attending"),
            ({"attending": "perhaps"}, "attending"),
            ({"guests": 0}, "guests"),
            ({"guests": 21}, "guests"),
            ({"guests": "three"}, "guests"),
            ({"message": "x" * 1001}, "message"),
            ({"submission_id": "x" * 129}, "submission_id"),
        ]
        for fields, field in refused:
            with self.subTest(fields=fields):
                answer = self.send(**fields)
                self.assertEqual(answer.status_code, 422)
                self.assertEqual(answer.json["errors"][0]["pointer"], f"/{field}")
        for body, kind, status in [
            ("[]", "application/json", 400),
            ("{", "application/json", 400),
            ("x" * 70_000, "application/json", 413),
            ("x", "text/plain", 415),
        ]:
            answer = self.client.post("/api/flask/rsvp", data=body, content_type=kind)
            self.assertEqual((answer.status_code, answer.json["status"]), (status, "error"))
        self.assertEqual(self.count(), 0)

    def test_a_plain_form_is_led_to_a_page_of_this_site(self):
        page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        ways = [
            ("/terima-kasih.html?a=b#c", "/terima-kasih.html?a=b#c"),
            ("/", "/"),
            *((given, "/") for given in ("//evil.example", "/\\evil.example", "evil.example")),
            *((given, "/") for given in ("/\t/evil.example", "/a\\b", "/a\n", "/a b", "/é", "")),
        ]
        for given, led in ways:
            form = {**ANSWER, "next": given}
            answer = self.client.post("/api/flask/rsvp", data=form, headers=page)
            self.assertEqual((answer.status_code, answer.headers["Location"]), (303, led))
        wrong = {"name": "", "lang": "en"}
        answer = self.client.post("/api/flask/rsvp", data=wrong, headers=page)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Please tell us your name", answer.text)
        self.assertEqual(self.client.post("/api/flask/rsvp", data=ANSWER).status_code, 201)

    def test_a_store_that_is_gone_is_told(self):
        self.app.config["DATABASE"] = "/dev/null/rsvp.db"
        self.assertEqual(self.client.get("/api/flask/health").status_code, 503)
        answer = self.send()
        self.assertEqual((answer.status_code, answer.json["code"]), (503, "store_busy"))
        self.assertEqual(answer.headers["Retry-After"], "2")


if __name__ == "__main__":
    unittest.main()
