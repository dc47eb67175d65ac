// Flask, asked over its socket or its address.
import { request } from 'node:http';

const PATIENCE_MS = 5_000;
const LARGEST_ANSWER = 64 * 1024;

export class Flask {
  #where;

  // A path of a socket wins over an address.
  constructor({ socketPath, url = 'http://127.0.0.1:5000' }) {
    const { hostname, port } = new URL(url);
    this.#where = socketPath ? { socketPath } : { hostname, port };
  }

  // Status and body of the answer; nothing if there was none.
  async post(path, body, language = 'ms') {
    try {
      return await this.#exchange(path, JSON.stringify(body), language);
    } catch {
      return undefined;
    }
  }

  #exchange(path, text, language) {
    return new Promise((answered, failed) => {
      const headers = {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        'Accept-Language': language,
      };
      const options = { ...this.#where, path, method: 'POST', headers, agent: false };
      const asked = request({ ...options, signal: AbortSignal.timeout(PATIENCE_MS) }, async (answer) => {
        try {
          let received = '';
          for await (const piece of answer.setEncoding('utf8')) {
            received += piece;
            if (received.length > LARGEST_ANSWER) throw new Error('too long an answer');
          }
          answered({ status: answer.statusCode, body: JSON.parse(received) });
        } catch (cause) {
          failed(cause);
        }
      });
      asked.on('error', failed);
      asked.end(text);
    });
  }
}
