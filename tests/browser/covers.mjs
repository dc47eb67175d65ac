// Every look on a guest's phone: 320 pixels wide, light and dark, right to left, in forced colours, on paper.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';

const looks = [
  'songket', 'vermilion', 'tiles', 'garden', 'lamplight', 'marigold', 'letterpress', 'deco',
  'shore', 'margin', 'ketupat', 'bunting', 'cradle', 'letterhead', 'still', 'plain',
];

let browser;
let kenduri;
let host;
let guest;

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
  host = await visitor(browser, kenduri, { viewport: phone });
  await signIn(host, kenduri);
  guest = await visitor(browser, kenduri);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

test('the wall of looks is fit to be shown', async () => {
  await host.goto('/admin/o/aisyah-daniel/settings/look?lang=en');
  assert.equal(await host.locator('.wall a').count(), looks.length);
  await keep(host, 'looks-wall-360');
  const found = [...(await accessibility(host)), ...(await overflow(host))];
  await host.setViewportSize(desk);
  await keep(host, 'looks-wall-1280');
  assert.deepEqual(found, []);
});

test('a colour is seen where it is chosen', async () => {
  await host.setViewportSize(phone);
  await host.goto('/admin/o/aisyah-daniel/settings/look/garden?lang=en');
  const ground = () => host.locator('.phone .cover:visible').evaluate((cover) => getComputedStyle(cover).backgroundColor);
  assert.equal(await ground(), 'rgb(243, 245, 234)');
  await host.getByText('Rose', { exact: true }).click();
  assert.equal(await ground(), 'rgb(251, 240, 238)');
  await keep(host, 'look-garden-360');
  assert.deepEqual([...(await accessibility(host)), ...(await overflow(host))], []);
});

for (const look of looks) {
  test(`the look ${look}`, async () => {
    await host.goto(`/admin/o/aisyah-daniel/settings/look/${look}?lang=en`);
    await Promise.all([host.waitForNavigation(), host.getByRole('button', { name: 'Use this look' }).click()]);
    const found = [];
    for (const [language, colorScheme, size] of [['ar', 'dark', desk], ['en', 'light', phone]]) {
      await guest.emulateMedia({ colorScheme, forcedColors: 'none', media: 'screen' });
      await guest.setViewportSize(size);
      await guest.goto(`/invite/RAHMA?lang=${language}`);
      found.push(...(await overflow(guest)), ...(await accessibility(guest)));
      await keep(guest, `look-${look}-${language}-${colorScheme}-${size.width}`);
    }
    assert.deepEqual(found, []);
    await guest.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
    assert.equal(await guest.locator('.cover svg:visible').count(), 0, 'drawings have no colours to be drawn in');
    assert.ok(await guest.locator('.cover .names').isVisible());
    await guest.emulateMedia({ forcedColors: 'none', media: 'print' });
    const { color, backgroundColor } = await guest.locator('.cover').evaluate((cover) => {
      const { color, backgroundColor } = getComputedStyle(cover);
      return { color, backgroundColor };
    });
    assert.deepEqual([color, backgroundColor], ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    const sheet = (await guest.pdf({ format: 'A4' })).toString('latin1');
    assert.ok(sheet.match(/\/Type\s*\/Page\b(?!s)/g).length <= 3);
  });
}
