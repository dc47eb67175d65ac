// Finds every page that a visitor can reach, one of each kind.

// Pages of one kind differ in ids, codes and the values of their questions only.
function kind(path) {
  const url = new URL(path, 'http://kenduri');
  const keys = [...url.searchParams.keys()].filter((key) => key !== 'lang').sort();
  const place = url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}');
  return keys.length ? `${place}?${keys}` : place;
}

const isPage = (path) =>
  path.startsWith('/') && !path.startsWith('//') && !/\.(ics|csv|xlsx|json|svg|png|css|js|woff2)\b|\/stream|^\/assets\//.test(path);

// Follows links from `starts`; answers with an example of each kind, in the order found.
export async function pages(page, starts, most = 80) {
  const found = new Map();
  const waiting = [...starts];
  while (waiting.length && found.size < most) {
    const path = waiting.shift();
    if (found.has(kind(path))) continue;
    found.set(kind(path), path);
    await page.goto(path);
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href));
    for (const link of links) {
      const url = new URL(link);
      url.searchParams.delete('lang');
      const next = url.pathname + url.search;
      if (url.origin === new URL(page.url()).origin && isPage(next) && !found.has(kind(next))) waiting.push(next);
    }
  }
  return [...found.values()];
}
