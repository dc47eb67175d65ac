// A page and its picture come by HTTP/3, with the browser's own QUIC on the other side.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
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
const large = `document.title += ' ${'and on '.repeat(100_000)}'.length;`;

// What the certificate that nobody vouches for is known by.
const fingerprint = (port) =>
  new Promise((answers, fails) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });
      answers(createHash('sha256').update(key).digest('base64'));
      socket.end();
    });
    socket.once('error', fails);
  });

test('a browser loads a page by HTTP/3', async () => {
  const kenduri = await Kenduri.configured(settings);
  let browser;
  try {
    mkdirSync(join(kenduri.data, 'pages'));
    for (const [name, text] of Object.entries({ 'index.html': page, 'dot.svg': dot, 'large.js': large })) {
      writeFileSync(join(kenduri.data, 'pages', name), text);
    }
    const { port } = new URL(kenduri.secure);
    browser = await open(
      `--origin-to-force-quic-on=localhost:${port}`,
      `--ignore-certificate-errors-spki-list=${await fingerprint(port)}`,
      '--host-resolver-rules=MAP localhost 127.0.0.1',
    );
    const visitor = await browser.newPage();
    const answer = await visitor.goto(`https://localhost:${port}/`, { waitUntil: 'load' });
    assert.equal(answer.status(), 200);
    assert.match(await answer.headerValue('alt-svc'), new RegExp(`^h3=":${port}"; ma=`));
    const spoken = await visitor.evaluate(() =>
      ['navigation', 'resource'].flatMap((kind) =>
        performance.getEntriesByType(kind).map((entry) => [new URL(entry.name).pathname, entry.nextHopProtocol]),
      ),
    );
    assert.deepEqual(spoken.sort(), [['/', 'h3'], ['/dot.svg', 'h3'], ['/large.js', 'h3']]);
    assert.equal(await visitor.title(), 'By QUIC 700000');
  } finally {
    await browser?.close();
    await kenduri.stop();
  }
});
