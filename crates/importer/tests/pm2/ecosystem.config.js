// The wedding's two backends, as `pm2 start ecosystem.config.js` takes them.
const shared = { NODE_ENV: "development" };

console.log("reading the ecosystem file");

module.exports = {
  apps: [
    {
      name: "flask-rsvp",
      script: "gunicorn",
      args: "wsgi:app --workers 2 --bind 127.0.0.1:5000",
      interpreter: "none",
      cwd: "/srv/kadkahwin/flask",
      env: { FLASK_ENV: "production", SECRET_KEY: "change-me" },
      max_memory_restart: "150M",
      autorestart: true,
      watch: false,
      error_file: "/var/log/pm2/flask-error.log",
      out_file: "/var/log/pm2/flask-out.log",
      merge_logs: true,
    },
    {
      name: "node.live",
      script: "./server.js",
      cwd: "/srv/kadkahwin/node",
      instances: "max",
      exec_mode: "cluster",
      env: { ...shared, PORT: 3000 },
      env_production: { NODE_ENV: "production" },
      wait_ready: true,
      listen_timeout: 8000,
      kill_timeout: 5000,
      max_restarts: 10,
      min_uptime: "10s",
      restart_delay: 4000,
    },
  ],
  deploy: { production: { host: "kad.example", ref: "origin/main" } },
};
