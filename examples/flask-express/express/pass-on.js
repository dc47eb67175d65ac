// Hands a request on to the API and its answer back, as they come.
import { Agent, request as ask } from 'node:http';
import { pipeline } from 'node:stream';

// What concerns one connection only (RFC 9110, 7.6.1).
const HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'];
const PATIENCE_MS = 30_000;

// A path of a socket wins over an address.
export function passOn({ socketPath, url = 'http://127.0.0.1:5000' }) {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: false });
  const where = { ...(socketPath ? { socketPath } : { hostname, port }), agent };
  return (request, response) => {
    const { method, originalUrl: path } = request;
    const headers = without(request.headers);
    const asked = ask({ ...where, method, path, headers, timeout: PATIENCE_MS });
    asked.on('response', (answer) => {
      response.writeHead(answer.statusCode, without(answer.headers));
      pipeline(answer, response, () => {});
    });
    asked.on('timeout', () => asked.destroy(new Error('too late')));
    pipeline(request, asked, (cause) => {
      if (cause) failed();
    });
    asked.on('error', failed);

    function failed() {
      asked.destroy();
      if (response.headersSent) response.destroy();
      else response.status(502).json({ status: 'error', code: 'api_unavailable' });
    }
  };
}

function without(headers) {
  const named = String(headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const kept = Object.entries(headers).filter(([name]) => !HOP.includes(name) && !named.includes(name));
  return Object.fromEntries(kept);
}
