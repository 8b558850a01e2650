/** The frame of the page in a real browser: theme, language, token, width, accessibility, weight, cost. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations, closeBrowser, mainThreadShare, openPage, overflow } from '../helpers/browser.ts';
import { until, untilAddress, untilFits } from '../helpers/page-waits.ts';
import { FIXTURE_TOKEN, UiServer } from '../helpers/ui-server.ts';
import { systemTree } from '../helpers/ui-system.ts';
import { SCRIPT_BUDGET_BYTES, scriptBytes, weighPage } from './size.ts';

const MOST_SHARE = 0.15;
const READY = {
  '/': '[data-tile="orders"] .pl-delta',
  '/system': 'pl-actor-tree tbody tr',
  '/data': 'pl-job-runs .pl-run[tabindex="0"]',
} as const;

async function ready(page: Page, path: keyof typeof READY): Promise<void> {
  await page.waitForSelector(READY[path]);
  if (path === '/') await page.waitForSelector('pl-time-series canvas');
}

describe('page shell', () => {
  const server = new UiServer({ tickMs: 100 });
  before(() => server.start());
  after(async () => {
    await closeBrowser();
    await server.stop();
  });

  test('theme follows the system, the button, the address, and is kept', async () => {
    const { page, close } = await openPage(server.url, { dark: true });
    const theme = () => page.getAttribute('html', 'data-theme');
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await ready(page, '/');
    assert.equal(await theme(), 'dark');
    const dark = await background();
    await page.click('[data-tool="theme"]');
    assert.equal(await theme(), 'light');
    assert.notEqual(await background(), dark);
    await page.reload();
    await ready(page, '/');
    assert.equal(await theme(), 'light');
    await page.goto(`${server.url}/?theme=dark`);
    assert.equal(await theme(), 'dark');
    await close();
  });

  test('language changes every word and no digit', async () => {
    const { page, problems, close } = await openPage(`${server.url}/?uf=MG`);
    await page.waitForSelector('[data-tile="orders"] .pl-delta');
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.click('[data-tool="language"]');
    assert.equal(await page.getAttribute('html', 'lang'), 'pt-BR');
    const words = [
      ...['Receita', 'Pedidos por estado', 'Ticket médio', 'AO VIVO', 'Pausar', 'Não contado com este filtro'],
    ];
    const text = await until(
      async () => (await page.textContent('body')) ?? '',
      (body) => words.every((word) => body.includes(word)),
      words.join(),
    );
    for (const word of ['Revenue', 'Orders', 'Pause', 'yesterday', 'last hour']) assert.ok(!text.includes(word), word);
    await untilFits(page, '[data-tile="average"] .pl-kpi-value', /R\$ \d+,\d\d/);
    await page.reload();
    await page.waitForSelector('html[lang="pt-BR"]');
    assert.deepEqual(problems, []);
    await close();
    const portuguese = await openPage(server.url, { locale: 'pt-BR' });
    await portuguese.page.waitForSelector('html[lang="pt-BR"]');
    await portuguese.close();
  });

  test('token leaves the address, lives in this tab, and goes with commands', async () => {
    const { page, close } = await openPage(`${server.url}/?token=${FIXTURE_TOKEN}&theme=light`);
    await ready(page, '/');
    await untilAddress(page, (address) => address === `${server.url}/?theme=light`);
    assert.equal(await page.evaluate("sessionStorage.getItem('pulso.token')"), FIXTURE_TOKEN);
    await page.evaluate("document.querySelector('pl-app').page.post('/system/actors/gateway/restart', 'a test')");
    assert.deepEqual(
      server.commands.map(({ path, token }) => [path, token]),
      [['/system/actors/gateway/restart', FIXTURE_TOKEN]],
    );
    assert.match(JSON.stringify(server.commands[0]?.body), /"reason":"a test","idempotency_key":"[^"]+"/);
    await close();
  });

  test('system page tells how many clients the server counts', async () => {
    const { page, context, close } = await openPage('about:blank');
    const tree = { ...systemTree(), summary: { clients: 38, hot_bytes: 5 * 1024 * 1024 } };
    await context.route('**/system/tree', (route) => route.fulfill({ json: tree }));
    await page.goto(`${server.url}/system`);
    await ready(page, '/system');
    await page.locator('.pl-verdict-strip dd', { hasText: '38 WebSocket' }).waitFor();
    await page.locator('.pl-verdict-strip dd', { hasText: '5,0 MB' }).waitFor();
    await close();
  });

  test('pages change without a reload, by link and by the back button', async () => {
    const { page, problems, close } = await openPage(server.url);
    await ready(page, '/');
    await page.evaluate('window.kept = true');
    await page.getByRole('link', { name: 'System' }).click();
    await ready(page, '/system');
    await untilAddress(page, (address) => new URL(address).pathname === '/system');
    assert.match(await page.title(), /^System/);
    await page.goBack();
    await ready(page, '/');
    assert.equal(await page.evaluate('window.kept'), true);
    assert.deepEqual(problems, []);
    await close();
  });

  for (const path of ['/', '/system', '/data'] as const) {
    for (const dark of [false, true]) {
      test(`axe finds nothing on ${path} in ${dark ? 'dark' : 'light'}`, async () => {
        const { page, close } = await openPage(server.url + path, { dark });
        await ready(page, path);
        assert.deepEqual(await axeViolations(page), []);
        await close();
      });
    }

    test(`${path} does not overflow from 390 to 1920 px`, async () => {
      const { page, close } = await openPage(server.url + path);
      await ready(page, path);
      for (const width of [390, 640, 768, 1024, 1280, 1440, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(page), 0, `at ${width} px`);
      }
      await close();
    });
  }

  test('long words and filters do not overflow either', async () => {
    const { page, close } = await openPage(`${server.url}/?lang=pt&uf=RN&category=furniture_decor`);
    await page.waitForSelector('[data-chip="category"]');
    await page.waitForSelector('pl-time-series canvas');
    for (const width of [390, 640, 768, 1024, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await overflow(page), 0, `at ${width} px`);
    }
    await close();
  });

  test('axe finds nothing on a small screen, nor in the other measures, the table and a filtered view', async () => {
    const small = await openPage(server.url, { width: 390 });
    await ready(small.page, '/');
    assert.deepEqual(await axeViolations(small.page), []);
    await small.close();
    for (const dark of [false, true]) {
      const { page, close } = await openPage(server.url, { dark });
      await ready(page, '/');
      await page.click('pl-tile-map .pl-segmented button:nth-child(3)');
      await page.getByRole('button', { name: 'Show as table' }).click();
      await page.click('[data-tool="pause"]');
      await page.waitForSelector('.pl-banner');
      assert.deepEqual(await axeViolations(page), []);
      await page.goto(`${server.url}/?uf=MG`);
      await page.waitForSelector('[data-tile="orders"] .pl-delta');
      assert.deepEqual(await axeViolations(page), []);
      await close();
    }
  });

  test('at ten updates a second the page uses less than 15 % of a core', async (context) => {
    const { page, close } = await openPage(server.url);
    await ready(page, '/');
    let share = await mainThreadShare(page, 4_000);
    // Others on the machine make the same work dearer: what it costs is the least that is seen.
    for (let again = 0; share >= MOST_SHARE && again < 2; again++) {
      share = Math.min(share, await mainThreadShare(page, 4_000));
    }
    context.diagnostic(`main thread ${(share * 100).toFixed(1)} % of a core`);
    assert.ok(share > 0.001, 'the page was at work');
    assert.ok(share < MOST_SHARE, `${share}`);
    await close();
  });

  test('scripts weigh at most 90 KB gzipped, all chunks together', (context) => {
    const bytes = scriptBytes(weighPage());
    context.diagnostic(`scripts ${(bytes / 1024).toFixed(1)} KB gzip`);
    assert.ok(bytes > 0 && bytes <= SCRIPT_BUDGET_BYTES);
  });
});
