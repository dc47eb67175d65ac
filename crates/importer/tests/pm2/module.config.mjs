export default { apps: { name: "esm", script: "index.mjs", listen_timeout: 90000, max_memory_restart: "lots" } };
