// Households answer as people do, on a phone, with and without script; the host sees it arrive.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, open, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

let browser;
let kenduri;
let storageState; // of a host who has signed in

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// Opens the invitation as its link does, and goes on to the form.
async function openForm(page, code) {
  await page.goto(`/invite/${code}?lang=en`);
  await page.locator(`a[href*="/invite/${code}/rsvp"]`).first().click();
  await page.locator('form.answer').waitFor();
}

// Presses an answer where a thumb would: on its label.
const choose = (page, group, answer) =>
  group.locator(`label:has(input[value="${answer}"])`).click();

// Every group of radios that is in view, one for each person and event.
async function answerForAll(page, answer) {
  const groups = await page.locator('fieldset.person:not([data-new]) [role=radiogroup]').all();
  for (const group of groups) await choose(page, group, answer);
  return groups.length;
}

const save = (page) => page.locator('.save-bar button').click();

async function sees(page, ...words) {
  await page.waitForURL(/\/confirmation/);
  const text = await page.locator('main').innerText();
  for (const word of words) assert.ok(text.includes(word), `“${word}” is not in:\n${text}`);
}

test('a family answers on a phone, brings a guest, and sees what was kept', async () => {
  const page = await visitor(browser, kenduri);
  await openForm(page, 'RAHMA');
  assert.equal(await answerForAll(page, 'yes'), 12, 'four people, three events');
  await page.getByLabel('A song that gets you dancing?').fill('Getaran Jiwa');

  await page.locator('[data-add] button').click();
  const guest = page.locator('fieldset[data-new]').first();
  assert.ok(await guest.locator('input[name="new.0.name"]').evaluate((field) => field === document.activeElement));
  await page.keyboard.type('Mei Ling');
  await guest.locator('.diets summary').click();
  await guest.locator('label:has(input[name="new.0.diet"][value=nut-allergy])').click();
  await save(page);
  await sees(page, 'Rahman', 'Mei Ling', 'Coming', 'Getaran Jiwa', 'Nut allergy', 'Dewan Seri Melati');

  await page.reload();
  await sees(page, 'Mei Ling');
  await page.goto('/invite/RAHMA/rsvp');
  const saved = await page.locator('form.answer input[type=radio]:checked').evaluateAll((all) => all.map((one) => one.value));
  assert.deepEqual([...new Set(saved)], ['yes']);
});

test('the page of the form says that somebody has it before their eyes', async () => {
  const page = await visitor(browser, kenduri);
  const said = page.waitForRequest((request) => new URL(request.url()).pathname === '/invite/TANWE/rsvp/opened');
  await openForm(page, 'TANWE');
  const answer = await (await said).response();
  assert.equal(answer.status(), 204);
});

test('one press answers for everybody, and another takes it back', async () => {
  const page = await visitor(browser, kenduri);
  await openForm(page, 'TANWE');
  const chosen = () =>
    page.locator('fieldset.person:not([data-new]) input[type=radio]:checked').evaluateAll((all) => all.map((one) => one.value));
  const groups = await page.locator('fieldset.person:not([data-new]) [role=radiogroup]').count();
  const before = await chosen();
  const press = (value) => page.locator(`[name=press][value=${value}]`).click();

  const places = page.locator('[data-places]');
  const free = await places.innerText();
  await page.locator('[data-add] button').click();
  assert.notEqual(await places.innerText(), free, 'a place is taken');
  await page.locator('input[name="new.0.name"]').fill('Lim Ah Kow');

  await press('no');
  assert.deepEqual(await chosen(), Array(groups).fill('no'));
  assert.ok(await page.locator('input[name="new.0.name"]').isDisabled());
  assert.equal(await places.innerText(), free);
  assert.match(await page.locator('.everyone').innerText(), /not coming. Nothing is saved yet/);
  await press('undo');
  assert.deepEqual(await chosen(), before);
  assert.equal(await page.locator('input[name="new.0.name"]').inputValue(), 'Lim Ah Kow');
  await press('yes');
  assert.deepEqual(await chosen(), Array(groups).fill('yes'));
  assert.ok(new URL(page.url()).pathname.endsWith('/rsvp'), 'in place');
});

