// A provider opens some weeks; a member finds a time, books and pays it with the test gateway, moves it, cancels it
// in time and gets the money back. Another booking is too near to be cancelled. After a session its provider says what
// became of it, and an administrator pays them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';
import { dayIn, enter, fill, invite, openDraft, owner, press, visit } from './people.mjs';

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

const farah = 'farah@example.my';
const aina = 'aina@example.my';

const zone = { timeZone: 'Asia/Kuala_Lumpur' };

// So many days from now, as a field for days has it in the provider's zone.
const day = (days) => dayIn(zone.timeZone, kenduri.now().getTime() + days * 86_400_000);

// The full hour before this one tomorrow.
function soon() {
  const at = new Date(kenduri.now().getTime() + 21 * 3_600_000);
  const hour = at.toLocaleTimeString('en-GB', { ...zone, hour: '2-digit' });
  return { date: dayIn(zone.timeZone, at), time: `${hour}:00` };
}

async function look(page, name) {
  await keep(page, `bookings-${name}`);
  assert.deepEqual(await accessibility(page), [], name);
  assert.deepEqual(await overflow(page), [], name);
}

async function lookTwice(page, name) {
  for (const viewport of [phone, desk]) {
    await page.setViewportSize(viewport);
    await look(page, `${name}-${viewport.width}`);
  }
}

test('a provider opens some weeks, and a member books, pays, moves and cancels', async () => {
  host = await owner(browser, kenduri, 'Farah Ali', farah);
  await host.goto('/me/slots');
  await host.getByRole('link', { name: 'Add times' }).click();
  await host.waitForURL('**/me/slots/series');
  for (const weekday of [1, 2, 3, 4, 5, 6, 7]) await host.locator(`[name=weekdays][value="${weekday}"]`).check();
  await fill(host, {
    times: '09:00, 10:30, 16:00',
    first_date: day(2),
    weeks: '4',
    title: 'Portrait on the veranda',
    minutes: '45',
    price: '180',
    location: 'https://meet.jit.si/Veranda',
    area: 'Jalan Duta',
  });
  await host.getByRole('button', { name: 'Count the times' }).click();
  await host.getByRole('heading', { name: 'This makes 84 times.' }).waitFor();
  await look(host, 'series-1280');
  await host.getByRole('button', { name: 'Add 84 times' }).click();
  await host.getByRole('status').waitFor();
  await look(host, 'week-1280');
  // One that is too near to be cancelled for nothing once it is booked.
  await host.goto('/me/slots/new');
  await fill(host, { ...soon(), title: 'First call, by video', minutes: '30', price: '' });
  await host.getByRole('button', { name: 'Add the time' }).click();
  await host.getByRole('status').waitFor();

  const stranger = await visit(browser);
  await stranger.goto(`/book?from=${day(2)}`);
  await look(stranger, 'list-360');
  await stranger.locator('.times a').first().click();
  await stranger.getByRole('button', { name: 'Sign in to book' }).waitFor();
  await look(stranger, 'slot-360');

  // Elsewhere the same times are read in the device's zone, without script in the site's.
  const tokyo = await visit(browser, { timezoneId: 'Asia/Tokyo' });
  await tokyo.goto(`/book?from=${day(2)}`);
  await tokyo.waitForURL(/tz=Asia%2FTokyo/);
  await tokyo.getByText('All times are in Tokyo (UTC+9), as your device says.').waitFor();
  await tokyo.getByText('10 am').first().waitFor();
  await lookTwice(tokyo, 'list-tokyo');
  await tokyo.locator('.times a').first().click();
  await tokyo.getByText('Tokyo (UTC+9)').first().waitFor();
  await tokyo.goto('/book');
  await tokyo.getByText('as your device says').waitFor();
  assert.equal(new URL(tokyo.url()).search, '');
  await tokyo.context().close();
  const scriptless = await visit(browser, { timezoneId: 'Asia/Tokyo', javaScriptEnabled: false });
  await scriptless.goto('/book');
  await scriptless.getByText('All times are in Kuala Lumpur (UTC+8).').waitFor();
  await scriptless.context().close();

  page = await invite(browser, host, 'Aina Yusof', aina);
  await page.goto(`/book?from=${day(3)}`);
  await page.locator('.times a').first().click();
  await page.getByRole('button', { name: 'Go to payment, RM 180.00' }).click();
  await page.waitForURL('**/pay/*');
  await look(page, 'pay-360');
  await page.getByRole('button', { name: 'Pay RM 180.00' }).click();
  await page.waitForURL('**/pay/test/*');
  await page.getByRole('button', { name: 'The payment fails' }).click();
  await page.getByText('The payment did not succeed').waitFor();
  await page.getByRole('button', { name: 'Pay RM 180.00' }).click();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('It is paid and booked.').waitFor();
  await look(page, 'booking-360');
  await page.getByRole('link', { name: 'Move' }).click();
  await page.getByRole('button', { name: /Move here/ }).nth(5).click();
  await page.getByText('It is moved.').waitFor();
  await page.goto('/me/bookings');
  await look(page, 'mine-360');
  await host.goto(`/me/slots?from=${day(3)}`);
  await look(host, 'booked-1280');
  await page.locator('.rows a').first().click();
  await page.getByRole('button', { name: 'Cancel this booking…' }).click();
  await page.getByText(/RM.180\.00 is paid back\./).waitFor();
  await look(page, 'cancel-360');
  await page.getByRole('button', { name: 'Cancel the booking' }).click();
  await page.getByText('It is cancelled.').waitFor();
  // The money goes back in the background.
  for (let tries = 0; tries < 100; tries += 1) {
    await page.reload();
    if (await page.getByText('paid back').count()) break;
  }
  await page.getByText('paid back').first().waitFor();

  await page.goto('/book');
  const near = page.locator('.times a', { hasText: 'First call' });
  await near.first().click();
  await page.getByText('You can cancel it until it begins').waitFor();
  await page.getByRole('button', { name: 'Book' }).click();
  await page.getByText('It is booked.').waitFor();
  await page.getByRole('button', { name: 'Cancel this booking…' }).click();
  await page.getByText('Nothing was paid.').waitFor();
});

