// Makes the icons of the installed page from icons/vibelux.svg: `node icons.mjs`. Needs Chromium.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Chromium } from './chromium.mjs';

const folder = fileURLToPath(new URL('../web/icons/', import.meta.url));
const flower = readFileSync(`${folder}vibelux.svg`, 'base64');
const browser = await Chromium.start({ flags: ['--disable-gpu'] });
// A maskable icon may lose all that is outside of the middle 80 %.
for (const [name, side, share] of /** @type {const} */ ([['vibelux-192', 192, 0.9], ['vibelux-512', 512, 0.9], ['vibelux-maskable', 512, 0.72]])) {
  await browser.resize(side, side);
  await browser.open(`data:text/html,<meta name="viewport" content="width=device-width"><body style="margin:0;height:100vh;display:grid;place-items:center;background:%23f6f5f2"><img style="width:${100 * share}vw" src="data:image/svg+xml;base64,${flower}">`);
  writeFileSync(`${folder}${name}.png`, await browser.screenshot());
}
await browser.stop();
