// The site's pages: files, one page for every address that a person may open, and a way through to
// the API. It listens where Kenduri says (SOCKET), or on PORT.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { passOn } from './pass-on.js';

const { SOCKET, PORT = '3000', KENDURI_INSTANCE = '0', API_SOCKET, API_URL } = process.env;
const pages = fileURLToPath(new URL('public', import.meta.url));

const app = express();
app.disable('x-powered-by');
app.use((request, response, next) => {
  response.set('X-Served-By', `express ${KENDURI_INSTANCE}`);
  next();
});
app.get('/health', (request, response) => response.json({ status: 'ok' }));
// Through Kenduri requests to the API never come here; straight to this port they do.
app.use('/api', passOn({ socketPath: API_SOCKET, url: API_URL }));
app.use(express.static(pages, { maxAge: '1h' }));
// The page itself finds out what an address like /lauk/3 means. A file that is missing is missing.
app.get('/{*address}', (request, response, next) => {
  if (/\.[^/]+$/.test(request.path)) return next();
  response.sendFile('index.html', { root: pages });
});
app.use((request, response) => response.status(404).type('text').send('This is not there.\n'));

// Left behind by one that was killed.
if (SOCKET) rmSync(SOCKET, { force: true });
const server = app.listen(...(SOCKET ? [SOCKET] : [Number(PORT), '127.0.0.1']));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    // What was asked is answered first.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
