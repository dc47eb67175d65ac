"""What gunicorn loads: `gunicorn wsgi:app`."""

from kadkahwin import create_app

app = create_app()
