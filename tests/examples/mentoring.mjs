// The mentoring site: its owner opens times; members book, pay and cancel through the React front end, then with
// Kenduri's own pages alone, then through the front end at another origin.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, visitor } from '../browser/browser.mjs';
import { Kenduri } from '../browser/kenduri.mjs';
import { look, traffic } from '../browser/looking.mjs';
import { dayIn, fill, invite, password, press } from '../browser/people.mjs';
import { Site } from './site.mjs';

const timeout = 240_000;
const email = 'aina@example.my';
let site, browser, link, host;

// Stops Kenduri, and starts it on the same data with other settings.
async function restart(settings, listen = '127.0.0.1:0') {
  const { program } = site.kenduri;
  const ended = new Promise((done) => program.once('exit', done));
  program.kill('SIGTERM');
  await ended;
  site.kenduri = await Kenduri.run(site.folder, ['--config', settings, '--listen', listen, '--data', 'data'], site.folder);
}

const day = (days) => dayIn('Asia/Kuala_Lumpur', Date.now() + days * 86_400_000);

async function series(values, isCredit) {
  await host.goto('/me/slots/series');
  for (const weekday of [1, 2, 3, 4, 5, 6, 7]) await host.locator(`[name=weekdays][value="${weekday}"]`).check();
  await fill(host, { first_date: day(3), weeks: '1', minutes: '45', ...values });
  await host.locator('[name=credit_kind]').selectOption(isCredit ? 'session' : '');
  await host.locator('[name=location_kind]').selectOption('room_pool');
  for (const kind of ['mock-interview', 'career-talk']) await host.locator(`[name=session_types][value="${kind}"]`).check();
  await press(host, 'Count the times');
  await press(host, /^Add \d+ times/);
  await host.getByRole('status').waitFor();
}

async function lookTwice(page, name) {
  for (const viewport of [phone, desk]) {
    await page.setViewportSize(viewport);
    await look(page, `example-mentoring-${name}-${viewport.width}`);
  }
}

async function payAtGateway(page) {
  await press(page, /^Pay RM/);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
}

// Signs in by the front end's own form.
async function signIn(page) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await press(page, 'Sign in');
  await page.getByText('You are signed in as').waitFor();
}

