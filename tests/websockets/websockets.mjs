// What RFC 6455 and RFC 7692 promise, with ws as client and as server, and Kenduri between them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';

const built =
  process.env.TESTED_PROGRAM ?? fileURLToPath(new URL('../../target/debug/kenduri', import.meta.url));
const patience = 60_000;
const largest = 16 << 20;

let folder, program, server;
const doors = {};
// Who wants to know what the server hears on which connection.
const hearers = new Map();
let opened = 0;

before(async () => {
  // Sends back whatever comes, and keeps what it was told at the end.
  server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: 2 * largest,
    handleProtocols: (wanted) => (wanted.has('chat') ? 'chat' : false),
    perMessageDeflate: { threshold: 0 },
  });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    const [path, number] = request.url.split('?');
    const heard = (what) => hearers.get(Number(number))?.(what);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('ping', (data) => heard(['ping', String(data)]));
    socket.on('close', (code, reason) => heard(['close', code, String(reason)]));
    if (path === '/live/goodbye') socket.close(4_321, 'enough');
    if (path === '/live/cut') socket.terminate();
    if (path === '/live/ping') socket.ping('are you there');
    if (path === '/live/headers') socket.send(JSON.stringify(request.headers));
  });
  folder = mkdtempSync(join(tmpdir(), 'kenduri-websockets-'));
  const settings = join(folder, 'kenduri.toml');
  writeFileSync(
    settings,
    `data = "data"
[listen]
http = ["127.0.0.1:0"]
https = ["127.0.0.1:0"]
[[route]]
path = "/live/"
to = "http://127.0.0.1:${server.address().port}"
`,
  );
  program = spawn(built, ['serve', '--config', settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KENDURI_LOG_LEVEL: 'warn' },
  });
  process.once('exit', () => program.kill('SIGKILL'));
  const slow = setTimeout(() => program.kill('SIGKILL'), patience);
  for await (const line of createInterface({ input: program.stdout })) {
    const found = line.match(/answers at http:\/\/(\S+) and https:\/\/(\S+)/);
    if (!found) continue;
    doors.ws = `ws://${found[1]}`;
    // By name: the certificate is for localhost.
    doors.wss = `wss://localhost:${found[2].split(':').pop()}`;
    break;
  }
  clearTimeout(slow);
  assert.ok(doors.ws, 'the program starts');
});

