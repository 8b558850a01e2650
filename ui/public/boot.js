// Runs before the first paint: the theme must stand before anything is drawn in the wrong one.
(() => {
  const asked = new URLSearchParams(location.search).get('theme') ?? localStorage.getItem('pulso.theme');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = asked === 'dark' || asked === 'light' ? asked : dark ? 'dark' : 'light';
})();