before(async () => {
  const settings = ['--config', 'kenduri.toml'];
  const owner = ['owner', 'create', '--email', 'siti@example.my', '--name', 'Siti Owner', ...settings];
  const prepare = async (run) => ([link] = (await run(...owner)).match(/\/sign-in\/\S+/));
  // One after the other, so that what was begun is ended if the other one fails.
  browser = await open();
  site = await Site.run('mentoring', 'kenduri.toml', undefined, [], prepare);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

test('the owner sets the site up as the README says', { timeout }, async () => {
  host = await visitor(browser, site, { viewport: desk });
  await host.goto(link);
  await host.locator('main form button').click();
  await host.waitForURL(/\/me/);
  await host.goto('/admin/sessions/settings');
  await press(host, 'Mentoring');
  await host.getByRole('status').waitFor();
  await host.goto('/admin/plans');
  await host.getByRole('link', { name: '1 session', exact: true }).first().click();
  await host.locator('input[type="checkbox"][name="active"]').check();
  await press(host, 'Save');
  await host.getByRole('status').waitFor();
  await host.goto('/admin/rooms/new');
  await fill(host, { name: 'Blue room', url: 'https://meet.jit.si/BlueRoom' });
  await press(host, 'Save');
  await host.getByText('https://meet.jit.si/BlueRoom').waitFor();
  await series({ title: 'Career talk', times: '09:00' }, true);
  await series({ title: 'Mock interview', times: '14:00', price: '150' }, false);
  const member = await invite(browser, host, 'Aina Yusof', email, { baseURL: site.origin });
  await member.context().close();
});

test('a member books and pays through the React front end', { timeout }, async () => {
  const page = await visitor(browser, site);
  const { complaints } = await traffic(page, site.origin);
  await page.goto('/');
  await page.getByText('Career talk').first().waitFor();
  await lookTwice(page, 'times');
  await page.getByRole('button', { name: /^Choose/ }).first().click();
  await page.getByRole('link', { name: 'Sign in to book' }).click();
  await fill(page, { email, password: 'something else' });
  await press(page, 'Sign in');
  await page.locator('.problem').waitFor();
  await lookTwice(page, 'sign-in');
  await signIn(page);

  // With a credit, which is bought on the way.
  const talk = page.locator('.rows > li', { hasText: 'Career talk' }).first();
  await talk.getByRole('button', { name: /^Choose/ }).click();
  await talk.locator('[name=session_type]').selectOption('career-talk');
  await press(talk, 'Book with 1 credit');
  await page.getByRole('button', { name: /^Buy 1 session/ }).waitFor();
  await lookTwice(page, 'no-credit');
  await press(page, /^Buy 1 session/);
  await payAtGateway(page);
  await page.getByText('Paid. The credits are yours.').waitFor();
  await page.goto('/');
  await talk.getByRole('button', { name: /^Choose/ }).click();
  await talk.locator('[name=session_type]').selectOption('career-talk');
  await lookTwice(page, 'choose');
  await press(talk, 'Book with 1 credit');
  await page.getByText('It is booked.').waitFor();
  await page.getByRole('link', { name: 'https://meet.jit.si/BlueRoom' }).waitFor();
  await page.getByText('0 credits to spend').waitFor();
  await lookTwice(page, 'bookings');
  await press(page, /^Cancel this booking/);
  await lookTwice(page, 'cancel');
  await press(page, 'Cancel the booking');
  await page.getByText('It is cancelled.').waitFor();
  await page.getByText('1 credit to spend').waitFor();

  // With money.
  await page.getByRole('navigation').getByRole('link', { name: 'Book a time' }).click();
  const interview = page.locator('.rows > li', { hasText: 'Mock interview' }).first();
  await interview.getByRole('button', { name: /^Choose/ }).click();
  await interview.locator('[name=session_type]').selectOption('mock-interview');
  await press(interview, /^Go to payment/);
  await payAtGateway(page);
  await page.getByText('It is paid and booked.').waitFor();
  await page.goto('/#bookings');
  await page.locator('.bookings', { hasText: 'Mock interview' }).getByText('Confirmed').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the same without it: Kenduri’s own pages, without scripts', { timeout }, async () => {
  await restart('kenduri.alone.toml');
  const page = await visitor(browser, site, { javaScriptEnabled: false });
  await page.goto('/login?redirect=/');
  await fill(page, { email, password });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('.times a', { hasText: 'Career talk' }).first().click();
  await page.locator('[name=session_type]').selectOption('career-talk');
  await press(page, 'Book with 1 credit (1 left)');
  await page.getByText('It is booked.').waitFor();
  await press(page, 'Cancel this booking…');
  await press(page, 'Cancel the booking');
  await page.getByText('It is cancelled.').waitFor();
  await page.goto('/book');
  await page.locator('.times a', { hasText: 'Mock interview' }).first().click();
  await page.locator('[name=session_type]').selectOption('mock-interview');
  await press(page, /^Go to payment/);
  await payAtGateway(page);
  await page.getByText('It is paid and booked.').waitFor();
  await keep(page, 'example-mentoring-alone');
  await page.context().close();
});

// A port that is free now.
function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

test('the front end at another origin books with a token', { timeout }, async () => {
  const port = await freePort();
  for (const name of ['kenduri.elsewhere.toml', 'front/elsewhere/app.js']) {
    const file = join(site.folder, name);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(':8080', `:${port}`));
  }
  await restart('kenduri.elsewhere.toml', `127.0.0.1:${port}`);
  const page = await visitor(browser, site, { baseURL: `http://localhost:${port}` });
  await page.goto('/#sign-in');
  await signIn(page);
  const talk = page.locator('.rows > li', { hasText: 'Career talk' }).first();
  await talk.getByRole('button', { name: /^Choose/ }).click();
  await talk.locator('[name=session_type]').selectOption('career-talk');
  await press(talk, 'Book with 1 credit');
  await page.getByText('It is booked.').waitFor();
  await press(page, /^Cancel this booking/);
  await press(page, 'Cancel the booking');
  await page.getByText('It is cancelled.').waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  // What costs money is booked on the site.
  await page.getByRole('navigation').getByRole('link', { name: 'Book a time' }).click();
  const interview = page.locator('.rows > li', { hasText: 'Mock interview' }).first();
  await interview.getByRole('button', { name: /^Choose/ }).click();
  await interview.getByRole('link', { name: 'Book and pay on the site' }).click();
  await page.getByRole('button', { name: 'Sign in to book' }).waitFor();
  assert.equal(new URL(page.url()).hostname, '127.0.0.1');
  await page.context().close();
  assert.match(await site.say('verify', 'bookings'), /agree/);
});
