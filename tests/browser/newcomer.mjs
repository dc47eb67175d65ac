// A newcomer registers, confirms the address, begins something, and guards the account.
//
// Times by the keystroke-level model (0.28 s a key, 2.65 s an act, 4 s a page), each counted below as it is played:
// registering until one lands on the page of cards, 32 s: 28 keys (the cursor stands in the name, Tab leads on, and a
// manager fills in the password), 3 acts (the link to the form, the one in the mail, its button), 4 pages; a second
// factor 19.3 s: 7 keys, 2 acts, 3 pages.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { box, desk, keep, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';

const KEY = 0.28;
const ACT = 2.65;
const PAGE = 4;

const settings = (port) => `[site]
url = "http://localhost"
name = "Farah’s corner"
time_zone = "Asia/Kuala_Lumpur"
[listen]
http = ["127.0.0.1:0"]
[mail]
url = "smtp://127.0.0.1:${port}"
from = "Farah’s corner <kenduri@example.my>"
[accounts]
registration = "open"
[occasions]
create = "members"
`;

// A mail server that takes everything and gives it to whoever waits for it.
class Sink {
  constructor() {
    this.mails = [];
    this.waiting = [];
    this.server = createServer((socket) => this.speak(socket));
  }

  async listen() {
    await new Promise((ready) => this.server.listen(0, '127.0.0.1', ready));
    return this.server.address().port;
  }

  speak(socket) {
    const say = (line) => socket.write(`${line}\r\n`);
    let rest = '';
    let data;
    say('220 sink ESMTP');
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      rest += bytes;
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== undefined && line !== '.') {
          data += `${line}\n`;
        } else if (data !== undefined) {
          this.take(data);
          data = undefined;
          say('250 taken');
        } else if (/^EHLO|^HELO/i.test(line)) say('250 sink');
        else if (/^DATA/i.test(line)) {
          data = '';
          say('354 go on');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else say('250 fine');
      }
    });
  }

  take(data) {
    // Quoted-printable, as far as links need it.
    const text = data.replace(/=\n/g, '').replace(/=3D/g, '=');
    const waiting = this.waiting.shift();
    if (waiting) waiting(text);
    else this.mails.push(text);
  }

  // The next mail that holds these words; others, such as one about the second factor, are passed over.
  async next(words) {
    for (;;) {
      const mail = this.mails.shift() ?? (await new Promise((come) => this.waiting.push(come)));
      if (mail.includes(words)) return mail;
    }
  }
}

// RFC 6238: the code of an authenticator app at this moment.
function code(secret) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const sink = new Sink();
let browser;
let kenduri;

before(async () => {
  kenduri = await Kenduri.configured({ 'kenduri.toml': settings(await sink.listen()) });
  browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
  sink.server.close();
});