test('a session takes place in a room of the site', async () => {
  await host.goto('/admin/rooms');
  await host.getByRole('link', { name: 'Add a room' }).click();
  await fill(host, { name: 'Blue room', url: 'https://meet.jit.si/BlueRoom' });
  await lookTwice(host, 'room');
  await press(host, 'Save');
  await host.getByText('https://meet.jit.si/BlueRoom').waitFor();
  await lookTwice(host, 'rooms');
  await host.goto('/me/slots/new');
  await fill(host, { date: day(4), time: '20:00', title: 'Mentoring', minutes: '30', price: '', location: '' });
  await host.locator('[name=location_kind]').selectOption('room_pool');
  await lookTwice(host, 'slot-new');
  await press(host, 'Add the time');
  await host.getByRole('status').waitFor();
  await page.goto(`/book?from=${day(4)}`);
  await page.locator('.times a', { hasText: 'Mentoring' }).click();
  await look(page, 'room-slot-360');
  assert.equal(await page.getByText('meet.jit.si').count(), 0);
  await page.getByRole('button', { name: 'Book' }).click();
  await page.getByRole('link', { name: 'Open the call' }).waitFor();
  await page.getByText('https://meet.jit.si/BlueRoom').waitFor();
  await look(page, 'room-booking-360');
});

