// The live side of the wedding card. It listens where Kenduri says (SOCKET), or on PORT.
import { createServer } from 'node:http';
import { rmSync } from 'node:fs';
import { api } from './src/api.js';
import { Answers } from './src/answers.js';
import { Flask } from './src/flask.js';
import { live } from './src/live.js';

const { SOCKET, PORT = '3000', FLASK_SOCKET, FLASK_URL } = process.env;
// What was begun gets so long after we were asked to end.
const LAST_ANSWERS_MS = 5_000;

const answers = new Answers(new Flask({ socketPath: FLASK_SOCKET, url: FLASK_URL }));
const server = createServer(api());
const io = live(server, answers);

// Left behind by one that was killed.
if (SOCKET) rmSync(SOCKET, { force: true });
server.listen(SOCKET ?? { host: '127.0.0.1', port: Number(PORT) });

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await answers.finished(LAST_ANSWERS_MS);
    // Tells every browser to come back, which leads it to whoever takes our place.
    io.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 1_000).unref();
  });
}
