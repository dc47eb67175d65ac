// The same wedding card with nothing beside Kenduri: the page does not know the difference.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keep, open, visitor } from '../browser/browser.mjs';
import { fill } from './card.mjs';
import { Site, ask } from './site.mjs';

const patience_ms = 60_000;

let site, browser;

before(async () => {
  const settings = (written) => written;
  // One after the other, so that what was begun is ended if the other one fails.
  browser = await open();
  site = await Site.run('kadkahwin', 'kenduri.alone.toml', settings, ['--demo']);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('the wedding card with Kenduri alone', { timeout: 4 * patience_ms }, () => {
  test('every address answers in its shape', async () => {
    for (const program of ['flask', 'node']) {
      const health = await ask(`${site.origin}/api/${program}/health`);
      assert.deepEqual([health.status, JSON.parse(health.text)], [200, { status: 'ok' }]);
    }
    assert.equal((await ask(`${site.origin}/socket.io/socket.io.js`)).status, 200);
  });

  test('a guest answers, and again after the worker was killed', async () => {
    const page = await visitor(browser, site);
    const problems = [];
    page.on('pageerror', (problem) => problems.push(String(problem)));
    await page.goto('/');
    await page.locator('#line.live').waitFor();
    assert.match(await fill(page, { name: 'Farah binti Rahman', guests: 3 }), /Farah.*3 orang/);
    await keep(page, 'kadkahwin-alone-thanks');
    await page.locator('#change').click();
    assert.equal((await site.kill('kenduri')).length, 1);
    assert.match(await fill(page, { name: 'Farah binti Rahman', guests: 4 }), /Farah.*4 orang/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  test('the form works without scripts, and ends with a code for changes', async () => {
    const page = await visitor(browser, site, { javaScriptEnabled: false });
    await page.goto('/en/');
    await page.locator('#name').fill('Without Scripts');
    await page.locator('.choice.no').click();
    await page.locator('#send').click();
    await page.waitForURL(/\/invite\/[0-9A-Z]+\/confirmation(\?|$)/);
    await page.locator('.code').waitFor();
    await page.context().close();
  });
});
