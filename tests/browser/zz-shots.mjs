import { writeFileSync } from 'node:fs';
import { open, visitor, signIn } from './browser.mjs';
import { Kenduri } from './kenduri.mjs';
import { accessibility, overflow } from './looking.mjs';
const browser = await open();
const kenduri = await Kenduri.start();
const page = await visitor(browser, kenduri, { viewport: { width: 360, height: 740 } });
await signIn(page, kenduri);
const home = '/admin/o/aisyah-daniel';
const shot = async (name) => {
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 860 });
    await page.screenshot({ path: `/tmp/shots/${name}-${width}.png`, fullPage: true });
  }
  console.log(name, JSON.stringify([...(await accessibility(page)), ...(await overflow(page))], null, 1));
};
await page.goto(`${home}/import?lang=en`);
await shot('start');
const csv = `Our wedding,,,,,,,
No.,Nama / Name,Side,Pax,HP,E-mail,Diet / remarks,Lang
1,Encik Razak & Puan Salmah,Bride,2,+60 12-345 6783,"salmah8@example,com",,Malay
2,Khoo Ee Ling & family,Groom,4,012-345 6780,ethan40@example.com,no nuts,English
3,Pak Su Din,Bride,5,012-345 6789,nobody,,Malay
4,Ravi s/o Muniandy & Priya,Friends,2,6.01E+10,priya43@example.com,"halal, vegan",English
5,Dr. Wong Siew Ling & Mr. Chan Kok Wai,Groom,2,012-345 6788,,No beef,CN
6,Auntie Mei Fong (not coming),Groom,2,012-345 6781,guest26@example.com,,English
7,Colleague table 1,Work,10,,,,
8,Rahmat,Bride,3,012-399 1122,,,Klingon
,TBC,,2,,,,
,TOTAL,,30,,,,
`;
await page.locator('[name=file]').setInputFiles({ name: 'guests-own.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
await page.locator('form[enctype] button').click();
await page.locator('select[name=column]').first().waitFor();
await shot('map');
await page.locator('section[aria-labelledby=invite] summary').click().catch(() => 0);
await shot('map-open');
await page.locator('[name=event]:enabled').first().check();
await page.locator('.save-bar button').click();
await page.locator('button[name=look]').waitFor();
await shot('preview');
for (const field of await page.locator('[name^="choice.email"]').all()) await field.fill('not an address');
await page.locator('button[name=look]').click();
await page.locator('.complaint').first().waitFor();
await shot('preview-wrong');
for (const field of await page.locator('[name^="choice.email"]').all()) await field.fill('');
await page.locator('button[name=go]').click();
await page.waitForURL(/import\/[0-9a-f-]+/);
await shot('running');
for (let i = 0; i < 60 && !(await page.locator('button.danger').count()); i++) { await new Promise((r) => setTimeout(r, 1000)); await page.reload(); }
await page.goto(page.url().split('?')[0] + '?lang=en');
await shot('result');
const file = await page.request.get(page.url().split('?')[0] + '/left-out');
console.log(file.status(), file.headers()['content-disposition'], await file.text());
await page.goto(page.url().split('?')[0] + '?lang=ms');
await shot('result-ms');
await browser.close(); await kenduri.stop?.();
process.exit(0);