test('a member asks for one of two times, and the provider confirms one', async () => {
  await page.goto(`/book?from=${day(6)}`);
  await page.locator('.times a', { hasText: 'Portrait' }).first().click();
  await page.getByRole('link', { name: 'Ask for one of several times' }).click();
  assert.notEqual(await page.locator('[name=slot_1]').inputValue(), '');
  await page.locator('[name=slot_2]').selectOption({ index: 9 });
  await fill(page, { note: 'After school, if you can.' });
  await lookTwice(page, 'request-new');
  await press(page, 'Send the request');
  await page.getByText('The request is sent.').waitFor();
  await lookTwice(page, 'requests-mine');
  await host.goto('/me/slots');
  await host.getByRole('link', { name: 'Requests to you' }).click();
  await host.getByText('After school, if you can.').waitFor();
  await lookTwice(host, 'requests-asked');
  await host.getByRole('button', { name: /^Confirm/ }).first().click();
  await host.getByText('It is confirmed').waitFor();
  await lookTwice(host, 'requests-confirmed');
  await host.goto('/admin/sessions/requests');
  await lookTwice(host, 'requests-all');
  await page.goto('/me/requests');
  await page.getByText('Confirmed').waitFor();
  await lookTwice(page, 'requests-answered');
  await page.getByRole('link', { name: 'The booking' }).click();
  await look(page, 'requests-booking-1280');
});

test('a provider changes a time and many times, and reads the sessions', async () => {
  await host.goto(`/me/slots?from=${day(10)}`);
  await lookTwice(host, 'week');
  await host.locator('.week .time a', { hasText: 'Free' }).first().click();
  await lookTwice(host, 'slot-own');
  await host.getByRole('link', { name: 'Change it' }).click();
  await fill(host, { time: '08:15', location: '' });
  await press(host, 'Save');
  await host.getByRole('alert').waitFor();
  await lookTwice(host, 'slot-edit-refused');
  await fill(host, { location: 'https://zoom.us/j/1' });
  await press(host, 'Save');
  await host.getByText('Saved.').waitFor();
  await host.getByText('8:15').waitFor();
  for (const index of [0, 1]) await host.locator('.week [name=ids]').nth(index).check();
  await press(host, 'Hide');
  await host.getByText('Saved.').waitFor();
  assert.equal(await host.locator('.week .time', { hasText: 'Hidden by you' }).count(), 2);
  for (const index of [0, 1]) await host.locator('.week [name=ids]').nth(index).check();
  await press(host, 'Delete…');
  await host.getByRole('heading', { name: 'Delete 2 times?' }).waitFor();
  await lookTwice(host, 'bulk-delete');
  await press(host, 'Delete');
  await host.getByText('Deleted.').waitFor();
  await host.goto('/me/slots/bookings');
  await lookTwice(host, 'sessions');
  await host.emulateMedia({ media: 'print' });
  await keep(host, 'bookings-sessions-print');
  await host.emulateMedia({ media: null });
  await host.getByRole('link', { name: 'Past' }).click();
  await lookTwice(host, 'sessions-past');
});

