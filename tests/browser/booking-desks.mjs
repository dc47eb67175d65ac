// What a member, a provider and an administrator come back to: the cards of the first page and the pages behind them,
// from an empty site to one with sessions, credits, requests, receipts and payouts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { look } from './looking.mjs';
import { dayIn, enter, fill, invite, owner, press, visit } from './people.mjs';

const settings = `[site]
url = "http://localhost"
name = "Farah’s corner"
time_zone = "Asia/Kuala_Lumpur"
[listen]
http = ["127.0.0.1:0"]
[accounts]
registration = "invite"
[occasions]
enabled = false
[bookings]
enabled = true
`;
const farah = 'farah@example.my';
const aina = 'aina@example.my';
const zone = 'Asia/Kuala_Lumpur';

let browser;
let kenduri;
let host;
let page;

before(async () => {
  kenduri = await Kenduri.startWithClock({ 'kenduri.toml': settings });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

const day = (days) => dayIn(zone, kenduri.now().getTime() + days * 86_400_000);

async function lookTwice(page, name) {
  for (const viewport of [phone, desk]) {
    await page.setViewportSize(viewport);
    await look(page, `desks-${name}-${viewport.width}`);
  }
}

async function visitTwice(page, path, name) {
  await page.goto(path);
  await lookTwice(page, name);
}

const card = (page, title) => page.locator('section.card', { has: page.getByRole('heading', { name: title }) });

test('an empty site says what to begin with', async () => {
  host = await owner(browser, kenduri, 'Farah Ali', farah);
  await visitTwice(host, '/me', 'me-empty');
  assert.equal(await host.locator('main section.card').count(), 0);
  await host.getByRole('link', { name: 'Times to book' }).waitFor();
  await visitTwice(host, '/admin/sessions', 'sessions-empty');
  await visitTwice(host, '/admin/sessions/figures', 'figures-empty');
  await visitTwice(host, '/admin/orders', 'orders-empty');
  await visitTwice(host, '/admin/payouts', 'payouts-empty');
  await visitTwice(host, '/me/slots/payouts', 'own-payouts-empty');
  await visitTwice(host, '/me/slots', 'week-empty');
  page = await invite(browser, host, 'Aina Yusof', aina);
  await visitTwice(page, '/me', 'member-empty');
  await visitTwice(page, '/me/credits', 'credits-empty');
  await visitTwice(page, '/me/bookings', 'bookings-empty');
});

test('a member sees what is booked and left to spend', async () => {
  await host.goto('/admin/sessions/settings');
  await press(host, 'Mentoring');
  await host.getByRole('status').waitFor();
  await lookTwice(host, 'settings');
  await visitTwice(host, '/admin/sessions/settings/cancelling', 'rules');
  await host.goto('/admin/plans/new');
  await fill(host, { name: 'Five sessions and a review', 'grants.0.quantity': '5', 'grants.1.quantity': '1', months: '3', price_minor: '450.00' });
  await host.locator('main form button').last().click();
  await host.getByText('Five sessions and a review').first().waitFor();
  for (const [title, price, credit] of [
    ['Portrait on the veranda', '180', false],
    ['Mentoring', '', true],
  ]) {
    await host.goto('/me/slots/series');
    for (const weekday of [1, 2, 3, 4, 5, 6, 7]) await host.locator(`[name=weekdays][value="${weekday}"]`).check();
    await fill(host, {
      times: credit ? '09:00, 14:00' : '10:30, 16:00',
      first_date: day(2),
      weeks: '2',
      title,
      minutes: '45',
      price,
      location: 'https://meet.jit.si/Veranda',
      area: 'Jalan Duta',
    });
    if (credit) await host.locator('[name=credit_kind]').selectOption('session');
    await press(host, 'Count the times');
    await host.getByRole('button', { name: /^Add \d+ times$/ }).click();
    await host.getByRole('status').waitFor();
  }
  await visitTwice(host, '/me', 'provider-free');
  await page.goto(`/book?from=${day(2)}`);
  await page.locator('details summary').first().click();
  await lookTwice(page, 'filters-open');
  await fill(page, { max_price: '1' });
  await page.getByRole('button', { name: 'Show' }).click();
  await lookTwice(page, 'filters-used');

  await page.goto('/book/plans');
  await lookTwice(page, 'plans');
  await card(page, 'Five sessions and a review').getByRole('button').click();
  await page.waitForURL('**/pay/*');
  await press(page, /^Pay RM/);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('Paid. The credits are yours.').waitFor();
  await page.goto(`/book?from=${day(3)}`);
  await page.locator('.times a', { hasText: 'Mentoring' }).first().click();
  for (const select of await page.locator('main form select').all()) await select.selectOption({ index: 1 });
  await press(page, /^Book/);
  await page.getByText('It is booked.').waitFor();
  await page.goto(`/book?from=${day(3)}`);
  await page.locator('.times a', { hasText: 'Portrait' }).first().click();
  for (const select of await page.locator('main form select').all()) await select.selectOption({ index: 1 });
  await press(page, /^Go to payment/);
  await press(page, /^Pay RM/);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('It is paid and booked.').waitFor();
  await visitTwice(page, '/me', 'member');
  await card(page, 'My bookings').getByText('4 credits').waitFor();
  await visitTwice(page, '/me/credits', 'credits');
  await visitTwice(page, '/me/orders', 'own-orders');
  await page.locator('a[href*="/receipt"]').first().click();
  await page.getByRole('heading', { name: /^Receipt/ }).waitFor();
  await lookTwice(page, 'receipt');
});

test('a provider sees today, what waits and what is owed, and an administrator what to decide', async () => {
  await host.goto('/admin/payouts/providers');
  await host.locator('main').getByRole('link', { name: 'Farah Ali' }).click();
  await fill(host, { payout_minor: '120.00' });
  await press(host, 'Save');
  await host.getByText('RM 120.00').waitFor();
  await page.goto(`/book?from=${day(3)}`);
  await page.locator('.times a', { hasText: 'Portrait' }).first().click();
  for (const select of await page.locator('main form select').all()) await select.selectOption({ index: 1 });
  await press(page, /^Go to payment/);
  await press(page, /^Pay RM/);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('It is paid and booked.').waitFor();
  const morning = new Date(`${day(3)}T06:00:00+08:00`);
  kenduri.advanceTo(morning);
  await enter(page, '/me', aina);
  await page.goto(`/book?from=${day(5)}`);
  await page.locator('.times a', { hasText: 'Portrait' }).first().click();
  await page.getByRole('link', { name: 'Ask for one of several times' }).click();
  await press(page, 'Send the request');
  await page.getByText('The request is sent.').waitFor();
  await enter(host, '/me', farah);
  await lookTwice(host, 'provider-morning');
  await card(host, 'Calendar').getByText('Requests to you').waitFor();
  kenduri.advanceTo(new Date(morning.getTime() + 15 * 3_600_000));
  await enter(host, '/me', farah);
  for (let tries = 0; tries < 100 && !(await host.getByText('Owed to you').count()); tries += 1) await host.reload();
  await lookTwice(host, 'provider-evening');
  await card(host, 'Waiting for you').getByText(/payouts? to approve/).waitFor();
  await visitTwice(host, '/admin/payouts', 'payouts');
  await visitTwice(host, '/admin/sessions/figures', 'figures');
  await visitTwice(host, '/admin/sessions', 'sessions');
  await visitTwice(host, '/admin/orders', 'orders');
  await visitTwice(host, '/admin/orders/reconcile', 'findings');
  await host.goto(`/me/slots?from=${day(5)}`);
  for (const index of [0, 1]) await host.locator('.week [name=ids]').nth(index).check();
  await press(host, 'Delete…');
  await host.getByRole('heading', { name: 'Delete 2 times?' }).waitFor();
  await lookTwice(host, 'bulk-delete');
});

test('a teacher writes hours and an offer, and a visitor abroad finds the times by their own clock', async () => {
  await enter(host, '/me/hours/new', farah);
  await lookTwice(host, 'hours-new');
  await press(host, 'Save');
  await host.getByRole('status').waitFor();
  await lookTwice(host, 'hours');
  await host.goto('/me/offers/new');
  await fill(host, { title: 'Sketching outdoors', location: 'https://meet.jit.si/Veranda', 'lengths.0.price_minor': '60' });
  await lookTwice(host, 'offer-new');
  await press(host, 'Save');
  await host.getByRole('status').waitFor();
  await lookTwice(host, 'offers');
  await visitTwice(host, '/me/days/new', 'days-new');
  const visitor = await visit(browser, { timezoneId: 'Asia/Tokyo' });
  await visitor.goto(`/book?kind=Sketching+outdoors&from=${day(7)}`);
  await visitor.getByText('Tokyo').first().waitFor();
  // From 9 to 5 in Kuala Lumpur.
  const times = await visitor.locator('.times a').allInnerTexts();
  assert.ok(times.some((time) => time.startsWith('10 am')), times.join());
  await visitor.locator('.times a').first().click();
  await visitor.getByRole('heading', { name: 'Sketching outdoors' }).waitFor();
  await lookTwice(visitor, 'computed-time');
  await visitor.goto('/book');
  await visitor.getByText('All times are in Tokyo (UTC+9), as your device says.').waitFor();
  await lookTwice(visitor, 'sessions');
  await visitor.getByRole('link', { name: 'Sketching outdoors' }).click();
  await visitor.getByRole('table').waitFor();
  await lookTwice(visitor, 'calendar');
  await visitor.context().close();
});

test('a member abroad books from the calendar, by the clock of their own city', async () => {
  const emi = await invite(browser, host, 'Emi Sato', 'emi@example.my', { timezoneId: 'Asia/Tokyo' });
  await emi.goto('/book');
  await emi.getByRole('link', { name: 'Sketching outdoors' }).click();
  await emi.getByRole('link', { name: /^Later: / }).click();
  // The first free day may have begun.
  await emi.getByRole('link', { name: /: \d+ free times?$/ }).nth(1).click();
  await emi.locator('.starts a', { hasText: '10 am' }).click();
  await emi.getByText('10–11 am, Tokyo (UTC+9)').waitFor();
  for (const select of await emi.locator('main form select').all()) await select.selectOption({ index: 1 });
  await press(emi, /^Go to payment/);
  await press(emi, /^Pay RM/);
  await emi.getByRole('button', { name: 'Pay', exact: true }).click();
  await emi.getByText('It is paid and booked.').waitFor();
  await emi.getByText('10–11 am, Tokyo (UTC+9)').first().waitFor();
  // A booking moves through the same calendar.
  await emi.getByRole('link', { name: 'Move' }).click();
  await emi.locator('.banner', { hasText: 'Now:' }).waitFor();
  await lookTwice(emi, 'calendar-move');
  await emi.locator('.starts a').first().click();
  await lookTwice(emi, 'move-confirm');
  await emi.getByRole('button', { name: /Move here/ }).click();
  await emi.getByText('It is moved.').waitFor();
  await emi.context().close();
});
