"""The API of the wedding card: an application factory, and a blueprint for each concern."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from . import greeting, problems, rsvp, store

LARGEST_BODY = 64 * 1024


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The application, with `settings` over what the environment says."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["DATABASE"] = os.environ.get("RSVP_DATABASE", "data/rsvp.db")
    app.config.update(settings or {})
    store.prepare(app.config["DATABASE"])
    for blueprint in (greeting.blueprint, rsvp.blueprint):
        app.register_blueprint(blueprint, url_prefix="/api/flask")
    problems.register(app)
    return app
