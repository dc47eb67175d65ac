// A month of a mentoring site. A mentor opens it; three members book with credits and with money; one of them moves,
// one would cancel too late, one disputes a payment. A document is reviewed. The administrator pays the mentor, and in the
// end all books agree.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone } from './browser.mjs';
import { Kenduri, built } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';
import { dayIn, enter, fill, invite, openDraft, owner, press, visit } from './people.mjs';

const settings = `[site]
url = "http://localhost"
name = "Jalan Mentors"
time_zone = "Asia/Kuala_Lumpur"
languages = ["en", "ms", "zh-Hans", "ar"]
home = "bookings"
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
const siti = 'siti@example.my';
const farah = 'farah@example.my';

let browser;
let kenduri;
let admin;
let mentor;
let aina;
let ben;
let chong;

before(async () => {
  kenduri = await Kenduri.startWithClock({ 'kenduri.toml': settings });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

// So many days after the story begins, as a field for days has it.
const begin = Date.now();
const day = (days) => dayIn(zone, begin + days * 86_400_000);

// Keeps pictures of a page on a phone and on a desk, and fails if axe complains or something is too wide.
async function look(page, name) {
  for (const viewport of [phone, desk]) {
    await page.setViewportSize(viewport);
    await keep(page, `mentoring-${name}-${viewport.width}`);
  }
  assert.deepEqual(await accessibility(page), [], name);
  assert.deepEqual(await overflow(page), [], name);
}

// Books the first time of a kind on or after a day, and answers with the page that follows.
async function choose(page, title, days) {
  await page.goto(`/book?from=${day(days)}`);
  await page.locator('.times a', { hasText: title }).first().click();
}

async function pay(page, sum, how) {
  await press(page, `Pay ${sum}`);
  await page.waitForURL('**/pay/test/*');
  await page.getByRole('button', { name: how, exact: true }).click();
}

// Adds a series with each of these times on every day of four weeks.
async function series(page, values, isCredit, name) {
  await page.goto('/me/slots/series');
  for (const weekday of [1, 2, 3, 4, 5, 6, 7]) await page.locator(`[name=weekdays][value="${weekday}"]`).check();
  await fill(page, { first_date: day(2), weeks: '4', minutes: '45', ...values });
  await page.locator('[name=credit_kind]').selectOption(isCredit ? 'session' : '');
  await page.locator('[name=location_kind]').selectOption('room_pool');
  await look(page, `${name}-form`);
  await press(page, 'Count the times');
  await page.getByRole('heading', { name: 'This makes' }).waitFor();
  await look(page, `${name}-counted`);
  await press(page, /^Add \d+ times/);
  await page.getByRole('status').waitFor();
}

test('the administrator sets the site up, and a mentor opens a month', async () => {
  admin = await owner(browser, kenduri, 'Siti Owner', siti);
  await admin.goto('/book');
  await look(admin, 'nothing-free');
  await admin.goto('/book/plans');
  await look(admin, 'no-plans');
  await admin.goto('/admin/sessions/settings');
  await look(admin, 'settings');
  await press(admin, 'Mentoring');
  await admin.getByRole('status').waitFor();
  await admin.goto('/admin/plans');
  await look(admin, 'plans-all');
  // A preset's plans are on sale once somebody has looked at their prices.
  await admin.getByRole('link', { name: '3 sessions' }).first().click();
  await admin.locator('input[type="checkbox"][name="active"]').check();
  await press(admin, 'Save');
  await admin.goto('/admin/plans/new');
  await fill(admin, { name: 'A document read', 'grants.0.quantity': '0', 'grants.1.quantity': '1', months: '2', price_minor: '45.00', description: 'We read your CV and write to you.' });
  await look(admin, 'plan-new');
  await press(admin, 'Save');
  await admin.getByText('A document read').waitFor();
  for (const [name, url] of [['Blue room', 'https://meet.jit.si/BlueRoom'], ['Green room', 'https://meet.jit.si/GreenRoom']]) {
    await admin.goto('/admin/rooms/new');
    await fill(admin, { name, url });
    await press(admin, 'Save');
    await admin.getByText(url).waitFor();
  }

  mentor = await invite(browser, admin, 'Farah Ali', farah);
  await admin.goto('/admin/people');
  await admin.locator('main').getByRole('link', { name: 'Farah Ali' }).first().click();
  await admin.locator('[name=duties][value=provider]').check();
  await admin.locator('button[value=duties]').click();
  await admin.getByRole('status').waitFor();
  await admin.goto('/admin/payouts/providers');
  await look(admin, 'rates');

  await mentor.goto('/me');
  await look(mentor, 'me-mentor-new');
  await mentor.goto('/me/slots');
  await look(mentor, 'week-empty');
  await mentor.goto('/me/slots/profile');
  await fill(mentor, { bio: 'Twelve years in engineering; I have interviewed four hundred people.' });
  await look(mentor, 'profile');
  await mentor.locator('form[action="/me/slots/profile"] button', { hasText: 'Save' }).click();
  await mentor.getByRole('status').waitFor();
  await series(mentor, { title: 'Career talk', times: '09:00, 10:30' }, true, 'series-credit');
  await series(mentor, { title: 'Mock interview', times: '14:00', price: '150' }, false, 'series-money');
  await mentor.goto(`/me/slots?from=${day(3)}`);
  await look(mentor, 'week');
  await mentor.locator('.week .time a').first().click();
  await look(mentor, 'time');

  await admin.goto('/admin/payouts/providers');
  await admin.locator('main').getByRole('link', { name: 'Farah Ali' }).click();
  await fill(admin, { payout_minor: '100.00' });
  await look(admin, 'rate');
  await press(admin, 'Save');
  await admin.getByText('RM 100.00').waitFor();
});

test('one member buys a plan, books with a credit, and moves', async () => {
  aina = await invite(browser, admin, 'Aina Yusof', 'aina@example.my');
  await aina.goto('/me/bookings');
  await look(aina, 'bookings-none');
  await aina.goto('/me/credits');
  await look(aina, 'credits-none');
  await aina.goto('/');
  await look(aina, 'list');
  await choose(aina, 'Career talk', 3);
  await look(aina, 'slot-no-credit');
  await aina.getByRole('link', { name: 'Plans' }).click();
  await look(aina, 'plans');
  await press(aina, 'Buy for RM 270.00');
  await look(aina, 'pay-plan');
  await press(aina, 'Pay RM 270.00');
  await look(aina, 'test-gateway');
  await aina.getByRole('button', { name: 'Pay', exact: true }).click();
  await aina.getByText('Paid. The credits are yours.').waitFor();
  await look(aina, 'credits');
  await choose(aina, 'Career talk', 3);
  await look(aina, 'slot-credit');
  await press(aina, /^Book with 1 credit/);
  await aina.getByText('It is booked.').waitFor();
  await look(aina, 'booked-credit');
  await aina.getByRole('link', { name: 'Move' }).click();
  await look(aina, 'move');
  await aina.getByRole('button', { name: /Move here/ }).nth(2).click();
  await aina.getByText('It is moved.').waitFor();
  await aina.goto('/me/bookings');
  await look(aina, 'bookings');
  await aina.goto('/me');
  await look(aina, 'me-member');
});

test('another pays, and would cancel too late; a third disputes the payment', async () => {
  ben = await invite(browser, admin, 'Ben Tan', 'ben@example.my');
  await choose(ben, 'Mock interview', 3);
  await look(ben, 'slot-money');
  await press(ben, 'Go to payment, RM 150.00');
  await look(ben, 'pay-booking');
  await pay(ben, 'RM 150.00', 'The payment fails');
  await ben.getByText('The payment did not succeed').waitFor();
  await look(ben, 'pay-failed');
  await pay(ben, 'RM 150.00', 'Pay');
  await ben.getByText('It is paid and booked.').waitFor();
  await look(ben, 'booked-money');

  chong = await invite(browser, admin, 'Chong Wei', 'chong@example.my');
  await choose(chong, 'Mock interview', 4);
  await press(chong, 'Go to payment, RM 150.00');
  await pay(chong, 'RM 150.00', 'Pay, and dispute the payment');
  await chong.getByText('It is paid and booked.').waitFor();
  await admin.goto('/me/notices');
  for (let tries = 0; tries < 100 && !(await admin.getByText('disputes the payment').count()); tries += 1) {
    await admin.reload();
  }
  await admin.getByText('disputes the payment').waitFor();
  await look(admin, 'notices');
  await admin.goto('/admin/orders');
  await look(admin, 'orders');

  // The page is opened while there is time, and the button is pressed when there is none.
  const asked = new URL(ben.url()).pathname;
  const deadline = new Date(`${day(2)}T14:00:00+08:00`);
  kenduri.advanceTo(new Date(deadline.getTime() - 60_000));
  await enter(ben, asked, 'ben@example.my');
  kenduri.advanceTo(new Date(deadline.getTime() + 60_000));
  await press(ben, 'Cancel this booking…');
  await ben.getByText('Nothing is paid back.').first().waitFor();
  await look(ben, 'cancel-late');
  await ben.goto(asked);
  await look(ben, 'booking-late');
});

test('a document is submitted, taken and reviewed', async () => {
  await enter(aina, '/me/reviews', 'aina@example.my');
  await look(aina, 'reviews-none');
  await aina.goto('/me/reviews/new');
  await look(aina, 'review-no-credit');
  await aina.goto('/book/plans');
  await press(aina, 'Buy for RM 45.00');
  await pay(aina, 'RM 45.00', 'Pay');
  await aina.getByText('Paid. The credits are yours.').waitFor();
  await look(aina, 'credits-review');
  await aina.goto('/me/reviews/new');
  await fill(aina, { goal: 'A first job as an engineer', focus: 'Is it too long?', note: 'I graduate in June.' });
  const file = (name, text) => ({ name, mimeType: 'application/pdf', buffer: Buffer.from(text) });
  await aina.locator('[name=file]').setInputFiles(file('cv.pdf', 'no document at all'));
  await press(aina, /^Submit with 1 credit/);
  await aina.getByText('The document is not a PDF').first().waitFor();
  await look(aina, 'review-refused');
  await aina.locator('[name=file]').setInputFiles(file('cv.pdf', '%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n'));
  await press(aina, /^Submit with 1 credit/);
  await aina.getByText('The document is submitted.').waitFor();
  await look(aina, 'review-submitted');

  await enter(mentor, '/me/slots/reviews', farah);
  await look(mentor, 'reviews-asked');
  await mentor.getByRole('link', { name: 'A first job as an engineer' }).click();
  await look(mentor, 'review-open');
  await press(mentor, 'Take this review');
  await mentor.getByText('The review is yours.').waitFor();
  await fill(mentor, { score_overall: '72', score_content: '80', score_structure: '65', score_language: '70', strengths: 'Clear aims.', improvements: 'Half as long.', recommendations: 'Begin with the projects.' });
  await look(mentor, 'review-written');
  await press(mentor, 'Send the review');
  await mentor.getByText('The review is sent').waitFor();
  await aina.reload();
  await aina.getByText('Half as long.').waitFor();
  await look(aina, 'review-done');
  await enter(admin, '/admin/sessions/reviews', siti);
  await look(admin, 'reviews-all');
});

test('the administrator pays the mentor and closes the month', async () => {
  const last = new Date(`${day(4)}T15:00:00+08:00`);
  kenduri.advanceTo(last);
  await enter(mentor, '/me/slots/bookings', farah);
  await mentor.getByRole('button', { name: 'It took place' }).first().waitFor();
  await look(mentor, 'sessions-over');
  for (;;) {
    await mentor.goto('/me/slots/bookings');
    const next = mentor.locator('.rows li', { hasText: 'Confirmed' });
    const held = next.getByRole('button', { name: 'It took place' }).first();
    if (!(await held.count())) break;
    await held.click();
    await mentor.getByText('Saved.').waitFor();
  }
  await look(mentor, 'sessions-said');
  await mentor.goto('/me/slots/payouts');
  await fill(mentor, { reference: 'Bank Satu 123-456, Farah Ali' });
  await press(mentor, 'Save');
  await mentor.getByText('It is set.').waitFor();
  await look(mentor, 'payouts-own');

  await enter(admin, '/admin/payouts', siti);
  await look(admin, 'payouts');
  await press(admin, 'Approve the ticked ones');
  await admin.getByRole('status').waitFor();
  await look(admin, 'payouts-approved');
  await admin.goto('/admin/payouts?state=rejected');
  await admin.getByText('the payment is disputed').waitFor();
  await look(admin, 'payouts-disputed');

  kenduri.advanceTo(new Date(last.getTime() + 9 * 86_400_000));
  await enter(admin, '/admin/payouts', siti);
  await openDraft(admin);
  await admin.getByRole('heading', { name: 'Batch of' }).waitFor();
  await look(admin, 'batch');
  await press(admin, 'Approve the batch');
  await admin.getByText('Saved.').waitFor();
  await fill(admin, { reference: 'TRX-11' });
  await press(admin, 'It is sent');
  await admin.getByText('Saved.').waitFor();
  await press(admin, 'The money has arrived');
  await admin.getByText('settled').waitFor();
  await look(admin, 'batch-settled');
  await admin.goto('/admin/payouts?state=paid');
  await look(admin, 'payouts-paid');
  await enter(mentor, '/me/slots/payouts', farah);
  await mentor.getByText('RM 200.00').first().waitFor();
  await look(mentor, 'payouts-mentor-paid');
  await mentor.goto('/me');
  await look(mentor, 'me-mentor');
  await enter(aina, '/me/bookings', 'aina@example.my');
  await look(aina, 'bookings-past');
});

test('the pages can be read in Arabic and Chinese', async () => {
  for (const [language, locale] of [['ar', 'ar'], ['zh', 'zh-CN']]) {
    const stranger = await visit(browser, { locale });
    await stranger.goto('/book');
    assert.equal((await stranger.locator('html').getAttribute('lang')).slice(0, 2), language);
    await look(stranger, `list-${language}`);
    await stranger.locator('.times a').first().click();
    await look(stranger, `slot-${language}`);
    await stranger.goto('/book/plans');
    await look(stranger, `plans-${language}`);
  }
});

test('all books agree', () => {
  const data = `${kenduri.data}/data`;
  const said = execFileSync(built, ['verify', 'bookings', '--data', data, '--config', `${data}/kenduri.toml`]);
  assert.match(String(said), /agree/);
});
