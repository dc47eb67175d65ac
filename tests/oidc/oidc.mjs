// People sign in to the built program with npm's oidc-provider, by its own pages. A browser without script is
// enough: redirects, forms and cookies.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const built =
  process.env.TESTED_PROGRAM ?? fileURLToPath(new URL('../../target/debug/kenduri', import.meta.url));
const patience = 60_000;

// Kenduri's port has to be known before it is started, because the provider knows where it sends people back to.
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// A browser as far as these pages need one.
class Browser {
  #jars = new Map();

  async open(address, options = {}) {
    let next = { address, ...options };
    for (let hops = 0; hops < 20; hops += 1) {
      const url = new URL(next.address);
      const jar = this.#jar(url);
      const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, {
        method: next.body ? 'POST' : 'GET',
        body: next.body,
        redirect: 'manual',
        headers: {
          'accept-language': 'en',
          accept: 'text/html',
          ...(cookies && { cookie: cookies }),
          ...(next.body && { origin: next.from, 'sec-fetch-site': 'same-origin' }),
        },
      });
      // Debian 12's Node has no getSetCookie. No date in a cookie has an equals sign behind its comma.
      const set = response.headers.get('set-cookie')?.split(/, (?=[^;,= ]+=)/) ?? [];
      for (const cookie of set) {
        const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
        const isGone = value === '' || /max-age=0\b/i.test(cookie) || /expires=Thu, 01 Jan 1970/i.test(cookie);
        if (isGone) jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) return { url, status: response.status, text: await response.text() };
      next = { address: new URL(location, url).href };
    }
    throw new Error(`too many redirects from ${address}`);
  }

  // Fills in the first form of a page whose action fits, and sends it.
  async submit(page, action, fields = {}) {
    const forms = [...page.text.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([form]) => form);
    const target = (form) => form.match(/<form[^>]*\saction="([^"]*)"/)?.[1].replaceAll('&amp;', '&') ?? '';
    const form = forms.find((form) => action.test(target(form)));
    assert.ok(form, `no form ${action} in:\n${page.text}`);
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      const attribute = (name) => input.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1] ?? '';
      if (attribute('name') && attribute('type') !== 'checkbox') body.set(attribute('name'), attribute('value'));
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return this.open(new URL(target(form), page.url).href, { body, from: page.url.origin });
  }

  #jar(url) {
    if (!this.#jars.has(url.host)) this.#jars.set(url.host, new Map());
    return this.#jars.get(url.host);
  }
}

let kenduri;
let provider;

// The provider, whose people are what they type as their name.
async function startProvider(callback) {
  // A test that fails before its end must not wait for this server.
  const server = createServer().listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'one' };
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: 'kenduri',
        client_secret: 'a secret: with signs & spaces',
        redirect_uris: [callback],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['of this test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.my`, email_verified: true, name: `${id} binti Ali` }),
    }),
  });
  server.on('request', oidc.callback());
  return { issuer, server };
}

// A program in a folder of its own, which knows the provider.
async function startKenduri(port, issuer) {
  const folder = mkdtempSync(join(tmpdir(), 'kenduri-oidc-'));
  writeFileSync(join(folder, 'oidc.secret'), 'a secret: with signs & spaces\n');
  writeFileSync(
    join(folder, 'kenduri.toml'),
    `[site]
url = "http://127.0.0.1:${port}"
[listen]
http = ["127.0.0.1:${port}"]
[mail]
url = "smtp://127.0.0.1:9"
[accounts]
registration = "open"
[[accounts.provider]]
name = "rumah"
label = "Rumah ID"
issuer = "${issuer}"
client_id = "kenduri"
client_secret_file = "oidc.secret"
trusted_email = true
private_network = true
`,
  );
  const flags = ['--config', join(folder, 'kenduri.toml'), '--data', join(folder, 'data')];
  const program = spawn(built, ['serve', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KENDURI_LOG_LEVEL: 'warn' },
  });
  process.once('exit', () => program.kill('SIGKILL'));
  const said = [];
  const slow = setTimeout(() => program.kill('SIGKILL'), patience);
  const lines = createInterface({ input: program.stdout });
  await new Promise((answers, fails) => {
    lines.on('line', (line) => {
      said.push(line);
      if (/answers at http:/.test(line)) answers();
    });
    lines.on('close', () => fails(new Error(`the program did not start:\n${said.join('\n')}`)));
  });
  clearTimeout(slow);
  return { origin: `http://127.0.0.1:${port}`, program, folder, said };
}

