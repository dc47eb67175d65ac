// Finds every page that a visitor can reach, one of each kind.

// Pages of one kind differ in ids, in keys and in the values of their questions only; the language,
// and the check of a link, make no other page.
function kind(path) {
  const { pathname, search } = new URL(path, 'http://kenduri');
  const place = pathname
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replace(/(\/settings\/look\/)[^/]+/, '$1{look}')
    .replace(/(\/settings\/(?:diets|questions)\/)(?!new$)[^/]+/, '$1{key}');
  return search ? `${place}?` : place;
}

const isPage = (path) => !/\.(ics|csv|xlsx|jsonl?|svg|png|css|js|woff2)\b|\/stream|^\/assets\/|\/feed\b/.test(path);

// Follows links from `starts` that stay `within`; answers with an example of each kind, as found.
export async function pages(page, starts, within) {
  const found = new Map();
  const waiting = [...starts];
  while (waiting.length) {
    const path = waiting.shift();
    if (found.has(kind(path))) continue;
    found.set(kind(path), path);
    await page.goto(path);
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href));
    for (const link of links) {
      const url = new URL(link);
      for (const parameter of ['lang', 'k']) url.searchParams.delete(parameter);
      const next = url.pathname + url.search;
      const isHere = url.origin === new URL(page.url()).origin && within.test(next);
      if (isHere && isPage(next) && !found.has(kind(next))) waiting.push(next);
    }
  }
  return [...found.values()];
}
