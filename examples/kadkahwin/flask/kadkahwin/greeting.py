"""Whether we are well, and a word of welcome."""

from flask import Blueprint, current_app

from . import store
from .words import say

blueprint = Blueprint("greeting", __name__)


@blueprint.get("/health")
def health():
    """200 while answers can be kept, else 503: whoever watches us starts us anew."""
    if store.is_writable(current_app.config["DATABASE"]):
        return {"status": "ok"}
    return {"status": "degraded"}, 503


@blueprint.get("/hello")
def hello():
    return {"message": say("hello")}
