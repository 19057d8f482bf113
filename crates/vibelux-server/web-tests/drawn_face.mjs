// A drawn face that a face detector takes for one, happy or sad, for machines without the research
// data. What it looks like was found by trial: soft shadows around the eyes and the nose matter most.

const PARTS = {
  happy: {
    brows: "M248 182Q276 168 302 180M338 180Q364 168 392 182",
    mouth: `<path d='M262 300Q320 316 378 300Q362 356 320 358T262 300Z' fill='#5b1f1f'/>
      <path d='M270 304Q320 318 370 304L362 322Q320 332 278 322Z' fill='#fff'/>
      <path d='M285 272Q252 288 254 312M355 272Q388 288 386 312' stroke='#7d5946' stroke-width='4' fill='none' opacity='.6'/>`,
  },
  sad: {
    brows: "M246 190Q268 178 304 164M336 164Q372 178 394 190",
    mouth: `<path d='M276 338Q320 306 364 338Q320 326 276 338Z' fill='#7c3f3a'/>
      <path d='M272 342Q320 302 368 342' stroke='#5b2a26' stroke-width='6' fill='none'/>`,
  },
};

/** Colour behind the face. */
export const WALL = '8f8a80';

/**
 * A page of 640 x 480 pixels that shows the face.
 * @param {'happy' | 'sad'} expression
 */
export function facePage(expression) {
  const { brows, mouth } = PARTS[expression];
  return `<body style="margin:0;overflow:hidden"><svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
    <defs>
      <radialGradient id="skin" cx=".5" cy=".45" r=".6"><stop stop-color="#d8b49a"/><stop offset=".7" stop-color="#c39a7e"/><stop offset="1" stop-color="#8d6650"/></radialGradient>
      <filter id="soft"><feGaussianBlur stdDeviation="3"/></filter><filter id="softer"><feGaussianBlur stdDeviation="7"/></filter>
    </defs>
    <rect width="640" height="480" fill="#${WALL}"/>
    <path d="M180 480Q200 400 320 400T460 480Z" fill="#445"/><rect x="280" y="340" width="80" height="80" fill="#a87f66"/>
    <ellipse cx="320" cy="195" rx="128" ry="140" fill="#3a2a22"/><ellipse cx="320" cy="235" rx="105" ry="140" fill="url(#skin)"/>
    <path d="M215 190Q240 95 320 100T425 190Q400 130 320 130T215 190Z" fill="#3a2a22"/>
    <g filter="url(#softer)" fill="#7d5946" opacity=".75"><ellipse cx="275" cy="205" rx="32" ry="18"/><ellipse cx="365" cy="205" rx="32" ry="18"/><ellipse cx="320" cy="285" rx="26" ry="8"/><path d="M300 220L290 275L300 282Z"/></g>
    <g filter="url(#softer)" fill="#f0d4bd" opacity=".6"><rect x="313" y="200" width="14" height="70"/><ellipse cx="262" cy="262" rx="22" ry="16"/><ellipse cx="378" cy="262" rx="22" ry="16"/></g>
    <path d="${brows}" fill="none" stroke="#2f211b" stroke-width="8" stroke-linecap="round" filter="url(#soft)"/>
    <g fill="#f4efe9"><ellipse cx="276" cy="210" rx="21" ry="9"/><ellipse cx="364" cy="210" rx="21" ry="9"/></g>
    <g fill="#2a1c14"><circle cx="276" cy="210" r="9"/><circle cx="364" cy="210" r="9"/></g>
    <path d="M254 208Q276 195 298 208M342 208Q364 195 386 208" stroke="#2a1c14" stroke-width="4" fill="none"/>
    <path d="M306 282Q312 290 320 288T334 282" stroke="#6b4636" stroke-width="5" fill="none" filter="url(#soft)"/>
    ${mouth}</svg>`;
}
