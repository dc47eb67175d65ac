// A couple on a phone keeps a wish list, households reserve from it, and the couple thanks them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';

const home = '/admin/o/aisyah-daniel';
let browser;
let kenduri;
let storageState;

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

async function look(page, name) {
  await keep(page, name);
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], [], name);
}

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
