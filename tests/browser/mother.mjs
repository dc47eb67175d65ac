// The mother of the bride, on her telephone: her errands, each from the home of the occasion, by the words of the
// menu alone. What an errand may take stands beside it, in presses (typing is none).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { look } from './looking.mjs';

const home = '/admin/o/aisyah-daniel';
let browser;
let kenduri;
let page;
let presses;

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
  page = await visitor(browser, kenduri, { viewport: phone, locale: 'en-GB' });
  await signIn(page, kenduri);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// Presses what is called so, in the part of the page, and waits for the page that follows.
async function press(name, part = 'body') {
  presses += 1;
  const there = page.locator(part);
  const all = there.getByRole('link', { name }).or(there.getByRole('button', { name })).filter({ visible: true });
  await all.first().click();
  await page.waitForLoadState();
}

const group = (name) => press(name, 'nav.tabs');
const says = (words) => page.getByText(words).first().waitFor();

function errand(what, most, play) {
  test(`${what}: ${most} presses at most`, async () => {
    presses = 0;
    await page.goto(`${home}?lang=en`);
    await play();
    assert.ok(presses <= most, `${presses} presses`);
  });
}

errand('who has not answered', 1, async () => {
  await press(/^Yet to answer/, 'main');
  await says(/Famiglia|Keluarga|family/);
});

errand('answer for a caller', 4, async () => {
  await group('Guests');
  await press(/^Households/, 'main');
  await press(/Rossi/, 'main');
  await page.locator('#part-answers').waitFor();
});

errand('change the photo', 2, async () => {
  await group('Invitation');
  await press(/^Look and photo/, 'main');
  await page.locator('[name=file]').waitFor();
  await look(page, 'photo-360');
});

errand('see the invitation as guests do', 1, async () => {
  await press(/See it as guests do/);
  await page.locator('main').waitFor();
});

errand('tell all where to park', 3, async () => {
  await group('Send');
  await press('Send', 'main');
  await press('Tell everybody something', 'main');
  await page.getByRole('link', { name: 'Write the message' }).waitFor();
});

errand('how many vegetarians', 2, async () => {
  await group('Answers');
  await press(/kitchen/i, 'main');
  await says(/vegetarian/i);
});

errand('print place cards', 3, async () => {
  await group('Send');
  await press(/^Print/, 'main');
  await says(/place cards/i);
});

errand('move an event to another place, and tell whom it concerns', 5, async () => {
  await group('Invitation');
  await press(/^Events/, 'main');
  await press(/Brunch/, 'main');
  await page.locator('[name=venue]').fill('Dewan Baharu');
  await press('Save', 'main');
  await press(/^Tell them/, 'main');
  await says(/people said yes to Brunch as it was/);
  await says('Dewan Baharu');
  await look(page, 'moved-360');
});

errand('switch gifts on', 3, async () => {
  await group('More');
  await press(/^What guests can do/, 'main');
  await page.locator('[name="switches.gifts"]').check();
  await page.locator('.save-bar button').click();
  await page.waitForURL(/done=saved/);
});

errand('give her sister access', 3, async () => {
  await group('More');
  await press(/^Members/, 'main');
  await page.locator('[name=role], a[href$="/members/new"]').first().waitFor();
});

errand('bring her list', 2, async () => {
  await group('Guests');
  await press(/^Import guests/, 'main');
  await page.locator('[type=file]').waitFor();
});
