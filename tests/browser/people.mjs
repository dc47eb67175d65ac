// People of a site with bookings, each in a browser of their own.
import { desk, phone } from './browser.mjs';

export const password = 'sebuah pantun lama';

// A visitor of a site whose address is `http://localhost`, unless the options say otherwise.
export async function visit(browser, options = {}) {
  const context = await browser.newContext({
    baseURL: 'http://localhost',
    viewport: phone,
    reducedMotion: 'reduce',
    timezoneId: 'Asia/Kuala_Lumpur',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) await page.locator(`[name="${name}"]`).fill(value);
}

// The day of an instant in a zone, as fields for days have it. No locale writes it so with every version of Node.
export function dayIn(timeZone, at) {
  const all = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' };
  const parts = new Intl.DateTimeFormat('en', all).formatToParts(at);
  const part = (type) => parts.find((one) => one.type === type).value;
  return `${part('year')}-${part('month')}-${part('day')}`;
}

export const press = (page, name) => page.getByRole('button', { name }).click();

// Opens a page of somebody who signs in again, because the clock went past the session's end.
export async function enter(page, path, email) {
  await page.goto(path);
  if (!new URL(page.url()).pathname.startsWith('/login')) return;
  await fill(page, { email, password });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  // Whoever asks for no page in particular starts with their own.
  if (path === '/me') await page.goto(path);
  await page.waitForURL(`**${path}`);
}

// The site's first owner, by the link that the program printed.
export async function owner(browser, kenduri, name, email) {
  const page = await visit(browser, { viewport: desk });
  await page.goto(kenduri.said.join(' ').match(/http:\/\/localhost(\/setup\/\S+)/)[1]);
  await fill(page, { name, email, password });
  await page.locator('main form button').last().click();
  await page.waitForURL(/\/(me|admin)/);
  return page;
}

// A member whom the owner invites.
export async function invite(browser, host, name, email, options = {}) {
  await host.goto('/admin/invites');
  await fill(host, { email });
  await host.locator('[name=role]').selectOption('member');
  await host.locator('form[action="/admin/invites"] .button').click();
  const link = await host.locator('input.code').inputValue();
  const page = await visit(browser, options);
  await page.goto(new URL(link).pathname);
  await page.locator('main [name="name"], main [name="display_name"]').first().fill(name);
  await page.locator('main [name="password"]').fill(password);
  await page.locator('main form button.wide').last().click();
  await page.waitForURL((url) => !url.pathname.startsWith('/admin/join'));
  return page;
}

// Opens the batch of payouts that a job drafts each morning of what is due.
export async function openDraft(page) {
  const draft = page.locator('section[aria-labelledby=batches] a').first();
  for (let tries = 0; tries < 100 && !(await draft.count()); tries += 1) await page.reload();
  await draft.click();
}
