// Runs before the first paint (a classic script, so that no white page flashes in a dark room):
// puts the chosen theme and language on the document. settings.js writes what it reads.
(() => {
  try {
    const saved = JSON.parse(localStorage.getItem('vibelux') ?? '{}');
    if (saved.theme === 'light' || saved.theme === 'dark') document.documentElement.dataset.theme = saved.theme;
    if (['en', 'de', 'fr', 'es'].includes(saved.language)) document.documentElement.lang = saved.language;
  } catch {
    // Without storage the system's theme and language hold.
  }
})();
