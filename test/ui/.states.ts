import { UiServer } from '../helpers/ui-server.ts';
import { openPage, closeBrowser, screenshot } from '../helpers/browser.ts';
async function one(name: string, opts: object, o: {dark?: boolean; width?: number; path?: string}, f: (page: any, server: UiServer) => Promise<void>) {
  const server = new UiServer(opts as never); await server.start();
  const { page, close } = await openPage('about:blank', { width: o.width ?? 1440, dark: o.dark ?? false });
  await f(page, server);
  await screenshot(page, `/tmp/shots/${name}.png`, o.width === 390);
  await close(); await server.stop();
}
const go = async (page: any, server: UiServer, path = '/') => { await page.clock.install(); await page.goto(server.url + path); await page.waitForTimeout(2500); };
await one('offline', { tickMs: 100 }, { dark: true }, async (p, s) => { await go(p, s); s.silent = true; await p.clock.fastForward(20000); await p.waitForTimeout(1200); });
await one('stale', { tickMs: 100 }, {}, async (p, s) => { await go(p, s); s.silent = true; await p.clock.fastForward(11000); await p.waitForTimeout(1200); });
await one('empty', { empty: true }, { dark: true }, async (p, s) => { await p.goto(s.url); await p.waitForTimeout(1500); });
await one('loading', {}, {}, async (p, s) => { s.silent = true; await p.goto(s.url); await p.waitForTimeout(1500); });
await one('error', { tickMs: 100 }, {}, async (p, s) => { s.failing = 'state'; await p.goto(s.url + '/?range=6h'); await p.waitForTimeout(2500); });
await one('paused390', { tickMs: 100 }, {width: 390}, async (p, s) => { await p.goto(s.url + '/?uf=MG&lang=pt'); await p.waitForTimeout(2500); await p.click('[data-tool=pause]'); await p.waitForTimeout(1500) });
await one('r24', { tickMs: 100 }, {width: 1440}, async (p, s) => { await p.goto(s.url + '/?range=24h'); await p.waitForTimeout(3500); await p.hover('pl-time-series .pl-canvas', {position: {x: 300, y: 50}}); await p.waitForTimeout(300); });
await one('filter', { tickMs: 100 }, {width: 1440, dark: true}, async (p, s) => { await p.goto(s.url + '/?range=15m&category=toys'); await p.waitForTimeout(3500); await p.click('[popovertarget]'); await p.waitForTimeout(300); });
await closeBrowser();
