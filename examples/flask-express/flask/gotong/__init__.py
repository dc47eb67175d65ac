"""Gotong-royong: who brings which dish to the kenduri. The API of the site."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from . import dishes, store

LARGEST_BODY = 16 * 1024


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The application, with `settings` over what the environment says."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["DATABASE"] = os.environ.get("DISHES_DATABASE", "data/dishes.db")
    app.config["INSTANCE"] = os.environ.get("KENDURI_INSTANCE", "0")
    app.config.update(settings or {})
    store.prepare(app.config["DATABASE"])
    app.register_blueprint(dishes.blueprint, url_prefix="/api")

    @app.after_request
    def say_who_answers(response):
        response.headers["X-Served-By"] = f"flask {app.config['INSTANCE']}"
        return response

    return app
