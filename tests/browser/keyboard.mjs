// Ten journeys with a keyboard and nothing else; and every page as those see it who need forced colours,
// or four times the size.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const publicPages = ['/', '/countdowns', '/u/aisyah', '/u/aisyah/the-wedding', '/u/aisyah/without-sugar', '/blog', '/blog/forty-kilos-of-rice', '/notes', '/p/about', '/search?q=rice', '/login', '/nowhere', '/o/aisyah-daniel', '/invite/RAHMA', '/invite/RAHMA/rsvp', '/invite/ROSSI/confirmation'];
const ownPages = ['/me', '/me/countdowns', '/me/countdowns/new', '/me/posts', '/me/posts/new', '/me/profile', '/me/security', '/me/notices', '/admin', '/admin/look', '/admin/people', '/admin/server', '/admin/o/aisyah-daniel', '/admin/o/aisyah-daniel/invitations'];
// More than any page has to stop at.
const most = 300;

let browser;
let kenduri;
let storageState; // of an owner who has signed in

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

const owner = (options = {}) => visitor(browser, kenduri, { viewport: desk, locale: 'en', storageState, ...options });

// What has the focus and how one sees it, or undefined where nothing has it.
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    // A calendar's own button is ringed inside the control, where no script looks.
    const isRingedInside = element.matches('[type=date], [type=time]');
    // The control itself is drawn, or its label, or what stands around it.
    const drawn = [element, ...(element.labels ?? []), element.parentElement, element.nextElementSibling].filter(Boolean);
    const isRinged = isRingedInside || drawn.some((one) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1.5) || boxShadow !== 'none';
    });
    const isInView = drawn.some((one) => {
      const { top, bottom, left, right, width, height } = one.getBoundingClientRect();
      return width > 1 && height > 1 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
    });
    const isOnTop = drawn.some((one) => {
      const { top, bottom, left, right } = one.getBoundingClientRect();
      const middle = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
      const seen = document.elementFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight));
      return one.contains(seen) || seen?.contains(one);
    });
    return { isRinged, isInView: isInView && isOnTop, html: element.outerHTML.slice(0, 160) };
  });

// Goes on to the next stop, and sees where it is.
async function tab(page, key = 'Tab') {
  await page.keyboard.press(key);
  const at = await focused(page);
  if (at) assert.ok(at.isRinged && at.isInView, `nobody sees the focus on ${page.url()}: ${JSON.stringify(at)}`);
  return at;
}

async function tabTo(page, locator) {
  const wanted = locator.first();
  await wanted.waitFor({ state: 'attached' });
  for (let stops = 0; stops < most; stops += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await tab(page);
  }
  assert.fail(`the keyboard never came to ${locator}`);
}

