// npm's socket.io-client through the front door to two servers of Socket.IO: by polling, by websocket,
// and from the one to the other. A server knows only the sessions that it began itself, so each way
// works only if every request of a browser comes to the same one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { Site, ask } from './site.mjs';

const patience_ms = 60_000;
// So many at once that both servers have some.
const guests = 12;
const cookie = 'kenduri-server-node';

let site;

before(async () => {
  site = await Site.run('kadkahwin');
});
after(() => site?.stop());

// A browser of its own: no connection and no cookie is shared.
async function connected(transports, options = {}) {
  const socket = io(site.origin, { transports, forceNew: true, withCredentials: true, ...options });
  const refused = once(socket, 'connect_error').then(([cause]) => {
    throw new Error(`not connected by ${transports}: ${cause.message} ${cause.description ?? ''}`);
  });
  await Promise.race([once(socket, 'connect'), refused]);
  refused.catch(() => {});
  return socket;
}

// What a guest hears of an answer: the event and the acknowledgement say the same.
async function answer(socket, name, more = {}) {
  const heard = once(socket, 'rsvp-status');
  const wish = { submission_id: randomUUID(), name, attending: 'yes', guests: 2, ...more };
  const acknowledged = await socket.timeout(patience_ms).emitWithAck('rsvp', wish);
  assert.deepEqual((await heard)[0], acknowledged);
  return acknowledged;
}

async function kept(name) {
  const [[count]] = await site.read('data/rsvp.db', `SELECT count(*) FROM answer WHERE name LIKE '${name} %'`);
  return count;
}

describe('socket.io-client through the front door', { timeout: 4 * patience_ms }, () => {
  test('sessions are shared out between two servers', async () => {
    const servers = new Set();
    for (let guest = 0; guest < guests; guest += 1) {
      const { status, headers } = await ask(`${site.origin}/socket.io/?EIO=4&transport=polling`);
      assert.equal(status, 200);
      const [named] = headers['set-cookie'].filter((line) => line.startsWith(`${cookie}=`));
      servers.add(named.split(';')[0]);
    }
    assert.equal(servers.size, 2);
  });

  for (const [way, transports] of [
    ['polling', ['polling']],
    ['websocket', ['websocket']],
  ]) {
    test(`answers arrive by ${way}`, async () => {
      const answers = Array.from({ length: guests }, async (_, guest) => {
        const socket = await connected(transports);
        for (let round = 0; round < 3; round += 1) {
          const status = await answer(socket, `${way} ${guest} ${round}`);
          assert.deepEqual([status.ok, status.status, status.guests], [true, 'ok', 2]);
          assert.equal(socket.io.engine.transport.name, way);
        }
        socket.close();
      });
      await Promise.all(answers);
      assert.equal(await kept(way), 3 * guests);
    });
  }

  test('a session that began by polling goes on by websocket', async () => {
    const answers = Array.from({ length: guests }, async (_, guest) => {
      const socket = await connected(['polling', 'websocket']);
      if (socket.io.engine.transport.name !== 'websocket') await once(socket.io.engine, 'upgrade');
      const { id } = socket;
      assert.equal(socket.io.engine.transport.name, 'websocket');
      const status = await answer(socket, `upgrade ${guest}`);
      assert.equal(status.ok, true);
      assert.equal(socket.id, id);
      socket.close();
    });
    await Promise.all(answers);
    assert.equal(await kept('upgrade'), guests);
  });

  test('a message of the largest size arrives whole', async () => {
    for (const transports of [['polling'], ['websocket']]) {
      const socket = await connected(transports);
      // More than a socket buffer of the kernel passes at once, less than the site takes (64 KiB).
      const status = await answer(socket, `large ${transports}`, { rest: 'x'.repeat(60_000) });
      assert.equal(status.status, 'ok', JSON.stringify(status));
      socket.close();
    }
  });

  for (const transports of [['polling'], ['websocket']]) {
    test(`a ${transports} session comes back when its server is killed or replaced`, async (comes) => {
      const socket = await connected(transports, { reconnectionDelay: 50, reconnectionDelayMax: 500 });
      // It would try for ever, whatever becomes of the test.
      comes.after(() => socket.close());
      for (const change of [() => site.kill('node'), () => site.say('reload', 'node')]) {
        const { id } = socket;
        await change();
        await site.until('the session is another', () => socket.connected && socket.id !== id);
        // Whoever is cut off again meanwhile says it once more, as the page does.
        const isAnswered = () => answer(socket, `again ${id}`).then(({ ok }) => ok, () => false);
        await site.until('it is answered again', isAnswered);
      }
    });
  }
});
