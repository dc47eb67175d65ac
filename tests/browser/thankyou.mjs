// From spreadsheet to thank-you: two hosts, one of whom begins with a spreadsheet, and an observer. Twenty households in
// four languages are imported, invited by mail and by message, answer on phones, are reminded by rule, meet a passed
// deadline, reserve a gift, and are thanked. The weeks between are moved on by the clock, so nobody waits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const home = '/admin/o/aisyah-daniel';
const password = 'sebuah pantun yang lama';
const languages = ['en', 'ms', 'it', 'zh-Hans'];
// How each language says that a household comes.
const comes = { en: 'Coming', ms: 'Akan hadir', it: 'ci saranno', 'zh-Hans': '出席' };
const families = [
  ['Halim', 'ms'], ['Baker', 'en'], ['Bianchi', 'it'], ['陈美玲', 'zh-Hans'], ['Salleh', 'ms'],
  ['Cooper', 'en'], ['Esposito', 'it'], ['李伟', 'zh-Hans'], ['Yusof', 'ms'], ['Dawson', 'en'],
  ['Ferrari', 'it'], ['王芳', 'zh-Hans'], ['Zainal', 'ms'], ['Evans', 'en'], ['Greco', 'it'],
  ['张敏', 'zh-Hans'], ['Osman', 'ms'], ['Foster', 'en'], ['Leone', 'it'], ['刘洋', 'zh-Hans'],
].map(([name, language], index) => ({
  name,
  language,
  household: `Sheet ${String(index + 1).padStart(2, '0')} ${name}`,
  // The last five have no mail address and are invited by message.
  email: index < 15 ? `sheet${index + 1}@example.com` : '',
  phone: `+6012345${String(6700 + index)}`,
}));
const byMail = families.filter((one) => one.email);
const byMessage = families.filter((one) => !one.email);
const spreadsheet = [
  'Household,Guest name,Language,Email,Phone,Tags',
  ...families.flatMap((one) =>
    [1, 2].map((n) => [one.household, `${one.name} ${n}`, one.language, one.email, one.phone, 'Spreadsheet'].join(',')),
  ),
].join('\n');

let browser;
let kenduri;
let owner;
let partner;
let observer;

