// What a page that was written for Socket.IO expects, with npm's client against the built program: over polling
// alone, over websocket alone, and through the upgrade between them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as http2, constants } from 'node:http2';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

const built =
  process.env.TESTED_PROGRAM ?? fileURLToPath(new URL('../../target/debug/kenduri', import.meta.url));
const patience = 60_000;
const script = fileURLToPath(new URL('node_modules/socket.io-client/dist/socket.io.min.js', import.meta.url));

// Whatever a failed test left open is closed at the end.
const started = [];
const opened = [];

// The demo, on a free port and in a folder that outlives it.
class Kenduri {
  static async start(folder = mkdtempSync(join(tmpdir(), 'kenduri-socketio-'))) {
    const kenduri = new Kenduri();
    kenduri.folder = folder;
    const flags = ['--demo', '--data', folder];
    for (const scheme of ['http', 'https']) flags.push('--set', `listen.${scheme}=["127.0.0.1:0"]`);
    kenduri.program = spawn(built, ['serve', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, KENDURI_LOG_LEVEL: 'warn' },
    });
    started.push(kenduri);
    const slow = setTimeout(() => kenduri.program.kill('SIGKILL'), patience);
    const lines = createInterface({ input: kenduri.program.stdout });
    await new Promise((answers, fails) => {
      lines.on('line', (line) => {
        const found = line.match(/answers at (http:\/\/\S+) and (https:\/\/\S+)/);
        if (found) answers(([, kenduri.origin, kenduri.secure] = found));
      });
      lines.on('close', () => fails(new Error('the program did not start')));
    });
    clearTimeout(slow);
    return kenduri;
  }

  async end(signal) {
    const ended = once(this.program, 'exit');
    this.program.kill(signal);
    return ended;
  }

  async stop() {
    assert.deepEqual(await this.end('SIGTERM'), [0, null]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async state(code) {
    const answer = await fetch(`${this.origin}/api/v1/invitations/${code}`);
    assert.equal(answer.status, 200, code);
    return answer.json();
  }

  async post(body, headers = {}) {
    return fetch(`${this.origin}/api/flask/rsvp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }
}

// A client that keeps what it hears.
function client(kenduri, transports, options = {}) {
  const socket = io(kenduri.origin, { transports, forceNew: true, reconnection: false, timeout: patience, ...options });
  opened.push(socket);
  socket.heard = [];
  socket.onAny((name, ...data) => socket.heard.push([name, ...data]));
  return socket;
}

const connected = (socket) =>
  new Promise((done, fails) => {
    socket.once('connect', done);
    socket.once('connect_error', fails);
  });

const upgraded = async (socket, transport) => {
  if (socket.io.engine.transport.name !== transport) {
    await new Promise((done) => socket.io.engine.once('upgrade', done));
  }
};

const next = (socket, name) => new Promise((done) => socket.once(name, (...data) => done(data)));

// Sends an answer; what the acknowledgement and the event said must be the same.
async function rsvp(socket, body) {
  const status = next(socket, 'rsvp-status');
  const acknowledged = await socket.timeout(patience).emitWithAck('rsvp', body);
  const [told] = await status;
  assert.deepEqual(acknowledged, told);
  return told;
}

const ways = [
  ['polling alone', ['polling'], 'RAHMA', 'polling'],
  ['websocket alone', ['websocket'], 'ROSSI', 'websocket'],
  ['the upgrade from polling to websocket', ['polling', 'websocket'], 'TANWE', 'websocket'],
];

let kenduri;
before(async () => (kenduri = await Kenduri.start()));
after(async () => {
  try {
    await kenduri.stop();
  } finally {
    for (const socket of opened) socket.close();
    for (const { program } of started) program.kill('SIGKILL');
  }
});

for (const [name, transports, code, ends] of ways) {
  describe(`over ${name}`, { timeout: 4 * patience }, () => {
    test('an answer is saved, acknowledged and told', async () => {
      const socket = client(kenduri, transports);
      await connected(socket);
      await upgraded(socket, ends);
      assert.equal(socket.io.engine.transport.name, ends);
      const before = await kenduri.state(code);
      const told = await rsvp(socket, { code, attending: 'hadir', wish: `over ${name}`, submission_id: `${transports}` });
      const people = before.guests.filter((guest) => guest.kind === 'named').length;
      assert.equal(told.ok, true);
      assert.equal(told.status, 'ok');
      assert.equal(told.attending, true);
      assert.ok(told.guests >= people, JSON.stringify(told));
      assert.ok(told.id && told.message);
      const after = await kenduri.state(code);
      assert.equal(after.note.text, `over ${name}`);
      assert.ok(after.guests.every((guest) => guest.kind !== 'named' || Object.values(guest.replies).every((one) => one === 'yes')));
      // The same again counts once, by whatever way it comes.
      const again = await rsvp(socket, { code, attending: 'hadir', wish: `over ${name}`, submission_id: `${transports}` });
      assert.deepEqual(again, told);
      const posted = await kenduri.post({ invite_code: code, status: 'yes', message: `over ${name}`, submission_id: `${transports}` });
      assert.equal((await posted.json()).id, told.id);
      assert.equal((await kenduri.state(code)).version, after.version);
      socket.close();
    });

    test('what cannot be understood is refused, and unknown events are passed over', async () => {
      const socket = client(kenduri, transports);
      await connected(socket);
      const before = await kenduri.state(code);
      socket.emit('nonsense', { code, attending: false });
      for (const body of [undefined, null, 'RAHMA', [], {}, { code, attending: 'perhaps' }]) {
        const told = await rsvp(socket, body);
        assert.equal(told.ok, false);
        assert.equal(told.status, 'error');
        assert.equal(told.code, 'validation_failed');
        assert.ok(told.message);
      }
      const late = await rsvp(socket, { code: 'LATE1', attending: true });
      assert.equal(late.code, 'rsvp_deadline_passed');
      assert.equal((await kenduri.state(code)).version, before.version);
      assert.ok(socket.connected);
      socket.close();
    });

    test('nobody else hears of it', async () => {
      const [socket, other] = [client(kenduri, transports), client(kenduri, transports)];
      await Promise.all([connected(socket), connected(other)]);
      await rsvp(socket, { code, attending: true });
      // Whatever was sent to all would be here before the answer to this one.
      const told = await rsvp(other, { code: '?', attending: true });
      assert.equal(told.code, 'code_malformed');
      assert.equal(other.heard.length, 1, JSON.stringify(other.heard));
      socket.close();
      other.close();
    });

    test('a message that is too large ends the connection and nothing else', async () => {
      const before = await kenduri.state(code);
      const socket = client(kenduri, transports);
      await connected(socket);
      const gone = next(socket, 'disconnect');
      socket.emit('rsvp', { code, attending: false, wish: 'x'.repeat(65 << 10) });
      await gone;
      assert.equal((await kenduri.state(code)).version, before.version);
      const fresh = client(kenduri, transports);
      await connected(fresh);
      const told = await rsvp(fresh, { code, attending: true, wish: 'x'.repeat(4_000) });
      assert.equal(told.ok, true, JSON.stringify(told));
      fresh.close();
    });
  });
}

describe('what is agreed upon', { timeout: 4 * patience }, () => {
  test('the times and sizes are those that are promised', async () => {
    const answer = await fetch(`${kenduri.origin}/socket.io/?EIO=4&transport=polling`);
    const opened = JSON.parse((await answer.text()).slice(1));
    assert.deepEqual(opened.upgrades, ['websocket']);
    assert.equal(opened.pingInterval, 25_000);
    assert.equal(opened.pingTimeout, 20_000);
    assert.equal(opened.maxPayload, 65_536);
    for (const query of ['', '?EIO=3&transport=polling', '?EIO=4&transport=pigeon', '?EIO=4&transport=polling&sid=nobody']) {
      const refused = await fetch(`${kenduri.origin}/socket.io/${query}`);
      assert.equal(refused.status, 400, query);
    }
  });

  test('the script is the one that npm has', async () => {
    const answer = await fetch(`${kenduri.origin}/socket.io/socket.io.js`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /javascript/);
    const tag = answer.headers.get('etag');
    assert.equal(await answer.text(), readFileSync(script, 'utf8'));
    const again = await fetch(answer.url, { headers: { 'if-none-match': tag } });
    assert.equal(again.status, 304);
  });

  test('without a code an answer makes an invitation of its own', async () => {
    const socket = client(kenduri, ['websocket']);
    await connected(socket);
    const told = await rsvp(socket, { name: 'Mei Ling', attending: true, guests: 2 });
    assert.equal(told.guests, 2);
    const made = await kenduri.state(told.invite_code);
    assert.equal(made.household, 'Mei Ling');
    socket.close();
  });

  test('a websocket comes over HTTP/2 too, as browsers open them', async () => {
    // Its certificate is its own.
    const session = http2(kenduri.secure, { rejectUnauthorized: false });
    await once(session, 'remoteSettings');
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'CONNECT',
      [constants.HTTP2_HEADER_PROTOCOL]: 'websocket',
      [constants.HTTP2_HEADER_SCHEME]: 'https',
      [constants.HTTP2_HEADER_AUTHORITY]: new URL(kenduri.secure).host,
      [constants.HTTP2_HEADER_PATH]: '/socket.io/?EIO=4&transport=websocket',
      'sec-websocket-version': '13',
    });
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 200);
    const [frame] = await once(stream, 'data');
    // A whole text frame, not masked: "0", and what is agreed upon.
    assert.equal(frame[0], 0x81);
    assert.match(frame.subarray(2).toString(), /0\{"sid"/);
    stream.close();
    session.close();
  });

  test('who sends many at once is answered for each, and told to wait for most', async () => {
    const socket = client(kenduri, ['websocket']);
    await connected(socket);
    const sent = Array.from({ length: 40 }, (_, number) =>
      socket.timeout(patience).emitWithAck('rsvp', { code: 'SHUT1', attending: true, wish: `${number}` }),
    );
    const told = (await Promise.all(sent)).map((one) => one.code);
    assert.ok(told.includes('invitation_locked'), `${told}`);
    assert.ok(told.includes('rate_limited'), `${told}`);
    assert.ok((await rsvp(socket, { code: 'SHUT1', attending: true })).code === 'invitation_locked');
    socket.close();
  });

  test('wrong codes cost the address, whoever the client says it is', async () => {
    const options = (number) => ({ extraHeaders: { 'x-forwarded-for': `198.51.100.${number}` } });
    let refused;
    for (let number = 0; number < 11 && refused?.code !== 'name_required'; number += 1) {
      const socket = client(kenduri, [number % 2 ? 'polling' : 'websocket'], options(number));
      await connected(socket);
      refused = await rsvp(socket, { code: `WRNG${number}`, attending: true });
      socket.close();
    }
    assert.equal(refused.code, 'name_required');
    const posted = await kenduri.post({ code: 'WRXXX', attending: true });
    assert.equal(posted.status, 401);
  });
});

describe('when the program goes', { timeout: 4 * patience }, () => {
  test('an answer that was told is there after kill -9, and its repeat is the same', async () => {
    const first = await Kenduri.start();
    const socket = client(first, ['websocket']);
    await connected(socket);
    const body = { code: 'RAHMA', attending: true, pax: 6, submission_id: 'before-the-end' };
    const told = await rsvp(socket, body);
    assert.equal(told.guests, 6);
    await first.end('SIGKILL');
    const second = await Kenduri.start(first.folder);
    const after = await second.state('RAHMA');
    assert.equal(after.guests.filter((guest) => guest.replies.reception === 'yes').length, 6);
    const back = client(second, ['polling', 'websocket']);
    await connected(back);
    assert.deepEqual(await rsvp(back, body), told);
    assert.equal((await second.state('RAHMA')).version, after.version);
    back.close();
    await second.stop();
  });

  test('connections end with 1001, and clients come back by themselves', async () => {
    const going = await Kenduri.start();
    const plain = new WebSocket(`${going.origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const closed = once(plain, 'close');
    await once(plain, 'message');
    const sockets = ways.map(([, transports]) => client(going, transports));
    await Promise.all(sockets.map(connected));
    // A client that is cut off in the middle of its upgrade notices it only when pings stay away.
    await Promise.all(sockets.map((socket, at) => upgraded(socket, ways[at][3])));
    const reasons = Promise.all(sockets.map((socket) => next(socket, 'disconnect')));
    const began = Date.now();
    await going.stop();
    assert.ok(Date.now() - began < 20_000, 'nobody waits for connections that only wait');
    const [code] = await closed;
    assert.equal(code, 1_001);
    for (const [reason] of await reasons) {
      // Not "io server disconnect", after which a client stays away.
      assert.match(reason, /^transport/);
    }
  });
});
