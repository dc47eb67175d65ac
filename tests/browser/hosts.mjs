// What hosts' pages keep with script: nothing typed is lost, and what matters is in sight.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { box, desk, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { look } from './looking.mjs';

const home = '/admin/o/aisyah-daniel';
let browser;
let kenduri;
let storageState; // of a host who has signed in

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

// A host's page, and the questions it asked before it was left.
async function host(path, size = desk) {
  const page = await visitor(browser, kenduri, { viewport: size, storageState });
  const asked = [];
  page.on('dialog', async (dialog) => {
    asked.push(dialog.type());
    await dialog.dismiss(); // stays
  });
  await page.goto(`${path}?lang=en`);
  return { page, asked };
}

const dialog = (page) => page.waitForEvent('dialog');

test('a host who leaves with unsaved text is asked first, and stays with all of it', async () => {
  const { page, asked } = await host(`${home}/settings/texts`);
  await page.locator('.subtabs a', { hasText: 'English' }).click();
  const farewell = page.locator('[name="farewell.en"]');
  await page.locator('.card', { has: farewell }).locator('summary').click();
  await farewell.fill('Come early');
  assert.equal(await page.locator('.save-bar [role=status]').innerText(), 'Not saved yet');
  const links = page.locator('.subtabs a', { hasText: 'Languages' });
  await Promise.all([dialog(page), links.click({ noWaitAfter: true })]);
  assert.deepEqual(asked, ['beforeunload']);
  assert.equal(await farewell.inputValue(), 'Come early');

  // Saving asks nothing, and opens the page where it was changed.
  await Promise.all([page.waitForURL(/done=saved#farewell\.en$/), page.locator('.save-bar button').first().click()]);
  assert.equal(await page.locator('.save-bar [role=status]').innerText(), 'Saved.');
  assert.equal(await farewell.inputValue(), 'Come early');
  const inSight = await farewell.evaluate((field) => {
    const { top, bottom } = field.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  assert.ok(inSight);

  // What is as it was saved may be left.
  await farewell.fill('Come late');
  await farewell.fill('Come early');
  await Promise.all([page.waitForURL(/settings\/languages/), links.click()]);
  assert.deepEqual(asked, ['beforeunload']);
});

test('a form that is sent beside an unsaved one waits for the host, and can be sent again', async () => {
  const { page, asked } = await host(`${home}/invites`);
  await page.locator('td.name a').first().click();
  await page.locator('#part-answers').waitFor();
  const first = page.locator('#part-answers .options').first();
  await first.locator('label:not(:has(:checked))').first().click();
  const mark = page.locator('form[action$="/sent"] button[name=sent]');
  await Promise.all([dialog(page), mark.click({ noWaitAfter: true })]);
  assert.deepEqual(asked, ['beforeunload']);
  // The answers are saved without a question, and then the other form is sent.
  await page.locator('form[action$="/answers"] .buttons button').click();
  await page.locator('.banner.ok', { hasText: 'Saved.' }).waitFor();
  await mark.click();
  await page.locator('.banner.ok', { hasText: 'Noted.' }).waitFor();
  assert.deepEqual(asked, ['beforeunload']);
});

test('what was refused is still unsaved', async () => {
  const { page, asked } = await host(`${home}/settings/basics`);
  await page.locator('[name=time_zone]').fill('Mars/Olympus');
  await page.locator('.save-bar button').click();
  await page.locator('[role=alert]').waitFor();
  await page.locator('h1').click();
  await Promise.all([dialog(page), page.locator('.subtabs a').last().click({ noWaitAfter: true })]);
  assert.deepEqual(asked, ['beforeunload']);
  assert.equal(await page.locator('[name=time_zone]').inputValue(), 'Mars/Olympus');
});

for (const size of [phone, desk]) {
  test(`four answers stand in even rows at ${size.width} pixels`, async () => {
    const { page } = await host(`${home}/invites`, size);
    await page.locator('td.name a', { hasText: 'Rossi' }).click();
    await page.locator('#part-answers').waitFor();
    const groups = await page.locator('#part-answers .options').evaluateAll((all) =>
      all.map((group) => [...group.children].map((option) => option.getBoundingClientRect().toJSON())),
    );
    const four = groups.filter((options) => options.length === 4);
    assert.ok(four.length > 0);
    for (const options of groups) {
      const tops = options.map(({ top }) => Math.round(top));
      const rows = [...new Set(tops)].map((top) => tops.filter((one) => one === top).length);
      assert.deepEqual(rows, options.length === 4 && size === phone ? [2, 2] : [options.length]);
      const heights = new Set(options.map(({ height }) => Math.round(height)));
      assert.equal(heights.size, 1, 'no answer is higher than the others');
    }
  });
}

test('the way to the code and its link is among the first things on a phone', async () => {
  const { page } = await host(`${home}/invites`, phone);
  await page.locator('td.name a').first().click();
  const { y, height } = await box(page.locator('main .head a[href="#code-card"]'));
  assert.ok(y + height <= phone.height * 1.5, `the link ends at ${y + height}`);
});

test('the navigation stays while a long page is read', async () => {
  const { page } = await host(`${home}/invites`);
  // The menu scrolls by itself where it is higher than the window.
  await page.mouse.move(desk.width / 2, desk.height / 2);
  await page.mouse.wheel(0, 2000);
  await page.waitForFunction(() => scrollY > 800);
  const { y } = await box(page.locator('nav.navigation'));
  assert.ok(y >= 0 && y < desk.height, `it is at ${y}`);
});

test('a household waits for a full event, the checklist says so, and it moves up when there are seats', async () => {
  const { page } = await host(`${home}/settings/switches`, phone);
  await page.locator('[name="switches.waitlist"]').check();
  await page.locator('.save-bar button').click();
  await page.waitForURL(/done=saved/);
  await page.goto(`${home}/settings/events?lang=en`);
  const event = page.locator('tr', { hasText: 'Reception' });
  const taken = Number((await event.innerText()).match(/(\d+) of \d+/)[1]);
  await event.locator('a').first().click();
  const seats = async (n) => {
    await page.locator('[name=capacity]').fill(String(n));
    await page.locator('main form button').first().click();
    await page.locator('.banner.ok').waitFor();
  };
  await seats(taken);

  const guest = await visitor(browser, kenduri, { viewport: phone });
  await guest.goto('/invite/ROSSI/rsvp?lang=en');
  await guest.locator('.tag.wait', { hasText: 'Full: waiting list' }).waitFor();
  await look(guest, 'waiting-form-360');
  for (const group of await guest.locator('fieldset.person:not([data-new]) [role=radiogroup]').all()) {
    await group.locator('label:has(input[value=yes])').click();
  }
  await guest.locator('.save-bar button').click();
  await guest.waitForURL(/\/confirmation/);
  assert.match(await guest.locator('main').innerText(), /You are on the waiting list: Reception\. We will write/);
  await look(guest, 'waiting-guest-360');

  await page.goto(`${home}?lang=en`);
  const all = page.locator('#part-then header a');
  const [count] = (await all.innerText()).match(/\d+/);
  await look(page, 'home-360');
  await all.click();
  assert.ok((await page.locator('main').innerText()).includes(`${count} things`));
  await look(page, 'ready-360');
  await page.setViewportSize(desk);
  await look(page, 'ready-1280');
  const point = page.locator('.points li', { hasText: '1 household is on the waiting list for Reception.' });
  await point.locator('a', { hasText: 'Change the seats' }).click();
  await seats(taken + 1);
  await page.goto(`${home}/ready?lang=en`);
  assert.equal(await point.count(), 0);
  await guest.goto('/invite/ROSSI?lang=en');
  assert.equal(await guest.locator('.tag.wait').count(), 0);
  await guest.context().close();
});