async function visit(options = {}) {
  const context = await browser.newContext({ baseURL: 'http://localhost', viewport: phone, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

// What a program can see of the page that is shown, on the phone and on a desk.
async function check(page, name) {
  const complaints = [];
  for (const size of [phone, desk]) {
    await page.setViewportSize(size);
    complaints.push(...(await accessibility(page)).map((one) => `${name} ${size.width}: ${one}`));
    await keep(page, `newcomer-${name}-${size.width}`);
  }
  await page.setViewportSize(phone);
  complaints.push(...(await overflow(page)).map((one) => `${name}: ${one}`));
  assert.deepEqual(complaints, []);
}

// The heading begins high up, where one sees it.
// Above it stand the site's own head and the tabs of what she has.
async function headingIsHigh(page) {
  const { y } = await box(page.locator('h1'));
  assert.ok(y < 220, `the heading begins at ${y}`);
}

test('a newcomer is at home in less than a minute', async () => {
  const page = await visit();
  const seen = await traffic(page, 'http://localhost');
  let seconds = 0;
  await page.goto('/register?lang=en');
  seconds += ACT + PAGE;
  await check(page, 'register');
  await page.locator('[name=display_name]').fill('Aina Yusof');
  await page.locator('[name=email]').fill('aina@example.my');
  await page.locator('[name=password]').fill('sebuah pantun lama');
  // The form begins with the cursor in the name; Tab leads on, and a manager fills in the password.
  seconds += ('Aina Yusof\taina@example.my\t'.length + 1) * KEY;
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: 'Check your email' }).waitFor();
  seconds += PAGE;
  assert.equal(await page.locator('main b').first().innerText(), 'aina@example.my');
  await check(page, 'check-mail');

  const [link] = (await sink.next('/verify/')).match(/http:\/\/localhost\/verify\/\S+/);
  await page.goto(link);
  seconds += ACT + PAGE;
  await check(page, 'verify');
  await page.locator('main form button').click();
  await page.waitForURL(/\/me\?done=confirmed/);
  seconds += ACT + PAGE;
  assert.match(await page.locator('.banner.ok').innerText(), /confirmed, and you are signed in/);
  assert.match(await page.locator('h1').innerText(), /Welcome, Aina Yusof/);
  await check(page, 'home');
  assert.ok(seconds <= 45, `registering takes ${seconds} s`);

  // The menu holds what she may do, and nothing else.
  const menu = await page.locator('.mytabs').innerText();
  assert.match(menu, /Countdowns/);
  assert.doesNotMatch(menu, /Posts|Home|Server/);
  await check(page, 'menu');

  await page.goto('/me/countdowns');
  await headingIsHigh(page);
  await page.goto('/me');
  await page.locator('.begins a', { hasText: 'A countdown' }).click();
  await page.waitForURL(/\/me\/countdowns\/new/);
  const bell = page.locator('header a[href="/me/notices"]');
  await Promise.all([page.waitForURL(/notices/), bell.click()]);
  assert.match(await page.locator('main').innerText(), /Nothing new/);
  await headingIsHigh(page);
  await check(page, 'notices');

  await page.goto('/nowhere');
  assert.match(await page.locator('h1').innerText(), /This page is not here/);
  await headingIsHigh(page);
  await page.locator('main a', { hasText: 'Go to Home' }).click();
  await page.waitForURL(/\/me$/);
  assert.deepEqual(seen.complaints, []);

  // From home to her own card: at most 5 presses and 30 keys.
  await page.goto('/me');
  let [presses, keys] = [0, 0];
  const press = async (where) => {
    presses += 1;
    await where.click();
  };
  const type = async (text) => {
    keys += text.length;
    await page.keyboard.type(text);
  };
  const tab = async () => {
    keys += 1;
    await page.keyboard.press('Tab');
  };
  await press(page.locator('.begins a', { hasText: 'A wedding or other celebration' }));
  await page.waitForURL(/\/admin\/new/);
  await page.locator('#first:focus').waitFor();
  await type('Aina');
  await tab();
  await type('Wei Ming');
  await tab();
  const [year, month, day] = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10).split('-');
  await type(month + day + year);
  assert.match(await page.locator('details summary').innerText(), /^English · .+ time · .+ · \/aina-wei-ming$/);
  await check(page, 'new-occasion');
  // Who celebrates alone has one name; two names that stand there are never hidden.
  await page.locator('label', { hasText: 'Birthday' }).click();
  assert.ok(await page.locator('#second').isVisible());
  await page.locator('#second').fill('');
  assert.ok(await page.locator('#second').isHidden());
  await page.locator('label', { hasText: 'Wedding' }).click();
  await page.locator('#second').fill('Wei Ming');
  await press(page.locator('button', { hasText: 'See your card' }));
  await page.waitForURL(/\/admin\/o\/aina-wei-ming\/settings\/look/);
  presses += 1;
  await page.goto('/admin/o/aina-wei-ming');
  const card = page.frameLocator('iframe.guests-view');
  assert.match(await card.locator('h1').innerText(), /Aina[^]*Wei Ming/);
  assert.ok(presses <= 5 && keys <= 30, `${presses} presses, ${keys} keys`);
  assert.match(await page.locator('main').innerText(), /Who is invited\?[^]*3 of 6 done/);
  await check(page, 'home-new');
  await page.locator('main a', { hasText: 'See it as guests do' }).click();
  await page.locator('main a', { hasText: 'See what everybody else sees' }).click();
  await page.locator('.banner', { hasText: 'Only you can see this. It is a draft.' }).waitFor();
  await check(page, 'draft');
  await page.locator('.banner a').click();
  await page.waitForURL(/\/admin\/o\/aina-wei-ming$/);

  // A second factor on the phone itself.
  await page.goto('/me/security');
  await check(page, 'security');
  seconds = 0;
  await page.locator('form[action="/me/security/totp"] button').click();
  await page.waitForURL(/security\/totp/);
  seconds += ACT + PAGE;
  const app = await page.locator('a[href^="otpauth://totp/"]').getAttribute('href');
  const secret = new URL(app).searchParams.get('secret');
  assert.equal(await page.locator('#secret').inputValue(), secret.match(/.{1,4}/g).join(' '));
  await check(page, 'factor');
  // The cursor stands where the code goes.
  assert.equal(await page.evaluate(() => document.activeElement.name), 'code');
  await page.keyboard.type(code(secret));
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: 'Recovery codes' }).waitFor();
  seconds += 7 * KEY + PAGE;
  const file = await page.locator('a[download]').getAttribute('href');
  assert.equal(decodeURIComponent(file).split('\n').filter(Boolean).length, 11);
  await check(page, 'recovery-codes');
  await page.locator('main a', { hasText: 'I’ve saved them' }).click();
  await page.waitForURL(/\/me\/security$/);
  seconds += ACT + PAGE;
  assert.ok(seconds <= 20, `a second factor takes ${seconds} s`);
  await page.locator('form[action="/me/security/recovery-codes"] button').click();
  await page.locator('h1', { hasText: 'Make new recovery codes?' }).waitFor();
  await check(page, 'question');
  await page.locator('main a', { hasText: 'Go back, change nothing' }).click();
  await page.waitForURL(/\/me\/security$/);
});