before(async () => {
  const port = await freePort();
  provider = await startProvider(`http://127.0.0.1:${port}/oauth/rumah/callback`);
  kenduri = await startKenduri(port, provider.issuer);
});

after(async () => {
  if (kenduri) {
    const ended = once(kenduri.program, 'exit');
    kenduri.program.kill('SIGTERM');
    await ended;
    rmSync(kenduri.folder, { recursive: true, force: true });
  }
  provider?.server.closeAllConnections();
  provider?.server.close();
});

// From the provider's first page back to Kenduri.
async function agree(browser, page, name) {
  assert.equal(page.url.origin, provider.issuer, page.text);
  let next = page;
  if (/name="login"/.test(next.text)) {
    next = await browser.submit(next, /interaction/, { login: name, password: 'anything' });
  }
  if (next.url.origin === provider.issuer) next = await browser.submit(next, /interaction/);
  assert.equal(next.url.origin, kenduri.origin, next.text);
  return next;
}

async function signIn(browser, name) {
  const login = await browser.open(`${kenduri.origin}/login`);
  return agree(browser, await browser.submit(login, /^\/oauth\/rumah\/start$/), name);
}

async function me(browser) {
  const { status, text } = await browser.open(`${kenduri.origin}/api/v1/me`);
  return status === 200 ? JSON.parse(text) : undefined;
}

test('a newcomer gets an account, and the same one the next time', async () => {
  const browser = new Browser();
  const page = await signIn(browser, 'farah');
  assert.equal(page.status, 200, page.text);
  const farah = await me(browser);
  assert.equal(farah.email, 'farah@example.my');
  assert.equal(farah.display_name, 'farah binti Ali');
  assert.equal(farah.unverified, false);
  const again = new Browser();
  await signIn(again, 'farah');
  assert.equal((await me(again)).id, farah.id);
  const other = new Browser();
  await signIn(other, 'nurul');
  assert.notEqual((await me(other)).id, farah.id);
});

test('whoever says no at the provider is not signed in', async () => {
  const browser = new Browser();
  const login = await browser.open(`${kenduri.origin}/login`);
  const asked = await browser.submit(login, /^\/oauth\/rumah\/start$/);
  const abort = asked.text.match(/href="([^"]*\/abort)"/);
  assert.ok(abort, asked.text);
  const page = await browser.open(new URL(abort[1], asked.url).href);
  assert.equal(page.url.origin, kenduri.origin);
  assert.equal(page.status, 400, page.text);
  assert.equal(await me(browser), undefined);
});

test('the owner links the provider, and signs in with it', async () => {
  const setup = kenduri.said.join(' ').match(/http:\/\/\S+\/setup\/\S+/)[0];
  const browser = new Browser();
  const page = await browser.open(setup);
  const done = await browser.submit(page, /^$|setup/, {
    name: 'Aisyah',
    email: 'aisyah@example.my',
    password: 'sebuah pantun lama',
  });
  assert.equal(done.status, 200, done.text);
  const owner = await me(browser);

  // The address of the owner alone links nothing.
  const stranger = new Browser();
  const refused = await signIn(stranger, 'aisyah');
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /Sign in once to link/);
  assert.equal(await me(stranger), undefined);

  const security = await browser.open(`${kenduri.origin}/me/security`);
  const asked = await browser.submit(security, /^\/oauth\/rumah\/start$/);
  const linked = await agree(browser, asked, 'someone-else-there');
  assert.equal(linked.url.pathname, '/me/security');
  assert.match(linked.text, /Rumah ID/);
  const next = new Browser();
  await signIn(next, 'someone-else-there');
  assert.equal((await me(next)).id, owner.id);
});
