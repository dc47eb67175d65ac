// Every page, at two widths, light and dark, in every language it is promised in: what a program can
// see of how pages look. With KENDURI_TEST_LOOKS=all, pictures of all of them are in target/screenshots, for people
// to look at.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';
import { pages } from './walk.mjs';

const guests = ['en', 'ms', 'it', 'zh-Hans', 'ar'];
const hosts = ['en', 'ms'];
const thorough = ['en', 'ar'];
const strangers = ['/', '/o/aisyah-daniel', '/o/aisyah-daniel/rsvp', '/invite/ZZZZZ', '/nowhere', '/problems', '/api/docs', '/login', '/mailbox'];
const codes = ['RAHMA', 'ROSSI', 'TANWE', 'LATE1', 'SHUT1'];
const budget = 40 * 1024;
// `cargo xtask test --long` looks at everything, and keeps pictures.
const everything = Boolean(process.env.KENDURI_TEST_LOOKS);

let browser;
let kenduri;
let storageState; // of a host who has signed in
const lookedAt = new Set();

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

// Looks at every page once in this dress; all complaints together.
async function look(paths, { language, scheme, size, storageState }, prefix = '') {
  const page = await visitor(browser, kenduri, { viewport: size, colorScheme: scheme, storageState });
  const seen = await traffic(page, kenduri.origin);
  const complaints = [];
  for (const path of paths) {
    const url = new URL(path, kenduri.origin);
    url.searchParams.set('lang', language);
    const answer = await page.goto(url.href);
    const found = seen.complaints.splice(0);
    if (answer.status() >= 500) found.push(`status ${answer.status()}`);
    const colours = thorough.includes(language);
    const text = await answer.text();
    const sight = (colours) => `${scheme} ${size.width} ${colours} ${text}`;
    // A page that is not written in this language is that of another one, to the last byte.
    if (![true, colours].some((colours) => lookedAt.has(sight(colours)))) {
      lookedAt.add(sight(colours));
      found.push(...(await accessibility(page, colours)));
      if (size === phone) found.push(...(await overflow(page)));
      if (everything) {
        const name = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id').replace(/[^\w-]+/g, '_');
        await keep(page, `${prefix}${name}-${language}-${scheme}-${size.width}`);
      }
    }
    complaints.push(...found.map((complaint) => `${path}: ${complaint}`));
  }
  await page.context().close();
  return complaints;
}

// Each width and each scheme once, for layouts do not depend on the scheme, and colours not on the
// width. Contrasts are measured in one language of each direction; all but English are looked at where a
// long word does not fit, on a phone.
const dresses = (languages) =>
  languages.flatMap((language) => [
    { language, scheme: 'light', size: phone },
    ...(language === 'en' || everything ? [{ language, scheme: 'dark', size: desk }] : []),
  ]);

const called = ({ language, scheme, size }) => `${language}, ${scheme}, ${size.width} pixels`;

describe('what guests and strangers see', { concurrency: 2 }, () => {
  let paths;
  before(async () => {
    const page = await visitor(browser, kenduri);
    const starts = [...strangers, ...codes.map((code) => `/invite/${code}`), '/invite/ROSSI/confirmation'];
    paths = await pages(page, starts, /^\/(?!admin|me\/)/);
    await page.context().close();
  });
  for (const dress of dresses(guests)) {
    test(called(dress), async () => assert.deepEqual(await look(paths, dress), []));
  }
});

describe('what hosts see', { concurrency: 2 }, () => {
  let paths;
  before(async () => {
    const page = await visitor(browser, kenduri, { viewport: desk, storageState });
    paths = await pages(page, ['/admin', '/admin/o/aisyah-daniel'], /^\/(admin|me)\b/);
    await page.context().close();
  });
  for (const dress of dresses(hosts)) {
    test(called(dress), async () => assert.deepEqual(await look(paths, { ...dress, storageState }), []));
  }
});

describe('a form that was refused', { concurrency: 2 }, () => {
  for (const dress of dresses(['en', 'ar'])) {
    test(called(dress), async () => {
      const page = await visitor(browser, kenduri, { viewport: dress.size, colorScheme: dress.scheme });
      await page.goto(`/invite/RAHMA/rsvp?lang=${dress.language}`);
      await page.locator('input[name^="name."]').first().evaluate((field) => (field.value = 'x'.repeat(101)));
      await page.locator('.save-bar button').click();
      await page.locator('main [role=alert]').waitFor();
      const found = [...(await accessibility(page)), ...(await overflow(page))];
      await keep(page, `refused-${dress.language}-${dress.scheme}-${dress.size.width}`);
      assert.deepEqual(found, []);
      await page.context().close();
    });
  }
});

// A guest's first view, nothing kept from before.
async function weigh(language) {
  const page = await visitor(browser, kenduri);
  const seen = await traffic(page, kenduri.origin);
  await page.goto(`/invite/RAHMA?lang=${language}`, { waitUntil: 'networkidle' });
  assert.deepEqual(seen.complaints, []);
  assert.ok(seen.bytes() > 0 && seen.bytes() <= budget, `${seen.bytes()} bytes`);
  await page.context().close();
}

describe(`the first page of a guest weighs at most ${budget / 1024} KiB`, () => {
  for (const language of guests) test(language, () => weigh(language));
});

// The heaviest look, and one without a face. The others are in covers.mjs.
for (const theme of ['tiles', 'margin']) {
  describe(`the look ${theme}`, () => {
    before(async () => {
      const host = await visitor(browser, kenduri, { storageState, viewport: desk });
      await host.goto(`/admin/o/aisyah-daniel/settings/look/${theme}?lang=en`);
      await Promise.all([host.waitForNavigation(), host.getByRole('button', { name: 'Use this look' }).click()]);
      await host.context().close();
    });
    const paths = ['/o/aisyah-daniel', '/invite/RAHMA', '/invite/RAHMA/rsvp', '/invite/ROSSI/confirmation', '/invite/LATE1'];
    for (const dress of dresses(['en', 'zh-Hans'])) {
      test(called(dress), async () => assert.deepEqual(await look(paths, dress, `${theme}-`), []));
    }
    test('the weight of its first page', () => weigh('en'));
  });
}
