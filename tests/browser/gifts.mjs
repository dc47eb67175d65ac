// A couple on a phone keeps a wish list, households reserve from it, and the couple thanks them. Households send
// pictures, and what the couple approves is a gallery after the day.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { look } from './looking.mjs';

const home = '/admin/o/aisyah-daniel';
let browser;
let kenduri;
let storageState;

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.startWithClock()]);
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

async function add(host, name, fields, shared) {
  await host.goto(`${home}/gifts/new?lang=en`);
  await host.locator('[name="name.en"]').fill(name);
  for (const [field, value] of Object.entries(fields)) await host.locator(`[name="${field}"]`).fill(value);
  if (shared) await host.locator('[name=shared]').check();
  const file = { name: 'gift.png', mimeType: 'image/png', buffer: await host.screenshot() };
  await host.locator('[name=picture]').setInputFiles(file);
  await look(host, 'gift-new-360');
  await host.locator('main form.stack button').first().click();
  await host.locator('.banner.ok').waitFor();
}

test('a gift is wished for, reserved in parts, received and thanked for', async () => {
  const host = await visitor(browser, kenduri, { viewport: phone, storageState });
  await host.goto(`${home}/settings/switches?lang=en`);
  await host.locator('[name="switches.gifts"]').check();
  await host.locator('[name="switches.cash_links"]').check();
  await host.locator('.save-bar button').click();
  await host.waitForURL(/done=saved/);
  await add(host, 'An oven for the new kitchen', { price: '1200', quantity: '12', url: 'https://shop.example/oven' }, true);
  await add(host, 'Six tea glasses', { price: '89.90' }, false);
  await host.goto(`${home}/gifts/cash/new?lang=en`);
  await host.locator('[name=kind][value=bank]').check();
  for (const [field, value] of [
    ['label', 'Honeymoon fund'],
    ['holder', 'Aisyah binti Ahmad'],
    ['account', 'DE89 3704 0044 0532 0130 00'],
    ['reference', 'Wedding'],
  ])
    await host.locator(`[name=${field}]`).fill(value);
  await look(host, 'cash-new-360');
  await host.locator('main form.stack button').first().click();
  await host.locator('.banner.ok').waitFor();
  await look(host, 'cash-360');

  const guest = await visitor(browser, kenduri, { viewport: phone });
  await guest.goto('/invite/RAHMA/gifts?lang=en');
  const oven = guest.locator('.gift', { hasText: 'oven' });
  await oven.locator('[name=quantity]').fill('3');
  await oven.locator('button', { hasText: 'I will bring this' }).click();
  await guest.locator('.banner.ok').waitFor();
  await look(guest, 'gifts-guest-360');
  for (const lang of ['ms', 'it', 'zh-Hans', 'ar']) {
    await guest.goto(`/invite/RAHMA/gifts?lang=${lang}`);
    await look(guest, `gifts-guest-${lang}-360`);
  }
  await guest.setViewportSize(desk);
  await guest.goto('/invite/RAHMA/gifts?lang=en');
  await look(guest, 'gifts-guest-1280');
  await guest.context().close();

  await host.goto(`${home}/gifts?lang=en`);
  await look(host, 'gifts-360');
  await host.setViewportSize(desk);
  await host.goto(`${home}/gifts?lang=en`);
  await look(host, 'gifts-1280');
  await host.locator('button', { hasText: 'We have it' }).click();
  await host.locator('.banner.ok').waitFor();
  await host.goto(`${home}/gifts/received?lang=en`);
  await look(host, 'received-1280');
  await host.locator('button', { hasText: 'Tick off' }).click();
  await host.locator('.tag.yes').waitFor();
  await host.setViewportSize(phone);
  await look(host, 'received-360');
  await host.context().close();
});

test('pictures and a document are sent, approved, and seen in the gallery after the day', async () => {
  const host = await visitor(browser, kenduri, { viewport: phone, storageState });
  await host.goto(`${home}/settings/switches?lang=en`);
  await host.locator('[name="switches.uploads"]').check();
  await host.locator('.save-bar button').click();
  await host.waitForURL(/done=saved/);

  const guest = await visitor(browser, kenduri, { viewport: phone });
  await guest.goto('/invite/RAHMA?lang=en');
  await guest.locator('main a[href*="/uploads"]').first().click();
  await guest.locator('[name=caption]').fill('The first dance');
  const first = { name: 'IMG_0001.png', mimeType: 'image/png', buffer: await guest.screenshot() };
  const document = { name: 'A speech.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\nspeech') };
  await guest.locator('[name=file]').setInputFiles([first, document]);
  await guest.locator('main form[enctype] button').click();
  await guest.locator('.banner.ok').waitFor();
  assert.equal(await guest.locator('.gallery li').count(), 2);
  for (const lang of ['en', 'ms', 'it', 'zh-Hans', 'ar']) {
    await guest.goto(`/invite/RAHMA/uploads?lang=${lang}`);
    await look(guest, `uploads-guest-${lang}-360`);
  }
  await guest.setViewportSize(desk);
  await guest.goto('/invite/RAHMA/uploads?lang=en');
  await look(guest, 'uploads-guest-1280');
  const wrong = { name: 'IMG_0002.heic', mimeType: 'image/heic', buffer: Buffer.from('\0\0\0\x18ftypheic') };
  await guest.locator('[name=file]').setInputFiles([wrong]);
  await guest.locator('main form[enctype] button').click();
  await guest.locator('.field.wrong').waitFor();
  await look(guest, 'uploads-refused-1280');

  await host.goto(`${home}/answers?lang=en`);
  await host.locator(`main a[href^="${home}/uploads"]`).first().click();
  await look(host, 'uploads-360');
  await host.setViewportSize(desk);
  await look(host, 'uploads-1280');
  for (const box of await host.locator('[name=ids]').all()) await box.check();
  await host.locator('button[value=delete]').click();
  await look(host, 'uploads-delete-1280');
  await host.goBack();
  for (const box of await host.locator('[name=ids]').all()) await box.check();
  await host.locator('button[value=approve]').click();
  await host.locator('.banner.ok').waitFor();
  await host.context().close();

  const other = await visitor(browser, kenduri, { viewport: phone });
  assert.equal((await other.goto('/invite/ROSSI/gallery?lang=en')).status(), 404);
  kenduri.advanceTo(new Date(Date.now() + 65 * 24 * 3_600_000));
  await other.goto('/invite/ROSSI?lang=en');
  await other.locator('main a[href*="/gallery"]:not([href*="/gallery/"])').first().click();
  assert.equal(await other.locator('.gallery li').count(), 2);
  await other.locator('.gallery img').evaluate((one) => one.decode());
  await look(other, 'gallery-360');
  await other.setViewportSize(desk);
  await look(other, 'gallery-1280');
  await other.emulateMedia({ colorScheme: 'dark' });
  await look(other, 'gallery-dark-1280');
  const [download] = await Promise.all([
    other.waitForEvent('download'),
    other.locator('.gallery .document').click(),
  ]);
  assert.equal(download.suggestedFilename(), 'A speech.pdf');
  await other.context().close();
  await guest.context().close();
});
