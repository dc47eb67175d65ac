// Debian's Chromium, and visitors in it: each with cookies of its own.
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

// A private browser that asks nobody but the page under test, by TCP unless `flags` say otherwise.
export const open = (...flags) =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      ...(flags.length ? flags : ['--disable-quic']),
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export const phone = { width: 360, height: 640 };
export const desk = { width: 1280, height: 800 };

// A visitor of one Kenduri; `options` are those of a browser context.
export async function visitor(browser, kenduri, options = {}) {
  const context = await browser.newContext({
    baseURL: kenduri.origin,
    viewport: phone,
    reducedMotion: 'reduce',
    timezoneId: 'Asia/Kuala_Lumpur',
    ...options,
  });
  context.setDefaultTimeout(60_000); // a machine of two cores has other things to do
  return context.newPage();
}

// Where something stands once it is shown. A page that still waits for its styles has it, but shows
// nothing.
export async function box(locator) {
  await locator.first().waitFor();
  return locator.first().boundingBox();
}

// Signs in by the link that the program printed for this start. Opening it asks first, because mail
// scanners open everything; pressing the button signs in.
export async function signIn(page, kenduri) {
  await page.goto(await kenduri.link(/^\/sign-in\//));
  await page.locator('main form button').click();
  await page.waitForURL(/\/me$/);
  await page.goto('/admin');
}

const screenshots = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));

// Chromium cannot take pictures of any height.
const tallest = 16_000;

// Keeps a picture of the whole page for people to look at, or of the upper part of a very long one.
export async function keep(page, name) {
  mkdirSync(screenshots, { recursive: true });
  // A page that was just turned to may have no document yet.
  await page.locator('body').first().waitFor();
  const [width, height] = await page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    return [scrollWidth, scrollHeight];
  });
  const clip = { x: 0, y: 0, width, height: Math.min(height, tallest) };
  await page.screenshot({ path: `${screenshots}${name}.jpg`, type: 'jpeg', quality: 80, fullPage: true, clip });
}
