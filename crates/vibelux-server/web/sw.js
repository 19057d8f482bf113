// The service worker, which makes the page installable: keeps the shell (the page and its files), so that an
// installed page opens and can say that VibeluX does not answer. Nothing of a face or a song is ever kept: what
// the API answers does not pass through here.

const SHELL = 'vibelux-shell';

/** The page itself and what it is made of; not with a token in its address. @param {URL} url */
const isShell = ({ origin, pathname, search }) => origin === location.origin && search === '' && (pathname === '/' || pathname.startsWith('/assets/'));

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && isShell(new URL(request.url))) event.respondWith(fresh(event));
});

/** What the server has, or where it does not answer, what it had. @param {FetchEvent} event */
async function fresh(event) {
  const { request } = event;
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.type === 'basic') {
      const copy = answer.clone();
      // A browser that has no room goes on without.
      event.waitUntil(caches.open(SHELL).then((cache) => cache.put(request, copy)).catch(() => {}));
    }
    return answer;
  } catch (error) {
    const kept = await caches.match(request).catch(() => undefined);
    if (kept) return kept;
    throw error;
  }
}
