// A wedding that moves in from an older wedding manager: its owner makes it, the dump is imported while Kenduri is
// stopped, and a household finds its code and its answers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { keep, open, visitor } from '../browser/browser.mjs';
import { Kenduri, built } from '../browser/kenduri.mjs';
import { Site } from './site.mjs';

const settings = ['--config', 'kenduri.toml'];
const timeout = 240_000;
let site, browser, link;

// Stops Kenduri, runs one of its commands on the site's data, and starts it again.
async function whileStopped(...command) {
  const { program } = site.kenduri;
  const ended = new Promise((done) => program.once('exit', done));
  program.kill('SIGTERM');
  await ended;
  const { stdout } = await promisify(execFile)(built, [...command, ...settings], { cwd: site.folder });
  const flags = [...settings, '--listen', '127.0.0.1:0', '--data', 'data'];
  site.kenduri = await Kenduri.run(site.folder, flags, site.folder);
  return stdout;
}

before(async () => {
  const owner = ['owner', 'create', '--email', 'nurul@older.example', '--name', 'Nurul', ...settings];
  const prepare = async (run) => ([link] = (await run(...owner)).match(/\/sign-in\/\S+/));
  // One after the other, so that what was begun is ended if the other one fails.
  browser = await open();
  site = await Site.run('wedding', 'kenduri.toml', undefined, [], prepare);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

test('the owner makes the wedding, imports the older one, and publishes it', { timeout }, async () => {
  const page = await visitor(browser, site);
  await page.goto(link);
  await page.locator('main form button').click();
  await page.waitForURL(/\/me/);
  await page.goto('/admin/new');
  const day = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);
  const values = { first: 'Nurul', second: 'Haris', day };
  for (const [name, value] of Object.entries(values)) await page.locator(`[name="${name}"]`).fill(value);
  await page.locator('form.new button').click();
  await page.waitForURL(/\/admin\/o\/nurul-haris/);

  const words = ['import', 'wedding-manager', 'older-wedding.sql', '--occasion', 'nurul-haris'];
  assert.match(await whileStopped(...words, '--dry-run'), /4 households would be made/);
  assert.match(await whileStopped(...words), /4 households/);

  const host = await visitor(browser, site);
  host.context().addCookies((await page.context().cookies()).map((cookie) => ({ ...cookie, url: undefined })));
  await host.goto('/admin/o/nurul-haris/invites');
  await host.locator('td.name a', { hasText: 'The Wongs' }).waitFor();
  await keep(host, 'wedding-imported');
  await host.locator('.strip summary', { hasText: 'Publish' }).click();
  await host.getByRole('button', { name: 'Publish' }).first().click();
  await host.waitForURL(/done=published/);
});

test('a household opens its old code and finds its answers', { timeout }, async () => {
  const guest = await visitor(browser, site);
  await guest.goto('/invite/WONG8');
  await guest.getByText('Wong Mei Fong').first().waitFor();
  assert.match(await guest.locator('main').innerText(), /vegetarian/i);
});
