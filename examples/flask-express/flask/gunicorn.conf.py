"""How gunicorn runs on a small server: one process that answers, four requests at a time.

More of them are not workers here but instances in kenduri.toml: those are watched, replaced one
after the other and shared requests among from outside.
"""

import os

# Kenduri tells each instance its own socket; by hand it is the port that Flask is known for.
bind = f"unix:{os.environ['SOCKET']}" if "SOCKET" in os.environ else "127.0.0.1:5000"
workers = 1
threads = 4
# The application is loaded once, before anything listens, and shared with the process that answers.
preload_app = True
# Asked to end, it finishes what it has begun, for so many seconds.
graceful_timeout = 8
# Whoever watches from outside needs no second way to command it.
control_socket_disable = True
# Heartbeats go to memory, where there is a place for it, not to a disk that may be slow.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
loglevel = "warning"
