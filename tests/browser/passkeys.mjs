// A passkey is added and signs in, with the browser's own virtual device on the other side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, open, phone } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

// Passkeys belong to a name, not to an address.
const settings = `
[site]
url = "http://localhost"

[listen]
http = ["127.0.0.1:0"]
`;

test('an owner adds a passkey, signs in with it, and removes it', async () => {
  const kenduri = await Kenduri.configured({ 'kenduri.toml': settings });
  let browser;
  try {
    const setup = kenduri.said.join(' ').match(/http:\/\/localhost(\/setup\/\S+)/)[1];
    browser = await open(`--host-resolver-rules=MAP localhost:80 ${new URL(kenduri.origin).host}`);
    const context = await browser.newContext({ baseURL: 'http://localhost', viewport: phone });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const device = await context.newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });

    await page.goto(setup);
    for (const [name, value] of [
      ['name', 'Farah'],
      ['email', 'farah@example.my'],
      ['password', 'sebuah pantun lama'],
    ]) {
      await page.locator(`[name=${name}]`).fill(value);
    }
    await page.locator('main form button').click();
    await page.waitForURL(/\/me$/);

    // Ten minutes after signing in the answer is another one. The proof is passed at once here, as the session
    // is young, and leads back to the name that was typed.
    await page.goto('/me/security?lang=en');
    const keys = page.locator('section', { hasText: 'Passkeys' });
    const options = '**/api/v1/me/passkeys/options';
    const late = { status: 403, contentType: 'application/problem+json', body: '{"code":"sudo_required","detail":"Late"}' };
    await page.route(options, (route) => route.fulfill(late));
    await keys.locator('[name=passkey_name]').fill('Kitchen tablet');
    const proof = page.waitForRequest((request) => new URL(request.url()).pathname === '/sudo');
    await keys.locator('form[data-passkey] button').click();
    await proof;
    await page.waitForURL(/passkey_name=Kitchen/);
    await page.unroute(options);
    assert.equal(await keys.locator('[name=passkey_name]').inputValue(), 'Kitchen tablet');
    await keys.locator('form[data-passkey] button').click();
    await page.waitForURL(/done=passkey/);
    assert.match(await keys.innerText(), /Kitchen tablet[^]*Never used/);
    await keep(page, 'passkeys');

    await page.locator('.menu > summary').click();
    await page.locator('form[action="/logout"] button').first().click();
    await page.waitForURL(/\/login/);
    await keep(page, 'sign-in-with-passkey');
    await page.locator('form[data-passkey] button').click();
    await page.waitForURL(/\/me$/);

    await page.goto('/me/security?lang=en');
    assert.match(await keys.innerText(), /Kitchen tablet[^]*Last used/);

    // The passkey proves once more who it is. The page that asks for that comes after ten minutes;
    // until then another form stands in for its own.
    await keys.locator('form[data-passkey]').evaluate((form) => {
      form.dataset.passkey = 'prove';
      Object.assign(form, { method: 'post', action: '/sudo' });
      for (const [name, value] of Object.entries({ redirect: '/me/data', credential: '' })) {
        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
      }
    });
    await keys.locator('[name=passkey_name]').fill('Not asked for');
    await keys.locator('form[data-passkey] button').click();
    await page.waitForURL(/\/me\/data/);

    await page.goto('/me/security?lang=en');
    await keys.locator('button[name=passkey]').click();
    await page.locator('h1', { hasText: 'Remove the passkey “Kitchen tablet”?' }).waitFor();
    await page.locator('button.fatal').click();
    await page.waitForURL(/done=passkey/);
    assert.doesNotMatch(await keys.innerText(), /Kitchen/);

    // The device still has its key, and the page says that it was not accepted.
    await context.clearCookies();
    await page.goto('/login?lang=en');
    await page.locator('form[data-passkey] button').click();
    await page.locator('[data-problem]:visible', { hasText: 'not accepted' }).waitFor();
  } finally {
    await browser?.close();
    await kenduri.stop();
  }
});