test('the same works without script', async () => {
  const page = await visitor(browser, kenduri, { javaScriptEnabled: false });
  await openForm(page, 'TANWE');
  await answerForAll(page, 'no');
  const places = page.locator('input[name="new.0.name"]');
  const brings = (await places.count()) > 0;
  if (brings) {
    await places.fill('Lim Ah Kow');
    await page.locator('label:has(input[name="new.0.comes"])').click();
  }
  await save(page);
  await sees(page, 'Not coming', ...(brings ? ['Lim Ah Kow'] : []));
});

test('a code is typed as it is read, and a wrong one is told kindly', async () => {
  const page = await visitor(browser, kenduri);
  await page.goto('/?lang=en');
  await page.locator('input[name=code]').fill('zzzzz');
  await page.locator('form:has(input[name=code]) button').click();
  assert.match(await page.locator('main').innerText(), /do not know this code/i);
  await page.locator('input[name=code]').fill('r a h-m a');
  await page.locator('form:has(input[name=code]) button').click();
  await page.waitForURL(/\/invite\/RAHMA/);
});

test('what was typed survives a closed tab', async () => {
  const page = await visitor(browser, kenduri);
  await openForm(page, 'ROSSI');
  await answerForAll(page, 'undecided');
  await page.waitForFunction(() => JSON.stringify(localStorage).split('undecided').length > 2);
  await page.goto('about:blank');
  await page.goto('/invite/ROSSI/rsvp?lang=en');
  const typed = await page.locator('form.answer input[type=radio]:checked').evaluateAll((all) => all.map((one) => one.value));
  assert.ok(typed.length > 0);
  assert.deepEqual([...new Set(typed)], ['undecided']);
});

test('closed and locked invitations show answers and no controls', async () => {
  const page = await visitor(browser, kenduri);
  for (const code of ['LATE1', 'SHUT1']) {
    await page.goto(`/invite/${code}?lang=en`);
    assert.equal(await page.locator('main input[type=radio]').count(), 0);
    await page.locator('main [role=status]').first().waitFor();
  }
});

test('the host signs in by the link of this start, and sees an answer arrive', async () => {
  const host = await visitor(browser, kenduri, { viewport: desk, locale: 'en-GB' });
  await signIn(host, kenduri);
  storageState = await host.context().storageState();
  await host.goto('/admin/o/aisyah-daniel');
  await host.locator('[data-live][data-state=live]').waitFor();
  const coming = host.locator('#part-figures');
  const before = await coming.innerText();

  const guest = await visitor(browser, kenduri);
  await openForm(guest, 'ROSSI');
  await answerForAll(guest, 'no');
  await save(guest);
  await sees(guest, 'Not coming');

  await host.locator('#part-latest li.fresh', { hasText: 'Rossi' }).waitFor();
  assert.notEqual(await coming.innerText(), before, 'the figures follow without a reload');
});

test('a question that the host asks is in the next form, and its answer in the numbers', async () => {
  const host = await visitor(browser, kenduri, { viewport: desk, locale: 'en-GB', storageState });
  await host.goto('/admin/o/aisyah-daniel/settings/questions/new');
  await host.locator('[name="title.en"]').fill('Which bus do you take?');
  await host.locator('select[name=kind]').selectOption('one_choice');
  await host.locator('summary', { hasText: 'Choices' }).click();
  await host.locator('[name="choices.0.label.en"]').fill('The early one');
  await host.locator('[name="choices.1.label.en"]').fill('The late one');
  await host.locator('main form button').first().click();
  await host.waitForURL(/\?done=created/);

  const guest = await visitor(browser, kenduri);
  await openForm(guest, 'ROSSI');
  await answerForAll(guest, 'yes');
  await guest.getByLabel('Which bus do you take?').first().selectOption({ label: 'The late one' });
  await save(guest);
  await sees(guest, 'Which bus do you take?', 'The late one');

  await host.goto('/admin/o/aisyah-daniel/reports');
  await host.locator('a[href*="answer=question-1%3Achoice-2"]').click();
  await host.waitForURL(/\/guests\?/);
  assert.match(await host.locator('main').innerText(), /Marco Rossi/);
});
