// What is wrong with a page that a program can see. Each function answers with a list of complaints.
import assert from 'node:assert/strict';
import axe from 'axe-core/axe.min.js';
import { keep } from './browser.mjs';

const withAxe = new WeakSet();

// Accessibility, as far as axe sees it; contrasts of colours, its slowest rule, only if wanted.
export async function accessibility(page, colours = true) {
  if (!withAxe.has(page)) {
    withAxe.add(page);
    // Wherever this page goes next, the browser has it there already: handing it over takes longer
    // than most of its rules together.
    await page.addInitScript(`if (self === top) { ${axe.source} }`);
    await page.evaluate(axe.source);
  }
  const options = { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: colours } } };
  const { violations } = await page.evaluate((options) => globalThis.axe.run(options), options);
  return violations.map(
    ({ id, help, nodes }) => `axe ${id}: ${help}\n    ${nodes.map((node) => node.html).join('\n    ')}`,
  );
}

// Nothing may make a person scroll sideways, down to 320 pixels.
export async function overflow(page) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 320, height });
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const guilty = [...document.body.querySelectorAll('*')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 0 && (right > room + 1 || left < -1);
      })
      .slice(0, 3)
      .map((element) => element.outerHTML.slice(0, 160));
    return guilty.length ? guilty : ['the page, for no element that can be named'];
  });
  await page.setViewportSize({ width, height });
  return wide.map((html) => `wider than 320 pixels: ${html}`);
}

// Keeps a picture of the page, and fails if either of these complains.
export async function look(page, name) {
  await keep(page, name);
  assert.deepEqual([...(await accessibility(page)), ...(await overflow(page))], [], name);
}

// Watches what a page loads, from now on: other hosts, failures, and how many bytes came.
export async function traffic(page, origin) {
  const complaints = [];
  let bytes = 0;
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) complaints.push(`asked another host: ${url}`);
  });
  page.on('requestfailed', (request) => {
    // A stream of news ends when its page is left.
    if (request.failure().errorText !== 'net::ERR_ABORTED') complaints.push(`not loaded: ${request.url()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script failed: ${error}`));
  page.on('console', (message) => {
    // A page that is itself a 404 says so here; that is not a fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(`the browser complains: ${message.text()}`);
    }
  });
  const developer = await page.context().newCDPSession(page);
  await developer.send('Network.enable');
  developer.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  return { complaints, bytes: () => bytes };
}
