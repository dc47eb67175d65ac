// The owner of a personal site sets it up, and visitors find everything from everywhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';

const settings = `[site]
url = "http://localhost"
name = "Farah’s corner"
time_zone = "Asia/Kuala_Lumpur"
[listen]
http = ["127.0.0.1:0"]
[occasions]
enabled = false
`;
const budget = 40 * 1024;
const pages = ['/', '/u/farah-ali', '/u/farah-ali/our-first-home', '/countdowns', '/blog', '/blog/kopi', '/login', '/nowhere'];

let browser;
let kenduri;

before(async () => {
  kenduri = await Kenduri.configured({ 'kenduri.toml': settings });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

async function visit(options = {}) {
  const context = await browser.newContext({ baseURL: 'http://localhost', viewport: phone, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

// Sends JSON as whoever is signed in on this page.
const call = (page, path, body) =>
  page.evaluate(
    async ([path, body]) => {
      const token = document.querySelector('[name=_csrf]').value;
      const headers = { 'content-type': 'application/json', 'x-csrf-token': token };
      const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [path, body],
  );

// A picture that a browser draws: no file of it has to be kept here.
const drawn = (page, width, height) =>
  page.evaluate(
    ([width, height]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const pen = canvas.getContext('2d');
      pen.fillStyle = '#b9cdbf';
      pen.fillRect(0, 0, width, height);
      pen.fillStyle = '#a65a3f';
      pen.beginPath();
      pen.arc(width / 2, height / 2, width / 3, 0, 7);
      pen.fill();
      return canvas.toDataURL('image/jpeg', 0.8).split(',')[1];
    },
    [width, height],
  );

// Everything a program can see of these pages in one look, one light and one width.
async function look(theme, scheme, size) {
  const page = await visit({ colorScheme: scheme, viewport: size });
  const seen = await traffic(page, 'http://localhost');
  const complaints = [];
  for (const path of pages) {
    await page.goto(path);
    const found = [...seen.complaints.splice(0), ...(await accessibility(page))];
    if (size === phone) found.push(...(await overflow(page)));
    assert.equal(await page.locator(`html.site.${theme}`).count(), 1, `${path} in ${theme}`);
    await keep(page, `site-${theme}${path.replace(/\W+/g, '_')}-${scheme}-${size.width}`);
    complaints.push(...found.map((one) => `${path}, ${theme} ${scheme} ${size.width}: ${one}`));
  }
  await page.context().close();
  return complaints;
}

async function weight(path) {
  const page = await visit();
  const seen = await traffic(page, 'http://localhost');
  await page.route('**/site/images/**', (route) => route.abort());
  await page.goto(path);
  await page.evaluate(() => document.fonts.ready);
  await page.context().close();
  return seen.bytes();
}

test('an owner makes the site theirs, and it holds in every look', async () => {
  const page = await visit({ viewport: desk, permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(kenduri.said.join(' ').match(/http:\/\/localhost(\/setup\/\S+)/)[1]);
  for (const [name, value] of [
    ['name', 'Farah Ali'],
    ['email', 'farah@example.my'],
    ['password', 'sebuah pantun lama'],
  ]) {
    await page.locator(`#${name}`).fill(value);
  }
  await page.locator('main form button').last().click();
  await page.waitForURL(/\/(me|admin)/);

  // A new site shows who it is and the way in, and no empty section.
  const visitor = await visit();
  await visitor.goto('/');
  await visitor.getByRole('heading', { level: 1, name: 'Farah’s corner' }).waitFor();
  assert.equal(await visitor.getByRole('heading').count(), 1);
  assert.equal(await visitor.getByRole('link', { name: 'Sign in' }).count(), 1);
  await keep(visitor, 'site-new-360');

  await call(page, '/api/v1/countdowns', {
    title: 'Our first home', kind: 'until', target: '2031-03-01', visibility: 'public', listed: true, is_primary: true,
  });
  for (const [title, slug, body] of [
    ['Kopi, and how to order it', 'kopi', 'What the words mean, from o to gao to peng.\n\n## At the counter\n\nSay it loud.'],
    ['A house that breathes', 'house', 'Shutters, vents and a raised floor.'],
  ]) {
    await call(page, '/api/v1/posts', { title, slug, body, state: 'published', kind: 'article', tags: ['coffee'] });
  }

  await page.goto('/admin/look');
  await keep(page, 'site-look-1280');
  assert.deepEqual(await accessibility(page), []);
  await page.getByRole('radio', { name: /Veranda/ }).check();
  await page.getByLabel('Your first sentence').fill('I draw old houses and count the days.');
  await page.getByLabel('Introduction', { exact: true }).fill('Farah Ali, an architect in Kuala Lumpur. Here are my notes on wood, rain and coffee.');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('status').waitFor();
  const portrait = Buffer.from(await drawn(page, 480, 576), 'base64');
  const form = page.locator('form[action="/admin/look/portrait"]');
  await form.locator('[type=file]').setInputFiles({ name: 'farah.jpg', mimeType: 'image/jpeg', buffer: portrait });
  await form.getByLabel('What it shows').fill('Farah on her veranda');
  await form.getByRole('button', { name: 'Save the portrait' }).click();
  await page.getByRole('status').waitFor();

  await visitor.goto('/');
  await visitor.getByRole('heading', { level: 1, name: 'I draw old houses and count the days.' }).waitFor();
  await visitor.getByRole('img', { name: 'Farah on her veranda' }).waitFor();
  // From the first page to a countdown, to its person, and to what they wrote, by links alone.
  await visitor.getByRole('link', { name: /Our first home/ }).click();
  await visitor.getByRole('link', { name: 'Farah Ali' }).first().click();
  await visitor.waitForURL(/\/u\/farah-ali$/);
  await visitor.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Home' }).click();
  await visitor.getByRole('link', { name: 'Kopi, and how to order it' }).click();
  await visitor.waitForURL(/\/blog\/kopi$/);

  // Whoever is signed in sees their name where others are asked to sign in.
  await page.goto('/u/farah-ali/our-first-home');
  await page.getByRole('banner').getByRole('link', { name: 'Farah Ali' }).waitFor();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'http://localhost/u/farah-ali/our-first-home');

  // Without script the link stands in a field.
  const plain = await visit({ javaScriptEnabled: false });
  await plain.goto('/u/farah-ali/our-first-home');
  assert.equal(await plain.getByLabel('Link', { exact: true }).inputValue(), 'http://localhost/u/farah-ali/our-first-home');
  assert.equal(await plain.getByRole('button', { name: 'Copy link' }).count(), 0);

  const complaints = [];
  for (const [theme, name] of [['paper', /Paper/], ['veranda', /Veranda/], ['market', /Night market/]]) {
    await page.goto('/admin/look');
    await page.getByRole('radio', { name }).check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('status').waitFor();
    for (const scheme of ['light', 'dark']) {
      for (const size of [phone, desk]) complaints.push(...(await look(theme, scheme, size)));
    }
    for (const path of ['/', '/blog/kopi', '/u/farah-ali/our-first-home']) {
      const bytes = await weight(path);
      console.log(`${theme} ${path}: ${(bytes / 1024).toFixed(1)} KiB`);
      if (bytes > budget) complaints.push(`${path} in ${theme} weighs ${bytes} bytes`);
    }
  }

  // A colour of one's own is made readable, and says so.
  await page.goto('/admin/look');
  await page.getByLabel(/a colour of my own/).check();
  await page.locator('#accent').fill('#ffd400');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/On light pages your colour is #/).waitFor();
  complaints.push(...(await look('market', 'light', phone)));
  assert.deepEqual(complaints, []);
});
