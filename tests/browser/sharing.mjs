// A host on a phone gives the invitations their look, sends them one after the other, and prints their codes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { box, desk, keep, open, phone, signIn, visitor } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';

const home = '/admin/o/aisyah-daniel';
const scanner = readFileSync(createRequire(import.meta.url).resolve('jsqr'), 'utf8');
let browser;
let kenduri;
let storageState;

// Nothing outside is asked: WhatsApp is not found. Requests are not held up, because a browser that has them held
// up sends none that outlive their page.

before(async () => {
  [browser, kenduri] = await Promise.all([open('--disable-quic', '--host-resolver-rules=MAP wa.me 127.0.0.1:9'), Kenduri.start()]);
  const page = await visitor(browser, kenduri, { viewport: desk });
  await signIn(page, kenduri);
  storageState = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await kenduri?.stop();
});

test('links that only work on this computer are sent to nobody', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  await page.goto(`${home}/invites?lang=en`);
  await page.locator('.head a', { hasText: 'Send invitations' }).click();
  await page.locator('.banner.error', { hasText: 'These links only work on this computer' }).first().waitFor();
  assert.equal(await page.locator('a[data-sends]').count(), 0);
  await page.context().close();
});

// What a scanner reads in parts of a picture, given in pixels.
async function scan(reader, png, parts) {
  return reader.evaluate(async ([png, parts]) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
    canvas.drawImage(picture, 0, 0);
    return parts.map(({ x, y, width, height }) => {
      const { data } = canvas.getImageData(x, y, width, height);
      return globalThis.jsQR(data, width, height)?.data;
    });
  }, [png.toString('base64'), parts]);
}

