// A personal site that was imported from a dump: what strangers see of it, and what people see who sign in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Site, ask } from './site.mjs';

const patience_ms = 60_000;
const farahs = '/farah/incident-timer';
const daniels = `/daniel-${'very-'.repeat(9)}long-slug/incident-timer`;
const words = ['import', 'personal-site', 'older-site.sql', '--config', 'kenduri.toml', '--owner', 'farah@older.example'];

let site, tried;

before(async () => {
  const prepare = async (run) => {
    tried = await run(...words);
    await run(...words, '--write');
  };
  site = await Site.run('personal', 'kenduri.toml', undefined, [], prepare);
});
after(() => site?.stop());

// A browser's cookies, and forms that it sends.
class Cookies {
  kept = new Map();

  async ask(path, options = {}) {
    const cookie = [...this.kept].map((pair) => pair.join('=')).join('; ');
    const headers = { Cookie: cookie, Accept: 'text/html', ...options.headers };
    const answer = await ask(`${site.origin}${path}`, { ...options, headers });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      this.kept.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  async signIn(email, password) {
    const { text } = await this.ask('/login');
    const [, csrf] = text.match(/name="_csrf" value="([^"]+)"/);
    const body = new URLSearchParams({ _csrf: csrf, email, password, redirect: '' }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: site.origin };
    return this.ask('/login', { method: 'POST', headers, body });
  }
}

describe('a personal site that was imported', { timeout: 4 * patience_ms }, () => {
  test('the trial said what would come, and wrote nothing', () => {
    assert.match(tried, /people +5 new/);
    assert.match(tried, /--write does it/);
  });

  test('strangers see what is public', async () => {
    const page = await ask(`${site.origin}${farahs}`);
    assert.equal(page.status, 200);
    assert.match(page.text, /Farah binti Ali/);
    assert.equal((await ask(`${site.origin}${daniels}`)).status, 404);
    assert.match((await ask(`${site.origin}/blog/kopi`)).text, /Kopi/);
  });

  test('the old password signs in, and shows what is private', async () => {
    const daniel = new Cookies();
    const refused = await daniel.signIn('daniel@older.example', 'something else');
    assert.equal(refused.status, 401);
    const signedIn = await daniel.signIn('daniel@older.example', 'cafe\u0301 latte satu');
    assert.equal(signedIn.status, 303);
    assert.equal((await daniel.ask(daniels)).status, 200);
    assert.equal((await daniel.ask(farahs)).status, 200);
  });
});