async function press(page, locator, key = 'Enter') {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

async function follow(page, locator, address) {
  await tabTo(page, locator);
  await Promise.all([page.waitForURL(address), page.keyboard.press('Enter')]);
}

async function type(page, locator, words) {
  await tabTo(page, locator);
  await page.keyboard.type(words);
}

const button = (page, name) => page.getByRole('button', { name, exact: true });

test('ten journeys need no pointer', async (journeys) => {
  const page = await owner({ permissions: ['clipboard-read', 'clipboard-write'] });

  await journeys.test('sign in', async () => {
    await page.goto(await kenduri.link(/^\/sign-in\//));
    await follow(page, page.locator('main form button'), /\/me$/);
    storageState = await page.context().storageState();
  });

  await journeys.test('open the menu of a phone, and go somewhere by it', async () => {
    const hand = await owner({ viewport: phone });
    await hand.goto('/me');
    await press(hand, hand.locator('summary', { hasText: 'Menu' }));
    await follow(hand, hand.getByRole('link', { name: 'Countdowns', exact: true }), /\/me\/countdowns$/);
    await hand.context().close();
  });

  await journeys.test('make a countdown', async () => {
    await page.goto('/me');
    await follow(page, page.locator('main a[href="/me/countdowns/new"]'), /\/new$/);
    await type(page, page.locator('#title'), 'Without a pointer');
    await follow(page, button(page, 'Start counting'), /done=begun$/);
  });

  await journeys.test('copy its link', async () => {
    await press(page, page.locator('.sharing [data-copy]'));
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('without-a-pointer'));
  });

  await journeys.test('reset it', async () => {
    await type(page, page.locator('#note'), 'A mouse ran by');
    await follow(page, button(page, 'Reset to now'), /done=reset$/);
  });

  await journeys.test('write a post and publish it', async () => {
    await page.goto('/me/posts');
    await follow(page, page.getByRole('link', { name: 'New article' }), /\/new/);
    await type(page, page.locator('#title'), 'Keys');
    await type(page, page.locator('#body'), 'One hundred and four of them.');
    await follow(page, button(page, 'Publish'), /done=saved$/);
    await page.goto('/blog/keys');
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  });

  await journeys.test('change the look of the site', async () => {
    await page.goto('/admin/look');
    await tabTo(page, page.locator('[name=look]:checked'));
    await tab(page, 'ArrowDown');
    await follow(page, button(page, 'Save'), /done=/);
    await page.goto('/');
    assert.equal(await page.locator('html.veranda').count(), 0);
  });

  await journeys.test('read the notices', async () => {
    await page.goto('/me');
    await follow(page, page.getByRole('link', { name: /^Notices/ }), /\/me\/notices$/);
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  await journeys.test('type a code and answer for a household', async () => {
    const guest = await visitor(browser, kenduri, { locale: 'en' });
    await guest.goto('/');
    await type(guest, guest.locator('[name=code]'), 'tanwe');
    await Promise.all([guest.waitForURL(/\/invite\/TANWE/), guest.keyboard.press('Enter')]);
    await follow(guest, guest.locator('a[href*="/rsvp"]'), /\/rsvp/);
    for (const group of await guest.locator('fieldset.person:not([data-new]) [role=radiogroup]').all()) {
      const checked = group.locator('input:checked');
      await tabTo(guest, (await checked.count()) ? checked : group.locator('input'));
      await guest.keyboard.press('Space');
    }
    await follow(guest, guest.locator('.save-bar button'), /\/confirmation/);
    await guest.context().close();
  });

  await journeys.test('sign out', async () => {
    // Somebody else, so that the owner stays signed in.
    const other = await visitor(browser, kenduri, { viewport: desk, locale: 'en' });
    await other.goto(kenduri.said.join(' ').match(/A member\s+http:\/\/[^/]+(\S+)/)[1]);
    await follow(other, other.locator('main form button'), (url) => url.pathname.startsWith('/me'));
    await follow(other, button(other, 'Sign out'), (url) => !url.pathname.startsWith('/me'));
    await other.context().close();
  });
  await page.context().close();
});

// What is wrong with these pages, each looked at by `complain`.
async function lookAt(paths, options, complain) {
  const page = await owner(options);
  const complaints = [];
  for (const path of paths) {
    // A picture of the page before ends what is emulated.
    await page.emulateMedia({ forcedColors: options.forcedColors ?? 'none' });
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, new URL(path, kenduri.origin).pathname);
    complaints.push(...(await complain(page)).map((one) => `${path}: ${one}`));
    await keep(page, `${options.name}${path.replace(/\W+/g, '_')}`);
  }
  await page.context().close();
  return complaints;
}

// Through the whole page and out of it again.
async function walkThrough(page) {
  const complaints = [];
  for (let stops = 0; stops < most; stops += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (!at) return complaints;
    if (!at.isRinged) complaints.push(`no ring: ${at.html}`);
    if (!at.isInView) complaints.push(`out of sight: ${at.html}`);
  }
  return [...complaints, 'the keyboard does not leave'];
}

// In forced colours backgrounds are gone: a control is known by its edge.
const withoutEdge = (page) =>
  page.evaluate(() => {
    const all = document.querySelectorAll('button, .button, select, textarea, input:not([type=hidden], [type=radio], [type=checkbox], [type=file])');
    return [...all]
      .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 1)
      .filter((one) => {
        const { borderTopStyle, borderTopWidth, textDecorationLine } = getComputedStyle(one);
        return (borderTopStyle === 'none' || parseFloat(borderTopWidth) < 1) && textDecorationLine === 'none';
      })
      .map((one) => `no edge: ${one.outerHTML.slice(0, 160)}`);
  });

// At 400 %: nothing to the side, nothing that stays and covers most of what is left.
async function zoomed(page) {
  const complaints = await page.evaluate(() => {
    const found = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`${scrollWidth} pixels wide`);
    for (const one of document.body.querySelectorAll('*')) {
      const { position, height } = getComputedStyle(one);
      if (['fixed', 'sticky'].includes(position) && one.checkVisibility() && parseFloat(height) > innerHeight / 2) {
        found.push(`covers half of the page: ${one.outerHTML.slice(0, 160)}`);
      }
    }
    return found;
  });
  return [...complaints, ...(await walkThrough(page))];
}

for (const [name, paths, who] of [['public pages', publicPages, false], ['pages of an owner', ownPages, true]]) {
  const signedIn = () => (who ? {} : { storageState: undefined });
  test(`a keyboard goes through ${name} and out again`, async () => {
    assert.deepEqual(await lookAt(paths, { name: 'keyboard', ...signedIn() }, walkThrough), []);
  });

  test(`${name} can be used in forced colours`, async () => {
    const options = { name: 'forced', forcedColors: 'active', ...signedIn() };
    assert.deepEqual(await lookAt(paths, options, withoutEdge), []);
  });

  test(`${name} can be used at 400 %`, async () => {
    const options = { name: 'zoomed', viewport: { width: 320, height: 256 }, ...signedIn() };
    assert.deepEqual(await lookAt(paths, options, zoomed), []);
  });
}
