// An editor writes a post with two pictures, looks at it, publishes it and withdraws it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow, traffic } from './looking.mjs';

let browser;
let kenduri;
let storageState; // of an editor who has signed in
let picture;

before(async () => {
  [browser, kenduri] = await Promise.all([open(), Kenduri.start()]);
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  const buffer = await page.screenshot({ clip: { x: 0, y: 0, width: 600, height: 400 } });
  picture = { name: 'kopi.png', mimeType: 'image/png', buffer };
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

const editor = (options = {}) => visitor(browser, kenduri, { viewport: desk, locale: 'en', storageState, ...options });

// How long somebody takes who does it with keyboard and mouse: 0.28 s a key, 2.65 s an act, 4 s a page.
class Stopwatch {
  seconds = 0;
  async type(field, words) {
    await field.fill(words);
    this.seconds += 2.65 + 0.28 * words.length;
  }
  async act(done) {
    await done;
    this.seconds += 2.65;
  }
  async turn(page, done) {
    await Promise.all([page.waitForNavigation(), done()]);
    this.seconds += 2.65 + 4;
  }
}

async function look(page, name) {
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], [], name);
  await keep(page, name);
}

test('a post with a picture is written and published within 70 seconds', async () => {
  const page = await editor();
  await page.goto('/me/posts');
  const watch = new Stopwatch();
  await watch.turn(page, () => page.locator('main .button', { hasText: 'New article' }).click());
  await watch.type(page.locator('#title'), 'Kopi in the rain');
  await watch.type(page.locator('#body'), 'It rained, and the kopi was better for it.');
  await watch.act(page.locator('#image').setInputFiles(picture));
  await watch.type(page.locator('#image_alt'), 'A cup of kopi');
  await watch.turn(page, () => page.locator('.save-bar button', { hasText: 'Publish' }).click());
  assert.match(page.url(), /done=saved/);
  assert.ok(watch.seconds <= 70, `${watch.seconds} seconds`);
});

test('an editor puts two pictures into a text, looks at it, publishes and withdraws it', async () => {
  const page = await editor();
  const seen = await traffic(page, kenduri.origin);
  await page.goto('/me/posts/new?kind=article');
  await page.locator('#title').fill('Two pictures');
  const body = page.locator('#body');
  await body.fill('Before the rain.\n\nAfter the rain.\n\n```\nkopi + o\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nSweet[^1].\n\n[^1]: Or not.');
  await body.evaluate((field) => (field.selectionStart = field.selectionEnd = 16));
  await page.locator('.text summary').click();
  await page.locator('#text_image').setInputFiles(picture);
  await page.locator('#text_image_alt').fill('A gate');
  await page.locator('[name=act][value=picture]').click();
  await page.waitForFunction(() => document.querySelector('#body').value.includes('![A gate]'));
  assert.match(await body.inputValue(), /^Before the rain\.\n\n!\[A gate\]\(\/blog\/images\/\S+-600x400\.jpg\)\n\nAfter/);
  // The caret stands behind the picture.
  assert.equal(await body.evaluate((field) => field.value.slice(field.selectionStart).trim().slice(0, 5)), 'After');

  // The second one is pasted, and its description is missing at first.
  await body.evaluate(async (field, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'b.png', { type: 'image/png' }));
    field.selectionStart = field.selectionEnd = field.value.length;
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, [...picture.buffer]);
  await page.waitForFunction(() => document.querySelector('#body').value.includes('![]('));

  await page.locator('[name=act][value=preview]').click();
  await page.locator('.preview-text').waitFor();
  assert.equal(await page.locator('.preview-text img').count(), 2);
  await look(page, 'posts-preview-1280');
  await page.locator('[name=act][value=write]').click();
  await page.locator('.preview-text').waitFor({ state: 'detached' });

  const publish = page.locator('.save-bar button', { hasText: 'Publish' });
  await Promise.all([page.waitForNavigation(), publish.click()]);
  await page.locator('#body-wrong').waitFor();
  await look(page, 'posts-refused-1280');
  await page.setViewportSize(phone);
  await look(page, 'posts-refused-360');
  await body.fill((await body.inputValue()).replace('![](', '![A hall]('));
  await Promise.all([page.waitForURL(/done=saved/), publish.click()]);
  await look(page, 'posts-editor-360');
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('typed/')).length), 0);

  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [phone, desk]) {
      const reader = await visitor(browser, kenduri, { viewport, colorScheme, locale: 'en' });
      for (const [name, path] of [['post', '/blog/two-pictures'], ['list', '/blog']]) {
        await reader.goto(path);
        await look(reader, `posts-${name}-${viewport.width}-${colorScheme}`);
      }
      await reader.context().close();
    }
  }
  const reader = await visitor(browser, kenduri, { locale: 'en' });
  await reader.goto('/blog/two-pictures');
  assert.equal(await reader.locator('.prose img').count(), 2);
  await reader.locator('a[rel=author]').waitFor();
  await reader.locator('a[rel=prev]', { hasText: 'Kopi in the rain' }).waitFor();

  await page.locator('a', { hasText: 'Withdraw…' }).click();
  await page.waitForURL(/\/withdraw$/);
  await look(page, 'posts-withdraw-360');
  await Promise.all([page.waitForURL(/done=withdrawn/), page.locator('main button', { hasText: 'Withdraw' }).click()]);
  assert.equal((await reader.goto('/blog/two-pictures')).status(), 410);
  assert.deepEqual(seen.complaints, []);
});

test('a post is written without script', async () => {
  const page = await editor({ javaScriptEnabled: false });
  await page.goto('/me/posts/new?kind=article');
  await page.locator('#title').fill('Without script');
  await page.locator('#body').fill('Words');
  await page.locator('.text summary').click();
  await page.locator('#text_image').setInputFiles(picture);
  await page.locator('#text_image_alt').fill('A gate');
  await page.locator('[name=act][value=picture]').click();
  await page.waitForLoadState();
  assert.match(await page.locator('#body').inputValue(), /^Words\n\n!\[A gate\]/);
  await page.locator('.save-bar button', { hasText: 'Publish' }).click();
  await page.waitForURL(/done=saved/);
});

test('what was typed is there again, and goes when its person signs out', async () => {
  const page = await editor();
  page.on('dialog', (dialog) => dialog.accept());
  const typed = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('typed/')).length);
  await page.goto('/me/posts/new?kind=note');
  await page.locator('#body').fill('Half a thought');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('typed/')));
  await page.goto('/me/posts/new?kind=note');
  assert.equal(await page.locator('#body').inputValue(), '');
  await page.locator('[data-kept-use]').click();
  assert.equal(await page.locator('#body').inputValue(), 'Half a thought');
  await page.locator('form[action="/logout"] button').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/me/posts'));
  assert.equal(await typed(), 0);
});