after(async () => {
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(door, path, options = {}) {
  const number = (opened += 1);
  const socket = new WebSocket(`${doors[door]}${path}?${number}`, options.protocols ?? [], {
    rejectUnauthorized: false,
    lookup: (_, more, found) =>
      more.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4),
    maxPayload: 2 * largest,
    perMessageDeflate: false,
    ...options,
  });
  socket.serverHears = () => new Promise((told) => hearers.set(number, told));
  socket.waiting = [];
  socket.said = [];
  const tell = (what) => (socket.waiting.length ? socket.waiting.shift()(what) : socket.said.push(what));
  socket.on('message', (data, isBinary) => tell([isBinary ? 'binary' : 'text', data]));
  socket.on('ping', (data) => tell(['ping', String(data)]));
  socket.on('pong', (data) => tell(['pong', String(data)]));
  socket.on('close', (code, reason) => tell(['close', code, String(reason)]));
  await once(socket, 'open');
  return socket;
}

const next = (socket) =>
  socket.said.length ? socket.said.shift() : new Promise((told) => socket.waiting.push(told));

async function echoes(socket, data, isBinary) {
  socket.send(data, { binary: isBinary });
  const [kind, back] = await next(socket);
  assert.equal(kind, isBinary ? 'binary' : 'text');
  assert.ok(Buffer.from(data).equals(back), `${back.length} bytes came back`);
}

for (const door of ['ws', 'wss']) {
  describe(`over ${door}`, { timeout: 4 * patience }, () => {
    test('texts and bytes of every size at which the framing changes come back', async () => {
      const socket = await open(door, '/live/');
      await echoes(socket, 'Selamat datang – kenduri 🎉', false);
      for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20]) {
        await echoes(socket, Buffer.alloc(size, size % 251), true);
      }
      socket.close();
      assert.equal((await next(socket))[0], 'close');
    });

    test('fragments become one message, with pings between them', async () => {
      const socket = await open(door, '/live/');
      socket.send('one ', { fin: false });
      socket.ping('between');
      socket.send('two ', { fin: false });
      socket.send('three', { fin: true });
      assert.deepEqual(await next(socket), ['pong', 'between']);
      const [, whole] = await next(socket);
      assert.equal(String(whole), 'one two three');
      socket.close();
      await next(socket);
    });

    test('pings are answered from either side', async () => {
      const socket = await open(door, '/live/ping');
      assert.deepEqual(await next(socket), ['ping', 'are you there']);
      const told = socket.serverHears();
      socket.ping('and you');
      assert.deepEqual(await next(socket), ['pong', 'and you']);
      assert.deepEqual(await told, ['ping', 'and you']);
      socket.close();
      await next(socket);
    });

    test('close codes and reasons pass in both directions', async () => {
      for (const [code, reason] of [
        [1_000, ''],
        [1_001, 'going'],
        [1_011, 'it broke'],
        [3_000, 'ours'],
        [4_999, 'x'.repeat(123)],
      ]) {
        const socket = await open(door, '/live/');
        const told = socket.serverHears();
        socket.close(code, reason);
        assert.deepEqual(await next(socket), ['close', code, reason]);
        assert.deepEqual(await told, ['close', code, reason]);
      }
      const socket = await open(door, '/live/goodbye');
      assert.deepEqual(await next(socket), ['close', 4_321, 'enough']);
    });

    test('a side that is cut off is seen to be by the other', async () => {
      const cut = await open(door, '/live/cut');
      assert.deepEqual(await next(cut), ['close', 1_006, '']);
      const socket = await open(door, '/live/');
      const told = socket.serverHears();
      socket.terminate();
      assert.deepEqual(await told, ['close', 1_006, '']);
    });

    test('messages of 16 MiB come back', async () => {
      const socket = await open(door, '/live/');
      const large = Buffer.alloc(largest);
      for (let at = 0; at < large.length; at += 4) large.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at);
      await echoes(socket, large, true);
      await echoes(socket, 'm'.repeat(largest), false);
      socket.close();
      await next(socket);
    });

    test('permessage-deflate is agreed upon and used', async () => {
      for (const wish of [
        { threshold: 0 },
        { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true },
        { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
      ]) {
        const socket = await open(door, '/live/', { perMessageDeflate: wish });
        assert.match(socket.extensions, /permessage-deflate/);
        for (let round = 0; round < 3; round += 1) {
          await echoes(socket, 'nasi lemak '.repeat(10_000), false);
          await echoes(socket, Buffer.alloc(1 << 20, round), true);
        }
        socket.close();
        await next(socket);
      }
      const plain = await open(door, '/live/');
      assert.equal(plain.extensions, '');
      plain.close();
      await next(plain);
    });

    test('a subprotocol is chosen, and the server hears who asks', async () => {
      const socket = await open(door, '/live/headers', { protocols: ['other', 'chat'] });
      assert.equal(socket.protocol, 'chat');
      const headers = JSON.parse(String((await next(socket))[1]));
      assert.equal(headers['x-forwarded-for'], '127.0.0.1');
      assert.equal(headers['x-forwarded-proto'], door === 'ws' ? 'http' : 'https');
      assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/);
      socket.close();
      await next(socket);
    });

    test('many speak at once, each with itself', async () => {
      const talks = Array.from({ length: 50 }, async (_, number) => {
        const socket = await open(door, '/live/');
        for (let round = 0; round < 20; round += 1) await echoes(socket, `${number} ${round}`, false);
        socket.close();
        await next(socket);
      });
      await Promise.all(talks);
    });
  });
}