test('elsewhere a link confirms with the password, and without script all works', async () => {
  const page = await visit({ javaScriptEnabled: false });
  await page.goto('/register?lang=en');
  await page.locator('[name=display_name]').fill('Mei Ling');
  await page.locator('[name=email]').fill('mei@example.my');
  await page.locator('[name=password]').fill('sebuah pantun lama');
  await page.locator('main form button.wide').first().click();
  const [link] = (await sink.next('/verify/')).match(/http:\/\/localhost\/verify\/\S+/);
  const other = await visit({ javaScriptEnabled: false });
  await other.goto(link);
  await other.locator('[name=current_password]').fill('sebuah pantun lama');
  await other.locator('main form button').click();
  await other.locator('h1', { hasText: 'Your address is confirmed.' }).waitFor();
  await other.locator('main a', { hasText: 'Sign in' }).click();
  await other.waitForURL(/\/login/);
  await other.locator('[name=email]').fill('mei@example.my');
  await other.locator('[name=password]').fill('sebuah pantun lama');
  await other.locator('main form button').first().click();
  await other.waitForURL(/\/me/);
  // Without script, the zone is the site's.
  await other.goto('/admin/new');
  assert.match(await other.locator('details summary').innerText(), /Kuala Lumpur time · RM/);
  await other.locator('[name=first]').fill('Mei');
  await other.locator('button', { hasText: 'See your card' }).click();
  await other.locator('a[href="#day"]', { hasText: 'Which day is it?' }).waitFor();
  assert.equal(await other.locator('[name=first]').inputValue(), 'Mei');
  await other.locator('[name=day_unknown]').check();
  await other.locator('button', { hasText: 'See your card' }).click();
  await other.waitForURL(/\/admin\/o\/mei\/settings\/look/);
});
