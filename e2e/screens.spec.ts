// Each screen, at both widths and in both themes, to be looked at; and what a screen must have for everyone.
import { expect, test, type Page } from '@playwright/test';
import { pairOnStage } from './studio-page.ts';

const widths = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];

async function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const nameOf = (element: Element) =>
      element.getAttribute('aria-label') ??
      document.getElementById(element.getAttribute('aria-labelledby') ?? '')?.textContent ??
      element.closest('label')?.textContent ??
      document.querySelector(`label[for="${element.id}"]`)?.textContent ??
      element.textContent ??
      '';
    for (const element of document.querySelectorAll('button, a, input, select, [role=img], [role=switch]')) {
      if (nameOf(element).trim() === '') faults.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    if (new Set(ids).size < ids.length) faults.push('an id is used twice');
    if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1');
    if (!document.documentElement.lang) faults.push('no language');
    const overflow = document.documentElement.scrollWidth - window.innerWidth;
    if (overflow > 0) faults.push(`the page is ${overflow} px wider than the window`);
    for (const button of document.querySelectorAll<HTMLElement>('.vote-bar > .button')) {
      if (button.offsetHeight < 44) faults.push(`a vote button is ${button.offsetHeight} px high`);
    }
    return faults;
  });
}

test('screens at both widths and in both themes', async ({ page }) => {
  await page.goto('/');
  await pairOnStage(page);
  await page.keyboard.press('Space');
  for (const size of widths) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const name = `studio-${size.width}-${colorScheme}`;
      await page.screenshot({ path: `test-results/screens/${name}.png`, fullPage: true });
      expect(await faultsOf(page), name).toEqual([]);
    }
  }
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'How it works' })).toBeVisible();
  await page.screenshot({ path: 'test-results/screens/help.png' });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  // A choice of theme outlives the system's and a reload.
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});
