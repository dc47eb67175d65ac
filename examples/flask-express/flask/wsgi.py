"""What gunicorn loads: `gunicorn wsgi:app`."""

from gotong import create_app

app = create_app()
