// The wedding card in a browser: a guest answers, and answers again after everything beside Kenduri
// was killed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keep, open, visitor } from '../browser/browser.mjs';
import { fill } from './card.mjs';
import { Site, ask, askJson } from './site.mjs';

const patience_ms = 60_000;

let site, browser;

before(async () => {
  // One after the other, so that what was begun is ended if the other one fails.
  browser = await open();
  site = await Site.run('kadkahwin');
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

// The kept answers: one row, whatever happened in between.
const answers = () => site.read('data/rsvp.db', 'SELECT name, attending, guests FROM answer ORDER BY name');

describe('the wedding card', { timeout: 4 * patience_ms }, () => {
  test('every address answers in its shape', async () => {
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/en/', 'text/html'],
      ['/card.js', 'text/javascript'],
      ['/majlis.ics', 'text/calendar'],
      ['/socket.io/socket.io.js', 'application/javascript'],
    ]) {
      const { status, headers } = await ask(site.origin + path);
      assert.equal(status, 200, path);
      assert.ok(headers['content-type'].startsWith(type), `${path}: ${headers['content-type']}`);
    }
    for (const program of ['flask', 'node']) {
      const health = await ask(`${site.origin}/api/${program}/health`);
      assert.deepEqual([health.status, JSON.parse(health.text)], [200, { status: 'ok' }]);
      const hello = await ask(`${site.origin}/api/${program}/hello`, { headers: { 'Accept-Language': 'en' } });
      assert.match(JSON.parse(hello.text).message, /Welcome/);
    }
    const unsaid = await askJson(`${site.origin}/api/flask/rsvp`, { name: 'Nobody' });
    assert.equal(unsaid.status, 422);
  });

  test('a guest answers, and again after every program was killed', async () => {
    const page = await visitor(browser, site);
    const problems = [];
    page.on('pageerror', (problem) => problems.push(String(problem)));
    await page.goto('/');
    await page.locator('#line.live').waitFor();
    assert.match(await fill(page, { name: 'Farah binti Rahman', guests: 3 }), /Farah.*3 orang/);
    await keep(page, 'kadkahwin-thanks');
    assert.deepEqual(await answers(), [['Farah binti Rahman', 1, 3]]);

    for (const [program, guests] of [
      ['flask', 4],
      ['node', 5],
    ]) {
      await page.locator('#change').click();
      assert.ok((await site.kill(program)).length > 0);
      assert.match(await fill(page, { name: 'Farah binti Rahman', guests }), new RegExp(`Farah.*${guests} orang`));
      assert.deepEqual(await answers(), [['Farah binti Rahman', 1, guests]]);
    }
    await site.until('all are back', () => site.isReady());
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  test('the form works without scripts', async () => {
    const page = await visitor(browser, site, { javaScriptEnabled: false });
    await page.goto('/en/');
    await page.locator('#name').fill('Without Scripts');
    await page.locator('.choice.no').click();
    await page.locator('#send').click();
    await page.waitForURL(/thank-you/);
    assert.ok((await answers()).some(([name, attending]) => name === 'Without Scripts' && attending === 0));
    await page.context().close();
  });
});