before(async () => {
  [browser, kenduri] = await Promise.all([
    open('--disable-quic', '--host-resolver-rules=MAP wa.me 127.0.0.1:9'),
    Kenduri.startWithClock(),
  ]);
  owner = await visitor(browser, kenduri, { viewport: phone, locale: 'en-GB' });
  await signIn(owner, kenduri);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

const press = (page, locator, url) => Promise.all([page.waitForURL(url), locator.click()]);

// Mails, the oldest first, to the households of the spreadsheet.
async function mails() {
  const { items } = await (await fetch(`${kenduri.origin}/mailbox/api/messages`)).json();
  return items.reverse().filter((one) => /^sheet\d+@/.test(one.to));
}

// The mails after the first `count`, when each of these families has one.
async function mailsTo(some, count) {
  for (const end = Date.now() + 30_000; ; await new Promise((soon) => setTimeout(soon, 200))) {
    const found = (await mails()).slice(count);
    const without = some.filter((family) => !found.some((one) => one.to === family.email));
    if (!without.length) return found;
    assert.ok(Date.now() < end, `no mail came to ${without.map((one) => one.household)}`);
  }
}

// A day in Kuala Lumpur, counted from today, at an hour.
function later(days, hour) {
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  return new Date(Date.parse(`${today}T00:00:00+08:00`) + (days * 24 + hour) * 3_600_000);
}

// Somebody joins by a link that the owner makes, with an account of their own.
async function join(role, name) {
  await owner.goto(`${home}/members?lang=en`);
  await owner.locator(`input[name=role][value=${role}]`).check();
  await owner.locator('form[action$="/members/invite"] button').click();
  const link = (await owner.locator('.banner code').innerText()).trim();
  const page = await visitor(browser, kenduri, { viewport: phone, locale: 'en-GB' });
  await page.goto(link);
  await page.locator('[name=name]').fill(name);
  await page.locator('[name=email]').fill(`${name.toLowerCase()}@example.org`);
  await page.locator('[name=password]').fill(password);
  await page.locator('form button.wide').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/join'));
  return page;
}

// Somebody comes back after weeks, in which the session ended.
async function comeBack(page, name) {
  await page.goto('/login?lang=en');
  await page.locator('[name=email]').fill(`${name.toLowerCase()}@example.org`);
  await page.locator('[name=password]').fill(password);
  await page.locator('main form:has([name=password]) button').first().click();
  await page.waitForURL((url) => url.pathname !== '/login');
}

// A household answers for everybody, on a phone.
async function answer(link, value, words) {
  const guest = await visitor(browser, kenduri, { viewport: phone });
  await guest.goto(link);
  const form = guest.locator('a[href*="/rsvp"]').first();
  await form.click();
  await guest.locator('form.answer').waitFor();
  for (const group of await guest.locator('fieldset.person:not([data-new]) [role=radiogroup]').all()) {
    await group.locator(`label:has(input[value=${value}])`).click();
  }
  await press(guest, guest.locator('.save-bar button'), /\/confirmation/);
  const told = await guest.locator('main').innerText();
  if (words) assert.ok(told.includes(words), `“${words}” is not in:\n${told}`);
  return guest;
}

const linkIn = (mail) => mail.links.find((link) => link.includes('/invite/'));

test('a wedding goes from a spreadsheet to thank-yous', { timeout: 180_000 }, async () => {
  partner = await join('occasion_owner', 'Hakim');
  observer = await join('observer', 'Nenek');

  // The spreadsheet: its columns are known, nothing is wrong, and twenty households are made.
  await partner.goto(`${home}/invites?lang=en`);
  await press(partner, partner.locator('.head a[href$="/import"]'), /\/import/);
  await partner.locator('[name=file]').setInputFiles({ name: 'guests.csv', mimeType: 'text/csv', buffer: Buffer.from(spreadsheet) });
  await partner.locator('form[enctype] button').click();
  await partner.locator('select[name=column]').first().waitFor();
  // The list does not say who is invited to what, so nobody is until the host ticks it.
  for (const event of await partner.locator('[name=event]:enabled').all()) await event.check();
  await keep(partner, 'thankyou-columns-360');
  await partner.locator('.save-bar button').click();
  await partner.locator('button[name=go]').waitFor();
  assert.equal(await partner.locator('.tag.error').count(), 0);
  await keep(partner, 'thankyou-check-360');
  await partner.locator('button[name=go]').click();
  const undo = partner.locator('button.danger');
  for (const end = Date.now() + 30_000; !(await undo.count()); await partner.reload()) assert.ok(Date.now() < end, 'no import');
  await partner.goto(`${home}/invites?lang=en&tag=Spreadsheet`);
  await partner.locator('td.name a', { hasText: 'Sheet 20' }).waitFor();

  // The observer sees the households, and has nothing to change them with.
  await observer.goto(`${home}/invites?lang=en&tag=Spreadsheet`);
  assert.equal(await observer.locator('td.name a').count(), families.length);
  for (const path of ['/import', '/mail', '/invites/new', '/settings/reminders']) {
    assert.equal(await observer.locator(`main a[href$="${path}"]`).count(), 0, path);
    const refused = await observer.request.get(`${home}${path}`);
    assert.ok([403, 404].includes(refused.status()), `${path}: ${refused.status()}`);
  }
  await keep(observer, 'thankyou-observer-360');

  // Invited by mail, each in the language of the household.
  await partner.goto(`${home}/mail/new?lang=en&kind=invitation&tag=Spreadsheet`);
  const send = partner.locator('form[action$="/mail"] button');
  assert.match(await send.innerText(), new RegExp(String(byMail.length)));
  await press(partner, send, /\/mail\/[0-9a-f-]{36}$/);
  await partner.locator('#part-progress > p .tag', { hasText: 'In the mailbox' }).waitFor();
  const invitations = await mailsTo(byMail, 0);
  assert.equal(new Set(invitations.map((one) => one.to)).size, byMail.length);
  assert.equal(new Set(invitations.map((one) => one.subject)).size, languages.length);
  const invitationTo = (family) => invitations.find((one) => one.to === family.email);

  // Invited by message, from the household's page: the demo has a local address, so the page for sending is off.
  await partner.goto(`${home}/send?lang=en`);
  await partner.locator('.banner.error', { hasText: 'only work on this computer' }).waitFor();
  const messages = new Map();
  for (const { household } of byMessage) {
    await partner.goto(`${home}/invites?lang=en&tag=Spreadsheet&sent=no&email=no`);
    await press(partner, partner.locator('main a', { hasText: household }).first(), /\/invites\/[0-9a-f-]{36}/);
    const way = partner.locator('a[data-sends=whatsapp]');
    const message = new URL(await way.getAttribute('href')).searchParams.get('text');
    messages.set(household, message.match(/http\S+\/invite\/\S+/)[0]);
    await way.click();
    await partner.locator('.banner.ok').waitFor();
  }
  assert.deepEqual([...messages.keys()].sort(), byMessage.map((one) => one.household).sort());

  // A wish list, and answers on phones in four languages.
  await partner.goto(`${home}/settings/switches?lang=en`);
  for (const part of ['gifts', 'uploads']) await partner.locator(`[name="switches.${part}"]`).check();
  await press(partner, partner.locator('.save-bar button'), /done=saved/);
  await partner.goto(`${home}/gifts/new?lang=en`);
  await partner.locator('[name="name.en"]').fill('Six tea glasses');
  await partner.locator('main form.stack button').first().click();
  await partner.locator('.banner.ok').waitFor();
  for (const family of byMail.slice(0, 4)) {
    const guest = await answer(linkIn(invitationTo(family)), 'yes', comes[family.language]);
    assert.equal(await guest.locator('html').getAttribute('lang'), family.language);
    await guest.context().close();
  }
  const declined = await answer(linkIn(invitationTo(byMail[4])), 'no');
  await declined.context().close();
  const giver = byMessage[0];
  const guest = await answer(messages.get(giver.household), 'yes', comes[giver.language]);
  await guest.goto(`${new URL(messages.get(giver.household)).pathname}/gifts?lang=en`);
  await guest.locator('.gift', { hasText: 'Six tea glasses' }).locator('button', { hasText: 'I will bring this' }).click();
  await guest.locator('.banner.ok').waitFor();
  await keep(guest, 'thankyou-gift-360');
  await guest.context().close();

  // Reminded by rule, 14 days before the deadline, which is the thirtieth day from now: who owes an answer, and no other.
  await partner.goto(`${home}/settings/reminders/new?lang=en`);
  await partner.locator('[name=days]').fill('14');
  await partner.locator('[name=hour]').fill('10:00');
  if (!(await partner.locator('[name=active]').isChecked())) await partner.locator('[name=active]').check();
  await partner.locator('main form button').first().click();
  await partner.locator('.banner.ok').waitFor();
  const before = (await mails()).length;
  kenduri.advanceTo(later(16, 10.5));
  const owing = byMail.slice(5);
  const reminders = await mailsTo(owing, before);
  for (const family of byMail.slice(0, 5)) {
    const told = reminders.filter((one) => one.to === family.email);
    assert.ok(told.length <= 1, `${family.household} gets the confirmation alone`);
  }
  const late = reminders.find((one) => one.to === owing[1].email);
  await (await answer(linkIn(late), 'yes', comes[owing[1].language])).context().close();

  // The deadline passes: who has answered reads it, and who has not meets a closed form.
  kenduri.advanceTo(later(32, 9));
  const closed = await visitor(browser, kenduri, { viewport: phone });
  await closed.goto(linkIn(invitationTo(owing[2])));
  await closed.locator('main [role=status]').first().waitFor();
  assert.equal(await closed.locator('main input[type=radio]').count(), 0);
  await keep(closed, 'thankyou-closed-360');
  await closed.context().close();

  // Who comes sends a picture.
  const sender = await visitor(browser, kenduri, { viewport: phone });
  await sender.goto(`${new URL(messages.get(giver.household)).pathname}/uploads?lang=en`);
  await sender.locator('[name=caption]').fill('The two of you in the garden');
  const picture = { name: 'IMG_0001.png', mimeType: 'image/png', buffer: await sender.screenshot() };
  await sender.locator('[name=file]').setInputFiles([picture]);
  await sender.locator('main form[enctype] button').click();
  await sender.locator('.banner.ok').waitFor();
  await keep(sender, 'thankyou-picture-360');
  await sender.context().close();

  // After the day both come back. The observer sees who came, and still changes nothing.
  kenduri.advanceTo(later(66, 9));
  await comeBack(observer, 'Nenek');
  await observer.goto(`${home}?lang=en`);
  await observer.locator('#part-figures b').first().waitFor();
  await observer.goto(`${home}/gifts?lang=en`);
  assert.equal(await observer.locator('main form[method=post]').count(), 0);

  // The couple approves the picture, and another household finds it in the gallery.
  await comeBack(partner, 'Hakim');
  await partner.goto(`${home}/uploads?lang=en`);
  await partner.locator('[name=ids]').check();
  await partner.locator('button[value=approve]').click();
  await partner.locator('.banner.ok').waitFor();
  const looker = await visitor(browser, kenduri, { viewport: phone });
  await looker.goto(`${new URL(linkIn(invitationTo(byMail[0]))).pathname}?lang=en`);
  await looker.locator('main a[href*="/gallery"]:not([href*="/gallery/"])').first().click();
  await looker.locator('.gallery', { hasText: 'The two of you in the garden' }).waitFor();
  await looker.locator('.gallery img').evaluate((one) => one.decode());
  await keep(looker, 'thankyou-gallery-360');
  await looker.context().close();

  // Thanked: the gift in the book, and by mail those who came.
  await partner.goto(`${home}/gifts?lang=en`);
  await partner.locator('button', { hasText: 'We have it' }).click();
  await partner.locator('.banner.ok').waitFor();
  await partner.goto(`${home}/gifts/received?lang=en`);
  const row = partner.locator('tr', { hasText: giver.household });
  await row.locator('button', { hasText: 'Tick off' }).click();
  await row.locator('.tag.yes').waitFor();
  await keep(partner, 'thankyou-book-360');
  const count = (await mails()).length;
  await partner.goto(`${home}/mail/new?lang=en&kind=thanks&tag=Spreadsheet`);
  await press(partner, partner.locator('form[action$="/mail"] button'), /\/mail\/[0-9a-f-]{36}$/);
  await partner.setViewportSize(desk);
  await partner.locator('#part-progress > p .tag', { hasText: 'In the mailbox' }).waitFor();
  await keep(partner, 'thankyou-sent-1280');
  const thanked = (await mailsTo(byMail, count)).map((one) => one.to);
  assert.deepEqual(thanked.sort(), byMail.map((one) => one.email).sort());
});
