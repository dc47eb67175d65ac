// A couple's first hour with a site of their own, in presses and keys: their card on the screen, the first invitation
// handed to WhatsApp, a list of 120 households as they have it, and reminders. What each may take stands beside it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { look } from './looking.mjs';
import { fill, password } from './people.mjs';

// Guests must be able to open their links, so the site has a public name. The browser finds it on this machine, and
// takes the certificate that the site makes itself while the authority does not answer.
const NAME = 'our-day.example';
const settings = `[site]
url = "https://${NAME}"
name = "Our day"
[listen]
http = ["127.0.0.1:0"]
https = ["127.0.0.1:0"]
[tls]
acme = { email = "nurul@${NAME}", directory = "https://127.0.0.1:9/" }
`;

let browser;
let kenduri;
let page;
let presses;
let keys;
let home;

before(async () => {
  kenduri = await Kenduri.configured({ 'kenduri.toml': settings });
  browser = await open('--disable-quic', `--host-resolver-rules=MAP ${NAME}:443 ${new URL(kenduri.secure).host}`);
  const context = await browser.newContext({
    baseURL: `https://${NAME}`,
    viewport: phone,
    locale: 'en-GB',
    timezoneId: 'Asia/Kuala_Lumpur',
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
  });
  context.setDefaultTimeout(60_000);
  // WhatsApp is pressed, and nobody outside is asked.
  await context.route(/^https:\/\/wa\.me\//, (route) => route.fulfill({ body: 'WhatsApp' }));
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

async function press(name, part = 'main') {
  presses += 1;
  const there = page.locator(part);
  const all = there.getByRole('link', { name }).or(there.getByRole('button', { name })).filter({ visible: true });
  await all.first().click();
  await page.waitForLoadState();
}

async function type(name, text) {
  keys += text.length;
  await page.locator(`[name="${name}"]`).fill(text);
}

const says = (words) => page.getByText(words).first().waitFor();

function counted(what, most, play) {
  test(`${what}: ${most.presses} presses and ${most.keys} keys at most`, async (t) => {
    [presses, keys] = [0, 0];
    await play();
    t.diagnostic(`${what}: ${presses} presses, ${keys} keys`);
    assert.ok(presses <= most.presses, `${presses} presses`);
    assert.ok(keys <= most.keys, `${keys} keys`);
  });
}

test('the site is theirs', async () => {
  const link = kenduri.said.join(' ').match(/https:\/\/\S+(\/setup\/\S+)/)[1];
  await page.goto(link);
  await fill(page, { name: 'Nurul', email: 'nurul@our-day.example', password });
  await page.locator('main form button').last().click();
  await page.waitForURL(/\/(me|admin)/);
});

counted('from home to their card', { presses: 5, keys: 30 }, async () => {
  await page.goto('/me?lang=en');
  await press(/wedding/i);
  await type('first', 'Nurul');
  await type('second', 'Wei Ming');
  // A field for a date takes day, month and year.
  keys += 8;
  await page.locator('[name=day]').fill('2027-01-16');
  await press('See your card');
  await says('Choose a look');
  await press(/^Keep .* for now/);
  home = new URL(page.url()).pathname;
  const card = page.frameLocator('iframe.guests-view');
  await card.getByText('Nurul').first().waitFor();
  await look(page, 'couple-home-360');
});

counted('from their card to the first invitation by WhatsApp', { presses: 8, keys: 45 }, async () => {
  await press('Add one household');
  await type('household', 'Keluarga Hassan');
  await type('guests', 'Hassan\nRahma');
  await type('phone', '012-345 6789');
  await press('Create');
  await look(page, 'couple-household-360');
  await press('Send', 'nav.tabs');
  presses += 1;
  await page.locator('.strip summary', { hasText: 'Publish' }).click();
  await press('Publish');
  await press('Invitations');
  await look(page, 'couple-send-360');
  await press(/WhatsApp/);
  await look(page, 'couple-walk-360');
  await Promise.all([page.context().waitForEvent('page'), press(/Open WhatsApp/)]);
  await says(/Keluarga Hassan/);
});

counted('from home to 120 households of a file', { presses: 12, keys: 0 }, async () => {
  const rows = Array.from({ length: 120 }, (_, n) => `Guest ${n} & Friend ${n},${(n % 3) + 2},013-${2000000 + n},Groom`);
  const list = ['Our wedding,,,', 'Nama,Pax,No HP,Pihak', ...rows].join('\r\n');
  await page.goto(home);
  await press(/Guests|Import/, 'nav.tabs');
  await press(/Import/);
  presses += 2; // the field, and the file
  await page.locator('[name=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(list) });
  await press('Read the list');
  await press('See the households');
  await look(page, 'couple-preview-360');
  await press(/^Import 120/);
  await says(/From this list: 120 households/);
});

counted('from home to a reminder by WhatsApp', { presses: 6, keys: 0 }, async () => {
  await page.goto(home);
  await press('Send', 'nav.tabs');
  await press('Reminders');
  await press(/^Remind now/);
  await look(page, 'couple-reminders-360');
  await press(/^Remind/);
  await Promise.all([page.context().waitForEvent('page'), press(/Open WhatsApp/)]);
});