test('after a session its provider says what became of it, and an administrator pays them', async () => {
  await host.goto('/me/slots/payouts');
  await lookTwice(host, 'payouts-none');
  await host.goto('/admin/payouts');
  await host.getByRole('link', { name: 'What providers are paid' }).click();
  await host.locator('main').getByRole('link', { name: 'Farah Ali' }).click();
  await fill(host, { payout_minor: '120.00' });
  await lookTwice(host, 'rate');
  await press(host, 'Save');
  await host.getByText('RM 120.00').waitFor();
  await lookTwice(host, 'rates');

  const morning = new Date(`${day(3)}T09:00:00+08:00`);
  await page.goto(`/book?from=${day(3)}`);
  await page.locator('.times a').first().click();
  await page.getByRole('button', { name: 'Go to payment, RM 180.00' }).click();
  await page.getByRole('button', { name: 'Pay RM 180.00' }).click();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.getByText('It is paid and booked.').waitFor();

  kenduri.advanceTo(new Date(morning.getTime() + 50 * 60_000));
  await enter(host, '/me/slots/bookings', farah);
  await host.getByRole('button', { name: 'It took place' }).first().waitFor();
  await lookTwice(host, 'begun');
  await host.locator('h2 ~ .rows a').first().click();
  await lookTwice(host, 'outcome');
  await host.getByRole('button', { name: 'It took place' }).click();
  await host.getByText('Saved.').waitFor();
  await lookTwice(host, 'marked');

  await host.goto('/admin/sessions/rubrics');
  await host.getByRole('link', { name: 'Add a criterion' }).click();
  await host.locator('[name=author]').selectOption('member');
  await fill(host, { label: 'Patience' });
  await lookTwice(host, 'criterion');
  await press(host, 'Save');
  await host.getByText('Patience').first().waitFor();
  await host.getByRole('link', { name: 'Add a criterion' }).click();
  await host.locator('[name=author]').selectOption('member');
  await host.locator('[name=kind]').selectOption('text');
  await fill(host, { label: 'What helped most' });
  await press(host, 'Save');
  await host.getByText('What helped most').first().waitFor();
  await lookTwice(host, 'criteria');
  await enter(page, '/me/bookings', aina);
  await page.locator('section[aria-labelledby=past] li', { hasText: 'Over' }).locator('a').first().click();
  await page.getByRole('link', { name: 'Say how it was' }).click();
  await page.getByLabel('5 – very good').check();
  await fill(page, { text: 'She waited until the baby laughed.', private_note: 'The stairs are steep.' });
  await page.locator('[name="scores.0.score"]').selectOption('5');
  await page.getByLabel('What helped most').fill('The rattle.');
  await lookTwice(page, 'feedback-form');
  await press(page, 'Save');
  await page.getByText('She waited until the baby laughed.').waitFor();
  await lookTwice(page, 'feedback-mine');
  await host.goto('/me/slots/bookings');
  await host.locator('h2 ~ .rows a').first().click();
  assert.equal(await host.getByText('She waited until the baby laughed.').count(), 0);
  await host.getByRole('link', { name: 'Say how it was' }).click();
  await host.getByLabel('4 – good').check();
  await press(host, 'Save');
  await host.getByText('She waited until the baby laughed.').waitFor();
  assert.equal(await host.getByText('The stairs are steep.').count(), 0);
  await lookTwice(host, 'feedback-theirs');
  await host.goto('/me/slots/payouts');
  await fill(host, { reference: 'Bank Satu 123-456, Farah Ali' });
  await press(host, 'Save');
  await host.getByText('It is set.').waitFor();
  await lookTwice(host, 'payouts');

  await host.goto('/admin/payouts');
  await lookTwice(host, 'owed');
  await host.locator('.rows a', { hasText: 'Portrait on the veranda' }).click();
  await lookTwice(host, 'owed-one');
  await host.goBack();
  await press(host, 'Approve the ticked ones');
  await host.goto('/admin/payouts?state=approved');
  await lookTwice(host, 'approved');

  kenduri.advanceTo(new Date(morning.getTime() + 8 * 86_400_000));
  await enter(host, '/admin/payouts', farah);
  await openDraft(host);
  await host.getByRole('heading', { name: 'Batch of' }).waitFor();
  await press(host, 'Approve the batch');
  await host.getByText('Saved.').waitFor();
  await lookTwice(host, 'batch');
  await fill(host, { reference: 'TRX-7' });
  await press(host, 'It is sent');
  await host.getByText('Saved.').waitFor();
  await lookTwice(host, 'batch-sent');
  await press(host, 'The money has arrived');
  await host.getByText('settled').waitFor();
  await lookTwice(host, 'batch-settled');
  await host.goto('/admin/payouts?state=paid');
  await lookTwice(host, 'paid');
  await host.locator('.rows a', { hasText: 'Portrait on the veranda' }).click();
  await lookTwice(host, 'paid-one');
  await host.goto('/me/slots/payouts');
  await lookTwice(host, 'payouts-paid');
});
