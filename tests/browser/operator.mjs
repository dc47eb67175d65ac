// What the operator of a server sees on a bad day before a wedding: a service that fails, a disk that fills, a backup
// that has just begun, and hosts who asked to leave the server alone. And what everybody sees of it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';

// An alert begins with the minute.
const patience = 180_000;

const copies = mkdtempSync(join(tmpdir(), 'kenduri-copies-'));
const settings = `[site]
url = "http://localhost"
name = "Kenduri Kami"
time_zone = "Asia/Kuala_Lumpur"
[listen]
http = ["127.0.0.1:0"]
[backup]
to = "folder:${copies}"
[alerts]
disk = "900000G"
[status]
public = true
[service.shop]
run = "${process.execPath} answer.mjs {socket}"
listen = "unix"
keep_former = "1s"
public_name = "The shop"
[service.mailer]
run = "${process.execPath} answer.mjs"
listen = "unix"
public_name = "Photographs of the kenduri, in the large size"
restart = { backoff = "10ms..10ms", give_up = "3 in 10m" }
`;
const answer = `import { createServer } from 'node:http';
createServer((_, answer) => answer.end('It works.')).listen(process.argv[2] ?? '/nowhere/at/all');
`;

const own = ['/admin/server', '/admin/server/machines', '/admin/server/services/mailer', '/admin/server/mail', '/admin/audit'];

let browser;
let kenduri;
let storageState;

before(async () => {
  kenduri = await Kenduri.configured({ 'kenduri.toml': settings, 'answer.mjs': answer });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
  rmSync(copies, { recursive: true, force: true });
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
      return answer.json().catch(() => ({}));
    },
    [path, body],
  );

test('an operator hears what is wrong, and that an event is near', { timeout: 2 * patience }, async () => {
  const page = await visit({ viewport: desk });
  await page.goto(kenduri.said.join(' ').match(/http:\/\/localhost(\/setup\/\S+)/)[1]);
  for (const [name, value] of [
    ['name', 'Farah binti Ali'],
    ['email', 'farah@example.my'],
    ['password', 'sebuah pantun lama'],
  ]) {
    await page.locator(`#${name}`).fill(value);
  }
  await page.locator('main form button').last().click();
  await page.waitForURL(/\/(me|admin)/);
  storageState = await page.context().storageState();

  await page.goto('/admin/new');
  const soon = new Date(Date.now() + 3 * 3600_000);
  const { id } = await call(page, '/api/v1/occasions', {
    slug: 'aisyah-daniel',
    hosts: { en: 'Aisyah & Daniel' },
    title: { en: 'Wedding of Aisyah and Daniel' },
    time_zone: 'Asia/Kuala_Lumpur',
    switches: { freeze: true },
  });
  await call(page, `/api/v1/occasions/${id}/events`, { name: { en: 'Akad nikah' }, starts_at: soon.toISOString() });
  await call(page, `/api/v1/occasions/${id}/publish`, {});

  await page.goto('/admin/server');
  // The page follows what happens.
  await page.locator('#alerts li').nth(1).waitFor({ timeout: patience });
  await page.locator('#ready', { hasText: 'Hosts asked to leave the server alone until' }).waitFor();

  await page.goto('/admin/server/services/shop');
  await page.getByText('Replace without a gap').first().click();
  await page.getByText('An event is near').first().waitFor();
  await keep(page, 'operator-frozen-1280');
  await page.locator('button[value=reload]').click();
  await page.locator('[role=alert]', { hasText: 'because of an event' }).waitFor();
  await page.getByText('Replace without a gap').first().click();
  await page.locator('form:has(button[value=reload]) [name=force]').check();
  await page.locator('button[value=reload]').click();
  await page.locator('[role=status]', { hasText: 'was replaced' }).waitFor();
  await page.goto('/admin/audit');
  await page.getByText('Farah binti Ali: Started, replaced').first().waitFor();
  await page.context().close();
});

const schemes = ['light', 'dark'].flatMap((scheme) => [phone, desk].map((size) => ({ scheme, size })));

for (const language of ['en', 'ms']) {
  for (const { scheme, size } of schemes) {
    test(`${language}, ${scheme}, ${size.width} pixels`, async () => {
      const complaints = [];
      for (const [paths, state] of [
        [own, storageState],
        [['/status'], undefined],
      ]) {
        const page = await visit({ colorScheme: scheme, viewport: size, storageState: state });
        const seen = await traffic(page, 'http://localhost');
        for (const path of paths) {
          await page.goto(`${path}?lang=${language}`);
          const found = [...seen.complaints.splice(0), ...(await accessibility(page))];
          if (size === phone) found.push(...(await overflow(page)));
          await keep(page, `operator${path.replace(/\W+/g, '_')}-${language}-${scheme}-${size.width}`);
          complaints.push(...found.map((one) => `${path}: ${one}`));
        }
        await page.context().close();
      }
      assert.deepEqual(complaints, []);
    });
  }
}
