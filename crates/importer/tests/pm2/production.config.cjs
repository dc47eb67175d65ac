module.exports = {
  apps: [{
    name: "api",
    script: "dist/main.js",
    instances: 2,
    env: { PORT: 4000, NODE_ENV: "development", LOG: "debug" },
    env_production: { NODE_ENV: "production", LOG: null },
    env_staging: { NODE_ENV: "staging" },
    node_args: ["--enable-source-maps"],
    exp_backoff_restart_delay: 100,
    cron_restart: "0 4 * * *",
    watch: ["dist"],
    ignore_watch: ["node_modules"],
  }],
};
