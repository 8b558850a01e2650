/** How the page is built: plain files under ui/dist, one entry, the rest fetched when first needed. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { dedupe: ['lit'] },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Every asset is a file of its own: a strict content policy need not allow data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
