// What Express answers: whether we are well, and a word of welcome.
import express from 'express';

export function api() {
  const app = express();
  app.disable('x-powered-by');
  app.get('/api/node/health', (request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/api/node/hello', (request, response) => {
    const isMalay = request.acceptsLanguages('ms', 'en') !== 'en';
    response.json({ message: isMalay ? 'Selamat datang, dari Node.' : 'Welcome, says Node.' });
  });
  app.use((request, response) => {
    response.status(404).json({ status: 'error', code: 'not_found', message: 'This is not there.' });
  });
  return app;
}
