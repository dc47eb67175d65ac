// A host writes an invitation mail, sees it in two languages, tries it, sends it, and watches, pauses and goes on.
// A guest unsubscribes as mail programs do it, and another one gets the confirmation of an answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';

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
  // The confirmation of this answer leaves two minutes later, for the last test.
  const guest = await visitor(browser, kenduri);
  await guest.goto('/invite/RAHMA/rsvp?lang=ms');
  for (const group of await guest.locator('fieldset.person:not([data-new]) [role=radiogroup]').all()) {
    await group.locator('label:has(input[value=yes])').click();
  }
  await guest.locator('.save-bar button').click();
  await guest.waitForURL(/\/confirmation/);
  await guest.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// What a program can see of the page that is shown, on the phone and on a desk.
async function check(page, name) {
  const complaints = [];
  for (const size of [desk, phone]) {
    await page.setViewportSize(size);
    complaints.push(...(await accessibility(page)).map((one) => `${name} ${size.width}: ${one}`));
    await keep(page, `mail-${name}-${size.width}`);
  }
  complaints.push(...(await overflow(page)).map((one) => `${name}: ${one}`));
  assert.deepEqual(complaints, []);
}

// What axe asks of pages, and not of mails, which mail programs show within pages of their own.
const ofPages = /^axe (landmark-one-main|page-has-heading-one|region):/;

// What a program can see of a mail, at the widths of a phone and of a mail program, in both lights.
async function checkMail(mail, name) {
  const complaints = [];
  const page = await visitor(browser, kenduri);
  const seen = await traffic(page, kenduri.origin);
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 600]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 640 });
      await page.setContent(mail.html);
      const found = [...(await accessibility(page)), ...(await overflow(page))].filter((one) => !ofPages.test(one));
      complaints.push(...found.map((one) => `${name} ${colorScheme} ${width}: ${one}`));
      await keep(page, `mail-${name}-${colorScheme}-${width}`);
    }
  }
  await page.context().close();
  assert.deepEqual([...complaints, ...seen.complaints], []);
}

async function mails(page) {
  const { items } = await (await page.request.get('/mailbox/api/messages')).json();
  return items.reverse();
}

