"""`python -m unittest discover -s tests -t .`: what the API promises, without a server."""

import tempfile
import unittest
from pathlib import Path

from gotong import create_app

RENDANG = {"dish": "Rendang", "cook": "Mak Teh", "serves": 40, "submission_id": "s-1"}


class Dishes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        app = create_app({"DATABASE": str(Path(folder.name) / "dishes.db"), "INSTANCE": "7"})
        self.client = app.test_client()

    def test_it_is_well_and_says_who_it_is(self):
        answer = self.client.get("/api/health")
        self.assertEqual(answer.json, {"status": "ok"})
        self.assertEqual(answer.headers["X-Served-By"], "flask 7")

    def test_a_dish_is_added_once(self):
        once, again = (self.client.post("/api/dishes", json=RENDANG) for _ in range(2))
        self.assertEqual((once.status_code, once.json), (again.status_code, again.json))
        self.assertEqual(self.client.get("/api/dishes").json["items"], [once.json])
        self.assertEqual(self.client.get(f"/api/dishes/{once.json['id']}").json, once.json)
        self.assertEqual(self.client.get("/api/dishes/999").status_code, 404)

    def test_what_cannot_be_read_is_refused(self):
        for field, value in [
            ("dish", ""),
            ("dish", "x" * 81),
            ("cook", None),
            ("serves", 0),
            ("serves", True),
            ("serves", "many"),
            ("submission_id", ""),
        ]:
            with self.subTest(field=field, value=value):
                answer = self.client.post("/api/dishes", json={**RENDANG, field: value})
                self.assertEqual((answer.status_code, answer.json["field"]), (422, field))
        self.assertEqual(self.client.post("/api/dishes", data="{").status_code, 400)
        self.assertEqual(self.client.get("/api/dishes").json["items"], [])


if __name__ == "__main__":
    unittest.main()
