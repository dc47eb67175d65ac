// A class for several people. A tutor writes hours and offers it; a member books two places; people in Tokyo and New
// York read its dates by their own clocks. A family of three waits for a full date and gets the places that somebody
// gives back. A member cancels too late and asks for the money all the same. Another reports that the tutor did not
// come, and an administrator decides.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone } from './browser.mjs';
import { Kenduri, built } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';
import { dayIn, enter, fill, invite, owner, press, visit } from './people.mjs';

const settings = `[site]
url = "http://localhost"
name = "Jalan Duta Studio"
time_zone = "Asia/Kuala_Lumpur"
languages = ["en", "ms", "ar"]
[listen]
http = ["127.0.0.1:0"]
[accounts]
registration = "invite"
[occasions]
enabled = false
[bookings]
enabled = true
`;

const zone = 'Asia/Kuala_Lumpur';
const title = 'Watercolour for beginners';
const hour = 3_600_000;
const mail = { siti: 'siti@example.my', farah: 'farah@example.my', aina: 'aina@example.my', emi: 'emi@example.jp', rahman: 'rahman@example.my' };

let browser;
let kenduri;
let admin;
let tutor;
let aina;
let emi;
let family; // whose browser runs no scripts
let date; // the path of the date that all want
let people; // the path of its page for the tutor
const bookings = {}; // the paths of each member's booking

