/** How the page is built: plain files under ui/dist, one entry, the rest fetched when first needed. */
import { defineConfig } from 'vite';

/** Indentation inside of templates would be served to every visitor; a browser shows none of it. */
const withoutIndentation = {
  name: 'without-indentation',
  enforce: 'pre' as const,
  transform: (code: string, id: string) => (/\/ui\/.*\.ts$/.test(id) ? code.replace(/\n[ \t]+/g, '\n') : null),
};

/** Curves, steps and clocks of the library that nobody here draws: the page has axes of its own. */
const withoutCurves = {
  name: 'without-curves',
  transform: (code: string, id: string) =>
    /uPlot\.esm\.js$/.test(id)
      ? code.replace(/\(?(paths\.(stepped|spline)|uPlot\.(tzDate|rangeAsinh|rangeLog|orient)) *= \w+\)?;/g, '')
      : null,
};

export default defineConfig({
  plugins: [withoutIndentation, withoutCurves],
  root: import.meta.dirname,
  resolve: { dedupe: ['lit'] },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Every asset is a file of its own: a strict content policy need not allow data: URLs.
    assetsInlineLimit: 0,
    modulePreload: false,
    // One sheet for all pages: five KB more at first, and no script that fetches the others.
    cssCodeSplit: false,
  },
});
