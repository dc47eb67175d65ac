"""What went wrong, in one shape: a status, a stable code, a sentence."""

from flask import Flask, g, render_template, request
from werkzeug.exceptions import HTTPException

from .words import language, say

# What Werkzeug refuses by itself.
CODES = {
    400: "request_invalid",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}


class Problem(Exception):
    """Ends a request with an error."""

    def __init__(self, status: int, code: str, field: str | None = None):
        super().__init__(code)
        self.status = status
        self.code = code
        self.field = field


def register(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, refused)


def refused(error: HTTPException):
    return answer(Problem(error.code or 500, CODES.get(error.code or 500, "internal")))


def answer(problem: Problem):
    words = say(f"{problem.code}:{problem.field}" if problem.field else problem.code)
    headers = {"Retry-After": "2"} if problem.status == 503 else {}
    if g.get("wants_page"):
        page = render_template("problem.html", lang=language(), message=words, say=say)
        return page, problem.status, headers
    body = {"status": "error", "code": problem.code, "message": words}
    if problem.field:
        body["errors"] = [{"pointer": f"/{problem.field}", "detail": words}]
    return body, problem.status, headers


def note_who_asks() -> None:
    """A browser that sends a plain form wants to see a page, not JSON."""
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    g.wants_page = is_form and best == "text/html"
