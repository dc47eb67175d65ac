// Draws the pictures of README and docs anew, from the demo: `node pictures.mjs`, with the program built.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const most = 80 * 1024;

// A demo that keeps two programs running, for the server's page.
const files = {
  'kenduri.toml': `[site]
name = "Aisyah & Daniel"
time_zone = "Asia/Kuala_Lumpur"
[listen]
http = ["127.0.0.1:0"]
[bookings]
enabled = true
[service.shop]
run = "${process.execPath} answer.mjs {socket}"
listen = "unix"
instances = 2
[service.mailer]
run = "${process.execPath} answer.mjs {socket}"
listen = "unix"
[[route]]
path = "/shop/"
to = "service:shop"
[[route]]
to = "app"
`,
  'answer.mjs': `import { createServer } from 'node:http';
createServer((_, answer) => answer.end('It works.')).listen(process.argv[2]);
`,
};

const kenduri = await Kenduri.configured(files, '--demo');
const browser = await open();

async function draw(page, name) {
  await page.evaluate(() => document.fonts.ready);
  const developer = await page.context().newCDPSession(page);
  const { data } = await developer.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  const picture = Buffer.from(data, 'base64');
  if (picture.length > most) throw new Error(`${name} has ${picture.length} bytes`);
  writeFileSync(`${folder}${name}.webp`, picture);
  console.log(`${name}: ${(picture.length / 1024).toFixed(1)} KiB`);
}

const guest = await visitor(browser, kenduri, { viewport: phone, deviceScaleFactor: 2 });
for (const [path, name, part] of [
  ['/', 'site'],
  ['/invite/RAHMA?lang=en', 'invitation'],
  ['/u/aisyah/without-sugar', 'countdown'],
  ['/blog/forty-kilos-of-rice', 'post'],
  ['/book/aisyah', 'book', 'form.find-time ~ p'], // the times are below the filters
]) {
  await guest.goto(path);
  if (part) await guest.locator(part).first().evaluate((element) => element.scrollIntoView());
  await draw(guest, name);
}
const host = await visitor(browser, kenduri, { viewport: { width: 1280, height: 720 } });
await signIn(host, kenduri);
await host.goto('/admin/o/aisyah-daniel');
await draw(host, 'overview');
await host.goto('/admin/server');
await host.locator('tbody tr').nth(3).waitFor();
await draw(host, 'server');
await browser.close();
await kenduri.stop();
