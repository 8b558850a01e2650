/** The Live page in a real browser: moving figures, cross-filter, ranges, comparison, pause, keyboard, panel states. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { closeBrowser, type OpenPage, openPage } from '../helpers/browser.ts';
import { until, untilAddress, untilCount, untilFits } from '../helpers/page-waits.ts';
import { UiServer, type UiServerOptions } from '../helpers/ui-server.ts';

const NOON = Date.UTC(2026, 0, 10, 15, 30, 20);

/** A server and a page on it for the time of one test. */
async function withPage(
  options: UiServerOptions,
  path: string,
  run: (page: Page, server: UiServer, open: OpenPage) => Promise<void>,
): Promise<void> {
  const server = new UiServer(options);
  await server.start();
  const open = await openPage(server.url + path);
  try {
    await run(open.page, server, open);
    assert.deepEqual(open.problems, []);
  } finally {
    await open.close();
    await server.stop();
  }
}

const ORDERS = '[data-tile="orders"] .pl-kpi-value';
const VERDICT = '.pl-verdict';

/** Waits until the text of a place satisfies the condition, an expression over `text`. */
async function untilText(page: Page, selector: string, condition: string): Promise<string> {
  await page.waitForFunction(
    `(() => { const text = document.querySelector(${JSON.stringify(selector)})?.textContent.trim() ?? ''; return ${condition}; })()`,
  );
  return ((await page.textContent(selector)) ?? '').trim();
}

/** The page has asked for it; questions wait for each other. */
async function untilAsked(server: UiServer, ...patterns: readonly RegExp[]): Promise<void> {
  const fits = (request: string) => patterns.every((pattern) => pattern.test(request));
  await until(
    () => server.requests,
    (requests) => requests.some(fits),
    patterns.join(),
  );
}

async function figure(page: Page, selector: string): Promise<number> {
  const text = await untilText(page, selector, '/[0-9]/.test(text)');
  return Number(
    text
      .replace(/\./g, '')
      .replace(',', '.')
      .replace(/[^0-9.]/g, ''),
  );
}

