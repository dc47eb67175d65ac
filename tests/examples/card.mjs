// The wedding card as a guest uses it.
const patience_ms = 60_000;

// Fills the form and sends it; answers with what the card then says.
export async function fill(page, { name, guests }) {
  await page.locator('#name').fill(name);
  await page.locator('.choice.yes').click();
  await page.locator('#guests').fill(String(guests));
  await page.locator('#send').click();
  await page.locator('#thanks').waitFor({ timeout: patience_ms });
  return page.locator('#answer').textContent();
}
