// Somebody counts days: makes a countdown, sends it on, resets it, and shows its page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';

let browser;
let kenduri;
let storageState; // of an owner who has signed in
let link; // what the owner sends on

before(async () => {
  browser = await open();
  kenduri = await Kenduri.start();
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// A person with a mouse and a keyboard, whose time is counted by the keystroke-level model: 0.28 s a key, 2.65 s
// for each act of pointing and pressing, 4 s to read each page.
class Hand {
  constructor(page) {
    this.page = page;
    this.seconds = 0;
  }

  async press(locator) {
    await locator.click();
    this.seconds += 2.65;
  }

  async leaveBy(locator, address) {
    await Promise.all([this.page.waitForURL(address), this.press(locator)]);
    this.seconds += 4;
  }

  async type(words) {
    await this.page.keyboard.type(words);
    this.seconds += 0.28 * words.length;
  }
}

// From the page that people land on to the link in the clipboard: three acts and the title, two pages, and one
// act to copy; 2.65 × 4 + 0.28 × 13 + 4 × 2 = 22 s. With every field of both kinds in one form, and no link to
// copy, it was 55 s.
test('a countdown is made and its link copied within 30 s', async () => {
  const permissions = ['clipboard-read', 'clipboard-write'];
  const page = await visitor(browser, kenduri, { viewport: desk, storageState, permissions });
  await page.goto('/me?lang=en');
  const hand = new Hand(page);
  await hand.leaveBy(page.locator('main a[href="/me/countdowns/new"]').first(), /\/new$/);
  await keep(page, 'countdown-new-1280');
  await hand.press(page.locator('#title'));
  await hand.type('Without sugar');
  await hand.leaveBy(page.getByRole('button', { name: 'Start counting' }), /done=begun$/);
  await keep(page, 'countdown-made-1280');
  await hand.press(page.locator('.sharing [data-copy]').first());
  link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(hand.seconds <= 30, `${hand.seconds} s`);
  assert.match(await page.locator('.banner.ok').innerText(), /It is counting\. Anybody with the link can see it\./);

  // Resetting takes one press, and its note is there for everybody who is shown it.
  await page.locator('#note').fill('Cake');
  await Promise.all([page.waitForURL(/done=reset$/), page.getByRole('button', { name: 'Reset to now' }).click()]);
  assert.equal(await page.locator('.rows a[href*="/entries/"]').count(), 2);
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], []);
});

test('only what the chosen kind needs is asked, and all of it without a pointer', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  await page.goto('/me/countdowns/new?lang=en');
  const seen = async () => [await page.locator('#since').isVisible(), await page.locator('#target').isVisible()];
  assert.deepEqual(await seen(), [true, false]);
  await keep(page, 'countdown-new-360');
  await page.locator('[name=kind]:checked').focus();
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await seen(), [false, true]);
  await page.locator('summary', { hasText: 'Comes again' }).focus();
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('#repeat').isVisible());
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], []);

  // What is refused stands at its field, which is in sight.
  await page.locator('#title').fill('Our first home');
  await page.getByRole('button', { name: 'Start counting' }).click();
  await page.locator('#target-wrong').waitFor();
  assert.deepEqual(await seen(), [false, true]);
  await page.locator('#target').fill('2099-03-01');
  await Promise.all([page.waitForURL(/done=begun$/), page.getByRole('button', { name: 'Start counting' }).click()]);
  await keep(page, 'countdown-made-360');
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], []);
  const until = await page.locator('#share-url').inputValue();
  await look(until, 'countdown-until');
});

test('the page of a countdown is fit to be shown in every look, light and dark', async () => {
  await look(link, 'countdown-since');
});

// A cache in front of the site would give the page as it was for 90 seconds.
test('who watches a countdown behind a cache sees its reset at once', async () => {
  const watcher = await visitor(browser, kenduri, { viewport: desk });
  const asked = [];
  await watcher.route(/\/u\/aisyah\/without-sugar(\?|$)/, async (route) => {
    const { search } = new URL(route.request().url());
    asked.push(search);
    if (search || asked.length === 1) await route.continue();
    else await route.abort();
  });
  await watcher.goto('/u/aisyah/without-sugar');
  const figure = watcher.locator('.countdown .figure b');
  assert.equal(await figure.innerText(), '47');
  const owner = await visitor(browser, kenduri, { viewport: desk, storageState });
  await owner.goto('/me/countdowns?lang=en');
  await owner.getByRole('link', { name: 'Days without sugar in the coffee' }).click();
  await Promise.all([owner.waitForURL(/done=reset$/), owner.getByRole('button', { name: 'Reset to now' }).click()]);
  await watcher.locator('.countdown .figure b', { hasText: /^0$/ }).waitFor();
  await watcher.waitForURL(/without-sugar$/);
  assert.equal(asked.length, 2);
  assert.match(asked[1], /^\?fresh=\d+$/);
});

// Whether a page is sound on a phone and a screen, in each look and scheme.
async function look(address, name) {
  for (const viewport of [phone, desk]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await visitor(browser, kenduri, { viewport, colorScheme });
      await page.goto(address);
      await page.locator('.countdown .figure').waitFor();
      for (const site of ['paper', 'veranda', 'market']) {
        await page.evaluate((site) => (document.documentElement.className = `site ${site}`), site);
        await keep(page, `${name}-${site}-${viewport.width}-${colorScheme}`);
        const where = `${site} ${viewport.width} ${colorScheme}`;
        assert.deepEqual([where, ...(await accessibility(page)), ...(await overflow(page))], [where]);
      }
      await page.context().close();
    }
  }
}