describe('live page', () => {
  before(() => undefined);
  after(closeBrowser);

  test('page shows figures that move with the stream', async () => {
    await withPage({ watermark: NOON, tickMs: 50 }, '/', async (page) => {
      const first = await figure(page, ORDERS);
      await untilText(page, ORDERS, `Number(text.replaceAll('.', '')) > ${first}`);
      await untilText(page, VERDICT, "text.startsWith('LIVE')");
      await untilCount(page, 'pl-tile-map button.pl-tile', 27);
      await untilCount(page, 'pl-products tbody tr', 10);
      await page.waitForSelector('pl-time-series canvas');
      // Yesterday came by query and stands beside every figure.
      await page.waitForSelector('[data-tile="orders"] .pl-delta');
      await page.waitForSelector('pl-tile-map .pl-map-note');
      await page.waitForSelector('pl-products .spark-s');
      // Incidents stand as marks on the chart, at their minute; the newest one in words, all of them in a list.
      const consumer = 'consumer-1 was killed, 12:20, back in 100 ms';
      assert.equal((await page.locator('pl-time-series .mark').last().textContent())?.trim(), consumer);
      assert.deepEqual(await page.getByRole('list', { name: 'Incidents' }).getByRole('listitem').allTextContents(), [
        'gateway hung, 11:40, back in 100 ms',
        consumer,
      ]);
    });
  });

  test('page shows exactly what the server says', async () => {
    await withPage({ watermark: NOON }, '/', async (page, server) => {
      const orders = server.stream.channel('overview').values.get('hour/orders') as number;
      assert.equal(await figure(page, ORDERS), orders);
      const minas = server.stream.channel('states').values.get('MG/orders') as number;
      const tile = page.getByRole('button', { name: `MG ${minas.toLocaleString('pt-BR')}, Minas Gerais` });
      await tile.waitFor();
      server.tick();
      const next = server.stream.channel('overview').values.get('hour/orders') as number;
      await untilText(page, ORDERS, `Number(text.replaceAll('.', '')) === ${next}`);
    });
  });

  test('a state filters the whole page by query, Escape and a second press end it', async () => {
    await withPage({ watermark: NOON }, '/', async (page, server) => {
      const whole = await figure(page, ORDERS);
      await page.click('[data-uf="MG"]');
      await untilAddress(page, (address) => /[?&]uf=MG/.test(address));
      await untilText(page, ORDERS, `text !== '' && Number(text.replaceAll('.', '')) < ${whole / 4}`);
      assert.equal(await page.getAttribute('[data-uf="MG"]', 'aria-pressed'), 'true');
      await untilFits(page, '[data-chip="state"]', /UF: MG Minas Gerais/);
      await untilAsked(server, /group_by=category&state=MG/);
      await untilFits(page, 'pl-products', /Not counted with this filter/);
      await untilFits(page, '[data-tile="success"]', /not counted with this filter/);
      await page.keyboard.press('Escape');
      await untilText(page, ORDERS, `Number(text.replaceAll('.', '')) === ${whole}`);
      await untilAddress(page, (address) => !address.includes('uf='));
      await page.click('[data-uf="MG"]');
      await page.waitForSelector('[data-uf="MG"][aria-pressed="true"]');
      await page.click('[data-uf="MG"]');
      await untilText(page, ORDERS, `Number(text.replaceAll('.', '')) === ${whole}`);
    });
  });

  test('a category filters too, and the address alone brings the view back', async () => {
    await withPage({ watermark: NOON }, '/?uf=SP&category=toys&range=6h', async (page, server) => {
      await page.waitForSelector('[data-chip="category"]');
      await untilText(page, '[data-tile="revenue"] .pl-kpi-label', "text === 'Sales'");
      assert.ok((await figure(page, ORDERS)) > 0);
      await untilAsked(server, /granularity=5m/, /state=SP/, /category=toys/);
      await untilFits(page, 'pl-time-series h2', /per 5 minutes/);
      await page.click('[data-chip="category"] button');
      await untilText(page, '[data-tile="revenue"] .pl-kpi-label', "text === 'Revenue'");
    });
  });

  test('ranges and the comparison can be chosen', async () => {
    await withPage({ watermark: NOON }, '/', async (page, server) => {
      const hour = await figure(page, ORDERS);
      await page.click('[data-range="24h"]');
      await untilText(
        page,
        ORDERS,
        `text !== '' && Number(text.replace('.', '').replace(',', '.').replace(/[^0-9.]/g, '')) !== ${hour} && text.includes('M')`,
      );
      await untilAddress(page, (address) => address.includes('range=24h'));
      await untilAsked(server, /granularity=1h/);
      await page.waitForSelector('pl-kpi-band .pl-delta');
      await page.click('[data-tool="compare"]');
      await page.waitForFunction("document.querySelectorAll('main .pl-delta').length === 0");
    });
  });

  test('pause freezes the screen and counts what it holds, Go live shows it all', async () => {
    await withPage({ watermark: NOON }, '/', async (page, server) => {
      const frozen = await figure(page, ORDERS);
      await page.click('[data-tool="pause"]');
      await untilText(page, VERDICT, "text.startsWith('PAUSED')");
      for (let tick = 0; tick < 5; tick++) server.tick();
      await untilText(page, '.pl-banner', '/[1-9][0-9]* updates held/.test(text)');
      assert.equal(await figure(page, ORDERS), frozen);
      await page.click('[data-tool="pause"]');
      const now = server.stream.channel('overview').values.get('hour/orders') as number;
      await untilText(page, ORDERS, `Number(text.replaceAll('.', '')) === ${now}`);
    });
  });

  test('the chart is read with the arrow keys and as a table', async () => {
    await withPage({ watermark: NOON }, '/', async (page) => {
      await page.waitForSelector('pl-time-series canvas');
      const chart = page.locator('pl-time-series figure');
      await chart.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowLeft');
      await untilText(page, 'pl-time-series [aria-live]', '/^12:29: R\\$ /.test(text)');
      await untilFits(page, 'pl-time-series .pl-lane-label .pl-readout', /12:29\s+R\$ .*yesterday/s);
      await page.keyboard.press('Home');
      await untilText(page, 'pl-time-series [aria-live]', '/^11:31/.test(text)');
      await page.keyboard.press('Escape');
      await page.waitForFunction("document.querySelector('pl-time-series .cursor') === null");
      await page.getByRole('button', { name: 'Show as table' }).click();
      await untilCount(page, 'pl-time-series tbody tr', 60);
      await page.getByRole('button', { name: 'Show as chart' }).click();
      await page.waitForSelector('pl-time-series canvas');
    });
  });

  test('the chart stands under a language tag that is none, and gives way to a table without its library', async (t) => {
    const server = new UiServer({ watermark: NOON });
    await server.start();
    t.after(() => server.stop());
    const posix = await openPage('about:blank');
    await posix.context.addInitScript(
      "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })",
    );
    await posix.page.goto(server.url);
    await posix.page.waitForSelector('pl-time-series canvas');
    await posix.close();
    const without = await openPage('about:blank');
    await without.context.route('**/uPlot*', (route) => route.abort());
    await without.page.goto(server.url);
    await untilText(without.page, 'pl-time-series', "text.includes('The chart could not be loaded')");
    await untilCount(without.page, 'pl-time-series tbody tr', 60);
    await without.close();
  });

  test('everything can be reached by keyboard: skip link, ranges, tiles, filter form', async () => {
    await withPage({ watermark: NOON }, '/', async (page) => {
      await figure(page, ORDERS);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate('document.activeElement.id'), 'main');
      await page.focus('[data-uf="SP"]');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[data-chip="state"]');
      await page.getByRole('button', { name: 'Filter', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByLabel('Category').selectOption('toys');
      await page.waitForSelector('[data-chip="category"]');
      // Escape closes the form first; only then it clears the filters.
      await page.keyboard.press('Escape');
      await page.waitForFunction("document.querySelector(':popover-open') === null");
      await untilAddress(page, (address) => address.includes('category=toys'));
      await page.keyboard.press('Escape');
      await page.waitForFunction("!location.search.includes('category')");
    });
  });

  test('a panel whose query fails says so alone, and Try again asks again', async (t) => {
    const server = new UiServer({ watermark: NOON });
    server.failing = 'state';
    await server.start();
    t.after(() => server.stop());
    const open = await openPage('about:blank');
    const { page } = open;
    // Time stands still, so that nothing is asked again by itself.
    await page.clock.setFixedTime(Date.now());
    await page.goto(`${server.url}/?range=15m`);
    await untilText(page, 'pl-tile-map', "text.includes('Cannot answer as aggregator-1 is restarting')");
    assert.ok((await figure(page, ORDERS)) > 0, 'its neighbours keep working');
    server.failing = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('pl-tile-map [data-uf="SP"]');
    await open.close();
  });

  test('a shop without an event says what it waits for, then shows the first one', async () => {
    await withPage({ empty: true }, '/', async (page, server) => {
      await untilText(page, VERDICT, "text.startsWith('WAITING')");
      await untilFits(page, 'pl-time-series', /Waiting for the first event/);
      await untilFits(page, ORDERS, /–/);
      server.stream.watermark = NOON;
      server.tick();
      assert.ok((await figure(page, ORDERS)) > 0);
    });
  });

  test('names that hold markup are shown, not run', async () => {
    await withPage({ watermark: NOON }, '/', async (page, server) => {
      await figure(page, ORDERS);
      const evil = '<img src=x onerror="window.hacked = 1">';
      server.stream.channel('products').set('p0/name', evil);
      server.stream.channel('categories').set(`${encodeURIComponent(evil)}/sales`, 99_999_999);
      server.tick();
      await untilText(page, 'pl-bar-list', "text.includes('<img src=x')");
      await untilText(page, 'pl-products', "text.includes('<img src=x')");
      assert.equal(await page.evaluate('window.hacked'), undefined);
    });
  });
});
