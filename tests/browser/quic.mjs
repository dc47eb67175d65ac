// A page and its picture come by HTTP/3, with the browser's own QUIC on the other side.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { get } from 'node:https';
import { test } from 'node:test';
import { open } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const settings = `
[listen]
http = ["127.0.0.1:0"]
https = ["127.0.0.1:0"]

[[route]]
to = "files:pages"
`;

const page = '<!doctype html><title>By QUIC</title><img src="dot.svg" alt=""><script src="large.js"></script>';
const dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="9"/></svg>';
const large = `document.title += ' ' + '${'and on '.repeat(100_000)}'.length;`;

// What is said of HTTP/3 to who comes by TCP, and what the certificate that nobody vouches for is
// known by.
const greeting = (port) =>
  new Promise((answers, fails) => {
    const options = { host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false, agent: false };
    const asked = get({ ...options, headers: { host: `localhost:${port}` } }, (answer) => {
      const key = answer.socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });
      answer.resume();
      answers({
        told: answer.headers['alt-svc'],
        fingerprint: createHash('sha256').update(key).digest('base64'),
      });
    });
    asked.once('error', fails);
  });

// Its certificate, once it tells of HTTP/3.
async function ready(port) {
  const begin = Date.now();
  for (;;) {
    const { told, fingerprint } = await greeting(port);
    if (told?.startsWith(`h3=":${port}"; ma=`)) return fingerprint;
    if (Date.now() - begin > 60_000) throw new Error(`nobody is told of HTTP/3, but: ${told}`);
    await new Promise((soon) => setTimeout(soon, 20));
  }
}

test('a browser loads a page by HTTP/3', async () => {
  const kenduri = await Kenduri.configured({
    'kenduri.toml': settings,
    'pages/index.html': page,
    'pages/dot.svg': dot,
    'pages/large.js': large,
  });
  let browser;
  try {
    const { port } = new URL(kenduri.secure);
    browser = await open(
      `--origin-to-force-quic-on=localhost:${port}`,
      `--ignore-certificate-errors-spki-list=${await ready(port)}`,
      '--host-resolver-rules=MAP localhost 127.0.0.1',
    );
    const visitor = await browser.newPage();
    const answer = await visitor.goto(`https://localhost:${port}/`, { waitUntil: 'load' });
    assert.equal(answer.status(), 200);
    // A client has come through by now.
    assert.equal(await answer.headerValue('alt-svc'), `h3=":${port}"; ma=86400`);
    const spoken = await visitor.evaluate(() =>
      ['navigation', 'resource'].flatMap((kind) =>
        performance.getEntriesByType(kind).map((entry) => [new URL(entry.name).pathname, entry.nextHopProtocol]),
      ),
    );
    const asked = spoken.filter(([path]) => path !== '/favicon.ico').sort();
    assert.deepEqual(asked, [['/', 'h3'], ['/dot.svg', 'h3'], ['/large.js', 'h3']]);
    assert.equal(await visitor.title(), 'By QUIC 700000');
  } finally {
    await browser?.close();
    await kenduri.stop();
  }
});