before(async () => {
  kenduri = await Kenduri.startWithClock({ 'kenduri.toml': settings });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// The day of the date, three days after the story begins, which is the same in all three zones.
const day = dayIn(zone, Date.now() + 3 * 24 * hour);
const start = new Date(`${day}T20:00:00+08:00`);

// The hour of an instant by the clocks of a zone, as pages say it.
const clock = (timeZone, at) => at.toLocaleTimeString('en-US', { timeZone, hour: 'numeric' }).replace(/\s/, ' ').toLowerCase();

// Keeps pictures of a page on a phone in the dark and on a desk in the light, and fails if axe complains about one of
// them, or something is too wide.
async function look(page, name) {
  const complaints = [];
  for (const [viewport, colorScheme] of [[phone, 'dark'], [desk, 'light']]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await keep(page, `classes-${name}-${viewport.width}`);
    complaints.push(...(await accessibility(page)));
  }
  assert.deepEqual([...complaints, ...(await overflow(page))], [], name);
}

// The mails to somebody whose subject matches, once there is one.
async function mailTo(address, subject) {
  for (const end = Date.now() + 60_000; ; ) {
    const { items } = await (await fetch(`${kenduri.origin}/mailbox/api/messages`)).json();
    const found = items.find((one) => one.to === address && subject.test(one.subject));
    if (found) return found;
    assert.ok(Date.now() < end, `no mail like ${subject} to ${address} among:\n${items.map((one) => `${one.to}: ${one.subject}`).join('\n')}`);
    await new Promise((soon) => setTimeout(soon, 50));
  }
}

async function book(page, seats, names) {
  await page.goto(date);
  await fill(page, { seats: String(seats), names: names.join('\n') });
  // Without a script, the next page says the sum.
  const says = page !== family;
  if (says && seats > 1) await page.getByText(new RegExp(`^${seats} × RM.60\\.00 = RM.${60 * seats}\\.00$`)).waitFor();
  await press(page, says ? new RegExp(`^Go to payment, RM.${60 * seats}\\.00$`) : 'Book');
  await pay(page);
  return new URL(page.url()).pathname;
}

async function pay(page) {
  await press(page, /^Pay RM/);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('It is paid and booked.').waitFor();
}

test('a tutor offers a class, and people abroad read its dates by their own clocks', async () => {
  admin = await owner(browser, kenduri, 'Siti Owner', mail.siti);
  tutor = await invite(browser, admin, 'Farah Ali', mail.farah, { viewport: desk });
  await admin.goto('/admin/people');
  await admin.locator('main').getByRole('link', { name: 'Farah Ali' }).first().click();
  await admin.locator('[name=duties][value=provider]').check();
  await admin.locator('button[value=duties]').click();
  await admin.getByRole('status').waitFor();

  await tutor.goto('/me/hours/new');
  await fill(tutor, { name: 'Evenings' });
  for (const row of await tutor.locator('.hours > li').all()) {
    await row.locator('[name$=".opens"]').first().fill('20:00');
    await row.locator('[name$=".closes"]').first().fill('21:30');
  }
  await press(tutor, 'Save');
  await tutor.getByRole('status').waitFor();
  await tutor.getByRole('link', { name: 'Offer a session' }).click();
  await fill(tutor, {
    title,
    public_note: 'Bring nothing but an old shirt.',
    location: 'https://meet.jit.si/Watercolour',
    'lengths.0.minutes': '90',
    'lengths.0.price_minor': '60',
    seats: '6',
    party_limit: '4',
  });
  await tutor.locator('[name="lengths.0.minutes.unit"]').selectOption('minutes');
  await press(tutor, 'Save');
  await tutor.getByRole('status').waitFor();

  for (let tries = 0; tries < 100 && !(await tutor.getByText(/0 of 6/).count()); tries += 1) await tutor.goto(`/me/slots?from=${day}`);
  await look(tutor, 'week');

  // Signed out, each reads the same date in the zone of their device.
  for (const [timeZone, city, name] of [['Asia/Tokyo', 'Tokyo', 'tokyo'], ['America/New_York', 'New York', 'new-york']]) {
    const stranger = await visit(browser, { timezoneId: timeZone });
    await stranger.goto('/book');
    await stranger.getByText(`All times are in ${city}`).waitFor();
    await look(stranger, `calendar-${name}`);
    await stranger.goto(`/book?from=${day}&tz=${timeZone}`);
    const first = stranger.locator('.times a').first();
    assert.match(await first.innerText(), new RegExp(`^${clock(timeZone, start)}\n`));
    await first.click();
    await stranger.locator('.facts dd', { hasText: `, ${city} (UTC` }).first().waitFor();
    await look(stranger, `date-${name}`);
    date = new URL(stranger.url()).pathname;
    await stranger.context().close();
  }
});

test('the pages of a class are read without scripts, and in Arabic', async () => {
  const scriptless = await visit(browser, { timezoneId: 'Asia/Tokyo', javaScriptEnabled: false });
  await scriptless.goto('/book');
  await scriptless.getByText('All times are in Kuala Lumpur (UTC+8).').waitFor();
  // Of this month perhaps nothing is left.
  await scriptless.getByRole('link', { name: /^Later: / }).click();
  await scriptless.getByRole('link', { name: /: 1 date$/ }).first().click();
  await scriptless.locator('.starts a').first().click();
  await scriptless.getByText('8:00–9:30 pm, Kuala Lumpur (UTC+8)').waitFor();
  await scriptless.context().close();
  const arab = await visit(browser, { locale: 'ar' });
  for (const [path, name] of [['/book', 'calendar'], [`/book?from=${day}`, 'list']]) {
    await arab.goto(path);
    assert.equal(await arab.locator('html').getAttribute('dir'), 'rtl');
    await look(arab, `${name}-ar`);
  }
  await arab.context().close();
});

test('a member books two places with names, and another the rest', async () => {
  aina = await invite(browser, admin, 'Aina Yusof', mail.aina);
  await aina.goto(date);
  await look(aina, 'date-member');
  bookings.aina = await book(aina, 2, ['Aina Yusof', 'Nora Yusof']);
  await aina.getByText('Nora Yusof').first().waitFor();
  await look(aina, 'booked');
  emi = await invite(browser, admin, 'Emi Sato', mail.emi, { timezoneId: 'Asia/Tokyo' });
  bookings.emi = await book(emi, 4, ['Emi', 'Ken', 'Mika', 'Taro']);
  people = date.replace('/book/', '/me/slots/');
  await tutor.goto(people);
  await tutor.getByText('6 of 6 places taken').first().waitFor();
});

// Looks at the page of the family, whose browser runs no scripts, in one that does.
async function lookAtFamily(name, options) {
  const page = await visit(browser, { storageState: await family.context().storageState(), ...options });
  await page.goto(family.url());
  await look(page, name);
  await page.context().close();
}

test('a family of three waits for a full date, and takes the places that somebody gives back', async () => {
  family = await invite(browser, admin, 'Rahman Ali', mail.rahman, { javaScriptEnabled: false });
  await family.goto(date);
  await family.getByText('This class is full.').waitFor();
  await lookAtFamily('full');
  await lookAtFamily('full-ar', { locale: 'ar' });
  await family.locator('[name=waiting_seats]').selectOption('3');
  await press(family, 'Join the waiting list');
  await family.getByText('You are on the waiting list.').waitFor();
  await family.getByText('You wait for 3 places.').waitFor();
  await lookAtFamily('waiting');
  await tutor.reload();
  await tutor.getByText('3 places, since').waitFor();
  await look(tutor, 'people-waiting');

  await emi.goto(bookings.emi);
  for (const name of ['Ken', 'Mika', 'Taro']) await emi.getByRole('checkbox', { name }).check();
  await press(emi, 'Give these places back…');
  await emi.getByText(/RM.180\.00/).first().waitFor();
  await press(emi, 'Give the places back');
  await emi.getByText('The places are given back.').waitFor();
  await look(emi, 'given-back');

  const asked = await mailTo(mail.rahman, /^Kept for you/);
  assert.ok(asked.text.includes(date), asked.text);
  await family.goto('/me/bookings');
  await family.getByText(/3 places are kept for you until/).waitFor();
  await lookAtFamily('asked');
  await family.goto(date);
  await family.getByRole('heading', { name: 'Kept for you' }).waitFor();
  await lookAtFamily('kept');
  await lookAtFamily('kept-ar', { locale: 'ar' });
  bookings.family = await book(family, 3, ['Rahman', 'Sofea', 'Adam']);
  await tutor.goto(people);
  await tutor.getByText('6 of 6 places taken').first().waitFor();
  await tutor.getByText('Sofea').waitFor();
  await fill(tutor, { text: 'Please bring an old shirt.' });
  await press(tutor, 'Send it to 3 people');
  await tutor.getByText('Sent.').waitFor();
  await look(tutor, 'people-again');
  assert.match((await mailTo(mail.rahman, /a message from Farah Ali$/)).text, /Please bring an old shirt\./);
});

test('a member cancels too late, asks for the money all the same, and is answered', async () => {
  kenduri.advanceTo(new Date(start - 20 * hour));
  await enter(aina, bookings.aina, mail.aina);
  await aina.getByText('It is too late for a refund. You can still cancel.').waitFor();
  await look(aina, 'too-late');
  await press(aina, 'Cancel this booking…');
  await aina.getByText('Nothing is paid back.').first().waitFor();
  await look(aina, 'cancel-late');
  await press(aina, 'Cancel the booking');
  await aina.getByText('It is cancelled.').waitFor();
  await look(aina, 'cancelled-late');
  assert.match((await mailTo(mail.farah, /^Cancelled/)).text, /Aina Yusof/);

  await aina.locator('main a[href^="/pay/"]').last().click();
  await fill(aina, { text: 'My daughter has a fever.' });
  await look(aina, 'refund-ask');
  await press(aina, 'Ask for the money');
  await aina.getByText('You asked for your money').waitFor();

  await enter(admin, '/admin/refunds', mail.siti);
  await look(admin, 'refunds');
  await admin.locator('form', { hasText: 'My daughter has a fever.' }).locator('[name=reason]').fill('Get well soon, Nora.');
  await admin.getByRole('button', { name: 'Pay it back', exact: true }).click();
  await admin.getByText('Answered. The payer gets an email.').waitFor();
  assert.match((await mailTo(mail.aina, /^Your money comes back/)).text, /RM.120\.00 goes back to you:[^]*Get well soon, Nora\./);
  await aina.reload();
  await aina.getByText('goes back to you').waitFor();
});

test('a member reports that the tutor did not come, the tutor answers, and an administrator decides', async () => {
  kenduri.advanceTo(new Date(start.getTime() + hour / 4));
  await enter(emi, bookings.emi, mail.emi);
  await fill(emi, { note: 'I waited in the call for a quarter of an hour.' });
  await look(emi, 'claim-new');
  await press(emi, 'Report that Farah Ali did not come…');
  await press(emi, 'Send the report');
  await emi.getByText('You say that the provider did not come.').waitFor();
  await look(emi, 'claim-made');

  assert.match((await mailTo(mail.farah, /^Please answer: did you come/)).text, /I waited in the call/);
  await enter(tutor, bookings.emi, mail.farah);
  await look(tutor, 'claim-asked');
  await tutor.getByRole('radio', { name: 'It took place' }).check();
  await fill(tutor, { answer: 'The link had changed, and I wrote to everybody.' });
  await press(tutor, 'Send the answer');
  await tutor.getByText('An administrator reads both sides and decides.').waitFor();

  await enter(admin, '/admin/sessions/claims', mail.siti);
  await look(admin, 'claims');
  await admin.locator('.rows a', { hasText: title }).click();
  await look(admin, 'claim-decide');
  await admin.getByRole('radio', { name: 'The provider did not come' }).check();
  await admin.locator('[action$="/claim/decide"] [name=reason]').fill('Nobody opened the call.');
  await press(admin, 'Decide');
  await admin.getByText('Decide so?').first().waitFor();
  await look(admin, 'claim-decide-question');
  await press(admin, 'Decide');
  await admin.getByText('An administrator has decided: the provider did not come.').waitFor();
  await look(admin, 'claim-decided');
  for (const to of [mail.farah, mail.emi]) assert.match((await mailTo(to, /^It is settled/)).text, /Nobody opened the call\./);
  await emi.reload();
  await emi.getByText('An administrator has decided: the provider did not come.').waitFor();
  await look(emi, 'claim-settled');
  // The fourth place was all that was left to pay back, which happens in the background.
  await emi.locator('main a[href^="/pay/"]').click();
  for (let tries = 0; tries < 100 && !(await emi.getByText('Your money was paid back.').count()); tries += 1) await emi.reload();
  await emi.getByText('Your money was paid back.').waitFor();
  await look(emi, 'claim-paid-back');
});

test('all books agree', () => {
  const data = `${kenduri.data}/data`;
  const said = execFileSync(built, ['verify', 'bookings', '--data', data, '--config', `${data}/kenduri.toml`]);
  assert.match(String(said), /agree/);
});