// The pages of a PDF as pictures, as a printer draws them.
function drawn(pdf, dots) {
  const folder = mkdtempSync(join(tmpdir(), 'kenduri-pdf-'));
  try {
    writeFileSync(join(folder, 'sheet.pdf'), pdf);
    execFileSync('pdftoppm', ['-r', String(dots), '-gray', '-png', join(folder, 'sheet.pdf'), join(folder, 'page')]);
    const pages = readdirSync(folder).filter((name) => name.endsWith('.png')).sort();
    return pages.map((name) => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const papers = { a4: [595, 842], letter: [612, 792] };
const sizes = (pdf) => [...pdf.toString('latin1').matchAll(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/g)].map(([, ...sides]) => sides.map(Number));
const isOn = (paper) => ([width, height]) => Math.abs(width - papers[paper][0]) < 2 && Math.abs(height - papers[paper][1]) < 2;

// Dots in an inch: what a plain office printer has at its lowest.
const dots = 200;

for (const [sheet, paper, fits] of [['cards', 'a4', 10], ['cards', 'letter', 10], ['a6', 'a4', 4], ['a6', 'letter', 2], ['codes', 'a4', 24], ['codes', 'letter', 10]]) {
  test(`every code is read back from the PDF of ${sheet} on ${paper}`, async () => {
    const page = await visitor(browser, kenduri, { viewport: desk, storageState });
    await page.goto(`${home}/print/${sheet}?lang=en&paper=${paper}`);
    const pieces = await page.locator('.piece').count();
    await page.emulateMedia({ media: 'print' });
    assert.ok(!(await page.locator('.unprinted').first().isVisible()));
    // Where each code must be on its sheet, in inches, and that nothing is cut off.
    const places = await page.evaluate(() => [...document.querySelectorAll('.sheet')].map((sheet) => {
      const corner = sheet.getBoundingClientRect();
      return [...sheet.querySelectorAll('.piece')].map((piece) => {
        const qr = piece.querySelector('.qr').getBoundingClientRect();
        const words = piece.firstElementChild.getBoundingClientRect();
        const own = piece.getBoundingClientRect();
        const fits = [qr, words].every((part) => part.top >= own.top - 1 && part.bottom <= own.bottom + 1 && part.left >= own.left - 1 && part.right <= own.right + 1);
        return { code: piece.querySelector('.code').textContent, fits, x: (qr.x - corner.x) / 96, y: (qr.y - corner.y) / 96, side: qr.width / 96 };
      });
    }));
    for (const { code, fits } of places.flat()) assert.ok(fits, `${code} is cut off`);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(sizes(pdf).length, Math.ceil(pieces / fits));
    assert.ok(sizes(pdf).every(isOn(paper)), JSON.stringify(sizes(pdf)));
    const pictures = drawn(pdf, dots);
    const reader = await browser.newPage();
    await reader.addScriptTag({ content: scanner });
    let read = 0;
    for (const [number, onSheet] of places.entries()) {
      const parts = onSheet.map(({ x, y, side }) => ({ x: Math.round(x * dots), y: Math.round(y * dots), width: Math.ceil(side * dots), height: Math.ceil(side * dots) }));
      const found = await scan(reader, pictures[number], parts);
      for (const [index, { code }] of onSheet.entries()) {
        assert.ok(found[index]?.startsWith(`${kenduri.origin}/invite/${code}?k=`), `${code}: ${found[index]}`);
        read += 1;
      }
    }
    assert.ok(read === pieces && read > 30, `${read} of ${pieces}`);
    await reader.close();
    await page.context().close();
  });
}

for (const paper of ['a4', 'letter']) {
  test(`place cards and the list for the door are printed on ${paper}`, async () => {
    const page = await visitor(browser, kenduri, { viewport: desk, storageState });
    await page.goto(`${home}/print/places?lang=en&event=reception&paper=${paper}`);
    const pieces = await page.locator('.piece').count();
    const cards = await page.pdf({ preferCSSPageSize: true });
    assert.equal(sizes(cards).length, Math.ceil(pieces / 6));
    assert.ok(sizes(cards).every(isOn(paper)));
    await page.goto(`${home}/print/door?lang=en&paper=${paper}`);
    assert.ok((await page.locator('tbody tr').count()) >= pieces);
    const list = await page.pdf({ preferCSSPageSize: true });
    assert.ok(sizes(list).length > 1 && sizes(list).every(isOn(paper)), JSON.stringify(sizes(list)));
    await page.context().close();
  });
}

test('a host gives the invitation a picture and a colour, and takes the picture away', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  await page.goto(`${home}/settings/cover?lang=en`);
  // A photograph as large as a phone takes, drawn here.
  const photo = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(3000, 2000);
    const draw = canvas.getContext('2d');
    const sky = draw.createLinearGradient(0, 0, 0, 2000);
    sky.addColorStop(0, '#2e5fa8');
    sky.addColorStop(1, '#f6c27a');
    draw.fillStyle = sky;
    draw.fillRect(0, 0, 3000, 2000);
    draw.fillStyle = '#1d3b2a';
    for (let tree = 0; tree < 40; tree++) draw.fillRect(tree * 80, 1300 + (tree * 137) % 300, 70, 900);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await page.locator('input[type=file]').setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photo) });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.focus img').waitFor();
  await page.goto(`${home}/settings/look?lang=en`);
  const cut = await page.locator('.miniature').evaluateAll((all) => {
    const end = (part) => part.getBoundingClientRect().bottom;
    return all.filter((one) => end(one.querySelector('.date')) > end(one)).map((one) => one.className);
  });
  assert.deepEqual(cut, [], 'a small card shows all its words');
  await page.goto(`${home}/settings/look/songket?lang=en`);
  await page.locator('#accent_own').check();
  await page.locator('[id="theme.accent"]').fill('#ffee00');
  await page.getByRole('button', { name: 'Use this look' }).click();
  await page.getByText('On light pages your colour is').waitFor();
  await keep(page, 'settings-look-360');
  for (const [name, viewport, colorScheme] of [['360', phone, 'light'], ['360-dark', phone, 'dark'], ['1280', desk, 'light']]) {
    const guest = await visitor(browser, kenduri, { viewport, colorScheme });
    let weight = 0;
    guest.on('response', async (response) => {
      if (response.url().includes('/cover/')) weight = Number(response.headers()['content-length']) || (await response.body()).length;
    });
    await guest.goto('/o/aisyah-daniel?lang=en');
    const picture = guest.locator('.cover img');
    await picture.evaluate((img) => img.decode());
    const { width, height } = await box(picture);
    assert.ok(Math.abs(width / height - 9 / 5) < 0.02, `${width} × ${height}`);
    assert.ok(weight > 0 && weight <= 22 * 1024, `${weight} bytes`);
    assert.ok(await guest.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen');
    await keep(guest, `cover-${name}`);
    await guest.context().close();
  }
  await page.goto(`${home}/settings/cover?lang=en`);
  await keep(page, 'settings-cover-360');
  await page.getByRole('button', { name: 'Remove the photo' }).click();
  await page.getByText('Saved', { exact: false }).first().waitFor();
  assert.equal(await page.locator('.focus').count(), 0);
  await page.context().close();
});

test('households that were chosen in the list are marked as sent, and unmarked by one press', async () => {
  const page = await visitor(browser, kenduri, { viewport: phone, storageState });
  await page.goto(`${home}/invites?lang=en&sent=no`);
  await page.locator('.selects a').click();
  const boxes = page.locator('td.pick input');
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole('button', { name: 'Mark as sent' }).click();
  const undo = page.getByRole('button', { name: 'Undo' });
  for (let turn = 0; turn < 50 && !(await undo.count()); turn++) await page.reload();
  await keep(page, 'marked-360');
  await undo.click();
  await page.getByText('Mark as not sent').first().waitFor();
  await page.context().close();
});
