// Runs before the first paint: the theme must stand before anything is drawn in the wrong one.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem('pulso.theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const asked = new URLSearchParams(location.search).get('theme') ?? kept;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = asked === 'dark' || asked === 'light' ? asked : dark ? 'dark' : 'light';
})();