test('an invitation is written, tried, sent, paused and sent to the end', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  const seen = await traffic(page, kenduri.origin);
  await page.goto(`${home}/mail?lang=en`);
  await check(page, 'list');
  await page.locator('a[href$="/mail/texts/invitation"]').click();
  await page.waitForURL(/texts\/invitation/);
  const body = page.locator('[name="body.en"]');
  assert.match(await body.inputValue(), /\{rsvp_link\}/);
  await body.fill('Come and be happy with us, {guests}!\n\n{rsvp_link}\n\nPlease let us know by {rsvp_deadline}.\n{hosts}');
  await check(page, 'text');
  await Promise.all([page.waitForURL(/\/preview$/), page.locator('button[name=preview]').click()]);

  // In two languages, as mail programs show it.
  await page.locator('.chips a[lang=en]').click();
  await page.waitForURL(/language=en/);
  const mail = page.frameLocator('iframe.preview');
  await mail.locator('p', { hasText: 'Come and be happy with us' }).waitFor();
  assert.doesNotMatch(await mail.locator('body').innerText(), /[{}]/);
  await check(page, 'preview');
  await page.locator('.chips a[lang=ar]').click();
  await page.waitForURL(/language=ar/);
  assert.equal(await mail.locator('html').getAttribute('dir'), 'rtl');
  await page.locator('form[action$="/test"] button').click();
  await page.waitForURL(/done=trial/);
  await check(page, 'preview-ar');

  // Who gets it is said before.
  await page.goto(`${home}/mail/new?kind=invitation&tag=Friends`);
  const send = page.locator('form[action$="/mail"] button');
  const many = Number((await send.innerText()).match(/\d+/)[0]);
  assert.ok(many >= 4, `${many} friends`);
  await check(page, 'new');
  await page.locator('[name=per_minute]').selectOption('60');
  await Promise.all([page.waitForURL(/\/mail\/[0-9a-f-]{36}$/), send.click()]);

  // The page follows what happens. The demo has no mail server, so mails stay in its mailbox and none counts as sent.
  const kept = () => page.locator('#part-progress li', { hasText: 'In the mailbox' }).locator('b');
  const number = async () => Number(await kept().innerText());
  await kept().waitFor();
  await Promise.all([page.waitForNavigation(), page.locator('form[action$="/pause"] button').click()]);
  await page.locator('.tag', { hasText: 'Paused' }).waitFor();
  const paused = await number();
  assert.ok(paused < many, `${paused} of ${many}`);
  await check(page, 'paused');
  await Promise.all([page.waitForNavigation(), page.locator('form[action$="/resume"] button').click()]);
  await page.locator('#part-progress > p .tag', { hasText: 'In the mailbox' }).waitFor();
  assert.equal(await number(), many);
  assert.match(await page.locator('#part-progress [role=status]').innerText(), /^0 of /);
  await page.locator('.strip', { hasText: 'no mail server' }).waitFor();
  await check(page, 'sent');
  assert.deepEqual(seen.complaints, []);

  // Each friend got it once, and in the language of the household.
  const [trial, ...sent] = (await mails(page)).filter((one) => !/sign-in/.test(one.subject));
  assert.match(trial.subject, /^\[Test\]/);
  assert.equal(sent.length, many);
  assert.equal(new Set(sent.map((one) => one.to)).size, many);
  const english = sent.find((one) => one.to === 'fernandez@example.com');
  assert.match(english.text, /Come and be happy with us/);
  assert.ok(english.links.some((link) => link.includes('/invite/LATE1?k=')));
  assert.match(sent.find((one) => one.to === 'rossi@example.com').subject, /^Invito/);
  await checkMail(english, 'letter');
});

test('a guest unsubscribes, and the next mail leaves that household out', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  const many = async () => {
    await page.goto(`${home}/mail/new?kind=invitation&tag=Friends&lang=en`);
    return Number((await page.locator('form[action$="/mail"] button').innerText()).match(/\d+/)[0]);
  };
  const before = await many();
  const rossi = (await mails(page)).find((one) => one.to === 'rossi@example.com');
  const link = rossi.links.find((one) => one.includes('/unsubscribe/'));

  // Who only opens the link, as mail scanners do, still gets mail.
  const guest = await visitor(browser, kenduri, { locale: 'it' });
  await guest.goto(link);
  await guest.locator('main form button').waitFor();
  await check(guest, 'unsubscribe');
  assert.equal(await many(), before);

  // A mail program posts what List-Unsubscribe-Post says, without cookies.
  const pressed = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });
  assert.equal(pressed.status, 200);
  assert.equal(await many(), before - 1);
  const unsubscribed = page.locator('.rows li', { hasText: 'unsubscribed' });
  assert.match(await unsubscribed.innerText(), /1/);
  await check(page, 'new-unsubscribed');
  await Promise.all([page.waitForURL(/\/mail\/[0-9a-f-]{36}$/), page.locator('form[action$="/mail"] button').click()]);
  await page.locator('#part-progress > p .tag', { hasText: 'In the mailbox' }).waitFor();
  const again = (await mails(page)).filter((one) => one.to === 'rossi@example.com');
  assert.equal(again.length, 1, 'no second mail');
});

test('a household gets the confirmation of its answer', async () => {
  const page = await visitor(browser, kenduri, { storageState });
  const find = async () => (await mails(page)).find((one) => one.to === 'rahman@example.com' && one.text.includes('Rahman bin Ali'));
  const end = Date.now() + 240_000;
  let mail;
  while (!(mail = await find())) {
    assert.ok(Date.now() < end, 'no confirmation came');
    await new Promise((soon) => setTimeout(soon, 500));
  }
  assert.match(mail.text, /Akan hadir/);
  await checkMail(mail, 'confirmation');
});
