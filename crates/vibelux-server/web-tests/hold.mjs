// One check of the page: done, told of, and kept as a picture where that is asked for.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} name
 * @param {() => Promise<string | void>} check  Throws if something is not so; what it gives is told.
 * @param {import('./chromium.mjs').Chromium} browser
 * @param {string | undefined} screenshots  The folder of the pictures.
 * @returns {Promise<boolean>}  Whether it holds.
 */
export async function hold(name, check, browser, screenshots) {
  const start = Date.now();
  let holds = true;
  try {
    const said = await check();
    console.log(`ok      ${name}${said ? `: ${said}` : ''} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    holds = false;
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : error}`);
  }
  if (screenshots) {
    mkdirSync(screenshots, { recursive: true });
    writeFileSync(join(screenshots, `${name.replaceAll(/\W+/g, '-')}.png`), await browser.screenshot());
  }
  return holds;
}

/**
 * Does all checks, one after the other, and tells how many failed.
 * @param {[string, () => Promise<string | void>][]} checks
 * @param {import('./chromium.mjs').Chromium} browser
 * @param {string | undefined} screenshots  The folder of the pictures.
 * @returns {Promise<boolean>}  Whether all hold.
 */
export async function holdAll(checks, browser, screenshots) {
  let failed = 0;
  for (const [name, check] of checks) {
    if (!(await hold(name, check, browser, screenshots))) failed += 1;
  }
  console.log(`${failed} failed`);
  return failed === 0;
}
