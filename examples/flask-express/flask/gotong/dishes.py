"""The dishes: a list that everybody may read and add to."""

from flask import Blueprint, current_app, request

from . import store

blueprint = Blueprint("dishes", __name__)

LONGEST = 80
MOST_EATERS = 500


@blueprint.get("/health")
def health():
    return {"status": "ok"}


@blueprint.get("/dishes")
def list_dishes():
    return {"items": store.every(database())}


@blueprint.get("/dishes/<int:number>")
def show_dish(number: int):
    dish = store.one(database(), number)
    return dish if dish else refuse(404, "not_found")


@blueprint.post("/dishes")
def add_dish():
    """201 with the dish as it stands; the same `submission_id` again is the same dish."""
    fields = request.get_json(silent=True)
    if not isinstance(fields, dict):
        return refuse(400, "body_invalid")
    texts = {}
    for name in ("dish", "cook", "submission_id"):
        value = fields.get(name)
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST:
            return refuse(422, "validation_failed", name)
        texts[name] = value.strip()
    serves = fields.get("serves")
    if type(serves) is not int or not 1 <= serves <= MOST_EATERS:
        return refuse(422, "validation_failed", "serves")
    return store.add(database(), serves=serves, **texts), 201


def database() -> str:
    return current_app.config["DATABASE"]


def refuse(status: int, code: str, field: str | None = None):
    return {"status": "error", "code": code, "field": field}, status
