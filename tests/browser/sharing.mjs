// A host on a phone sends invitations one after the other, and prints their codes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { desk, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const home = '/admin/o/aisyah-daniel';
const scanner = readFileSync(createRequire(import.meta.url).resolve('jsqr'), 'utf8');
let browser;
let kenduri;
let storageState;

// Nothing outside is asked: WhatsApp is not found. Requests are not held up, because a browser that has them held
// up sends none that outlive their page.

before(async () => {
  [browser, kenduri] = await Promise.all([open('--disable-quic', '--host-resolver-rules=MAP wa.me 127.0.0.1:9'), Kenduri.start()]);
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

test('three households are sent one after the other, and one is taken back', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  await page.goto(`${home}/invites?lang=en`);
  await page.locator('.head a', { hasText: 'Send invitations' }).click();
  const names = [];
  for (let turn = 0; turn < 3; turn++) {
    await page.locator('a[data-sends]').first().waitFor();
    const name = await page.locator('h1').innerText();
    const code = await page.locator('.figure.code').innerText();
    names.push(name);
    const way = page.locator('a[data-sends]', { hasText: 'WhatsApp' });
    const told = decodeURIComponent(await way.getAttribute('href'));
    assert.ok(told.startsWith('https://wa.me/') && told.includes(`/invite/${code}?k=`), told);
    await way.click();
    await page.locator('.banner.ok', { hasText: name }).waitFor();
    await page.waitForFunction((name) => document.querySelector('h1').textContent.trim() !== name, name);
  }
  assert.equal(new Set(names).size, 3);
  await page.locator('.banner.ok button').click();
  await page.waitForFunction((name) => document.querySelector('h1').textContent.trim() === name, names[2]);
  assert.ok(await page.locator('button[name=sent][value="1"]').isVisible(), 'it can be sent again');
  await page.context().close();
});

// What a scanner reads in a picture of an element.
async function scan(page, element) {
  const png = (await element.screenshot()).toString('base64');
  return page.evaluate(async (png) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
    canvas.drawImage(picture, 0, 0);
    const { data, width, height } = canvas.getImageData(0, 0, picture.width, picture.height);
    return globalThis.jsQR(data, width, height)?.data;
  }, png);
}

for (const [sheet, fits] of [['cards', 10], ['labels', 24]]) {
  test(`the codes on printed ${sheet} are read back, and the sheets are A4`, async () => {
    const page = await visitor(browser, kenduri, { viewport: desk, storageState, deviceScaleFactor: 2 });
    await page.goto(`${home}/print/${sheet}?lang=en`);
    const pieces = await page.locator('.piece').count();
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    assert.equal(pdf.match(/\/Type\s*\/Page\b/g).length, Math.ceil(pieces / fits));
    const [, width, height] = pdf.match(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/).map(Number);
    assert.ok(Math.abs(width - 595) < 2 && Math.abs(height - 842) < 2, `${width} × ${height}`);
    await page.emulateMedia({ media: 'print' });
    assert.ok(!(await page.locator('.unprinted').first().isVisible()));
    const reader = await browser.newPage();
    await reader.addScriptTag({ content: scanner });
    for (const piece of await page.locator('.piece').all()) {
      const code = await piece.locator('.code').innerText();
      const read = await scan(reader, piece.locator('.qr'));
      assert.ok(read?.startsWith(`${kenduri.origin}/invite/${code}?k=`), `${code}: ${read}`);
    }
    await reader.close();
    await page.context().close();
  });
}
