// The shared kitchen: two of each program, on the ports that everybody knows them by and without.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Site, ask, askJson } from './site.mjs';

const patience_ms = 60_000;

// An address of this machine that is this run's own, so that nobody else has its ports.
const own = `127.7.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const [express, flask] = [`${own}:3000`, `${own}:5000`];

const dish = (name) => ({ dish: name, cook: 'Farah', serves: 10, submission_id: randomUUID() });
const served = async (where) => (await ask(where)).headers['x-served-by'];

// Asks until each of `wanted` has answered once.
async function allAnswer(site, where, wanted) {
  const heard = new Set();
  await site.until(`${wanted} answer at ${where}`, async () => {
    heard.add(await served(where));
    return wanted.every((name) => heard.has(name));
  });
}

for (const [what, file, hasFronts] of [
  ['with the ports it always had', 'kenduri.toml', true],
  ['without ports', 'kenduri.sockets.toml', false],
]) {
  describe(`the shared kitchen ${what}`, { timeout: 4 * patience_ms }, () => {
    let site;

    before(async () => {
      site = await Site.run('flask-express', file, (settings) =>
        settings.replace('127.0.0.1:3000', express).replace('127.0.0.1:5000', flask),
      );
    });
    after(() => site?.stop());

    test('pages and the API answer, by both instances of each', async () => {
      for (const path of ['/', '/tambah', '/lauk/1']) {
        const { status, headers } = await ask(site.origin + path);
        assert.deepEqual([status, headers['content-type'].split(';')[0]], [200, 'text/html'], path);
      }
      assert.equal((await ask(`${site.origin}/none.css`)).status, 404);
      await allAnswer(site, `${site.origin}/health`, ['express 0', 'express 1']);
      await allAnswer(site, `${site.origin}/api/health`, ['flask 0', 'flask 1']);
    });

    test('a dish is added once, and found by every instance', async () => {
      const rendang = dish('Rendang');
      const first = await askJson(`${site.origin}/api/dishes`, rendang);
      assert.equal(first.status, 201);
      const again = await askJson(`${site.origin}/api/dishes`, rendang);
      assert.deepEqual(JSON.parse(again.text), JSON.parse(first.text));
      const { items } = JSON.parse((await ask(`${site.origin}/api/dishes`)).text);
      assert.equal(items.filter((item) => item.dish === 'Rendang').length, 1);
    });

    if (hasFronts) {
      test('the ports answer as they did before', async () => {
        const [pages, api] = [`http://${express}`, `http://${flask}`];
        await allAnswer(site, `${pages}/health`, ['express 0', 'express 1']);
        await allAnswer(site, `${api}/api/health`, ['flask 0', 'flask 1']);
        // By Express, which hands it on by itself.
        await allAnswer(site, `${pages}/api/health`, ['flask 0', 'flask 1']);
        assert.equal((await askJson(`${pages}/api/dishes`, dish('Lemang'))).status, 201);
      });
    }

    test('killed, replaced, more and fewer: nobody is refused', async () => {
      let isOver = false;
      const refused = [];
      const asking = ['/health', '/api/health', '/api/dishes'].map(async (path) => {
        for (let count = 0; ; count += 1) {
          const { status, text } = await ask(site.origin + path).catch((cause) => ({ text: String(cause) }));
          if (status !== 200) refused.push([path, status, text]);
          if (isOver) return count;
        }
      });
      for (const service of ['express', 'flask']) {
        await site.say('reload', service);
        await site.say('scale', service, '3');
        assert.equal((await site.instances(service)).length, 3);
        await allAnswer(site, site.origin + (service === 'flask' ? '/api/health' : '/health'), [`${service} 2`]);
        await site.say('scale', service, '2');
      }
      isOver = true;
      const counts = await Promise.all(asking);
      assert.ok(counts.every((count) => count > 10), String(counts));
      assert.deepEqual(refused, []);

      for (const service of ['express', 'flask']) {
        const before = await site.kill(service);
        assert.equal(before.length, 2);
        const path = service === 'flask' ? '/api/health' : '/health';
        // One that was answering when it was killed is cut off.
        await site.until('it answers again', () =>
          ask(site.origin + path).then(
            ({ status }) => status === 200,
            () => false,
          ),
        );
        await site.until('both are back', async () => {
          const now = await site.instances(service);
          return now.length === 2 && now.every(({ state, pid }) => state === 'ready' && !before.includes(pid));
        });
      }
    });

    test('how its processes ended can be read', async () => {
      assert.match(await site.say('describe', 'flask'), /signal 9/);
    });
  });
}
