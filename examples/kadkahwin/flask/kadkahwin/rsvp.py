"""`POST /rsvp`: an answer is kept, then acknowledged."""

import re

from flask import Blueprint, current_app, g, redirect, request

from . import store, wish
from .problems import Problem, note_who_asks
from .words import say

# Visible ASCII without backslashes: browsers read "/\t/host", too, as another site.
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")

blueprint = Blueprint("rsvp", __name__)
blueprint.before_request(note_who_asks)


@blueprint.post("/rsvp")
def answer():
    """201 for a new answer, 200 for a changed one; a repeat hears what was said the first time."""
    fields = _fields()
    g.lang = fields.get("lang")
    wanted = wish.read(fields)
    submission = wish.submission_id(fields, request.headers.get("Idempotency-Key"))
    saved = store.save(current_app.config["DATABASE"], submission, wanted)
    if g.wants_page:
        return redirect(_local(fields.get("next")), 303)
    body = {
        "status": "ok",
        "id": saved.id,
        "message": say("thanks" if wanted.attending else "missed"),
        "attending": wanted.attending,
        "guests": wanted.guests,
    }
    if not wanted.code:
        body["invite_code"] = saved.code
    return body, 201 if saved.is_new else 200


def _fields():
    if request.mimetype == "application/x-www-form-urlencoded":
        return request.form
    fields = request.get_json()
    if not isinstance(fields, dict):
        raise Problem(400, "body_invalid")
    return fields


def _local(path: str | None) -> str:
    """Where a browser goes after its form: only ever a page of this site."""
    return path if path and isinstance(path, str) and LOCAL.fullmatch(path) else "/"
