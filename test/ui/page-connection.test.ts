/** The page and its connection in a real browser: loss, return, silence, a wrong copy, a hidden tab. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations, closeBrowser, openPage } from '../helpers/browser.ts';
import { ageTo, untilFits } from '../helpers/page-waits.ts';
import { UiServer } from '../helpers/ui-server.ts';

const ORDERS = '[data-tile="orders"] .pl-kpi-value';

async function shows(page: Page, server: UiServer): Promise<void> {
  const now = server.stream.channel('overview').values.get('hour/orders') as number;
  await page.waitForFunction(
    `Number((document.querySelector(${JSON.stringify(ORDERS)})?.textContent ?? '').replaceAll('.', '')) === ${now}`,
  );
}

async function verdict(page: Page, word: string): Promise<void> {
  await page.waitForFunction(
    `document.querySelector('.pl-verdict')?.textContent.trim().startsWith(${JSON.stringify(word)})`,
  );
}

/** A server and a page on it for the time of one test; a silent server never answers. */
async function withPage(run: (page: Page, server: UiServer) => Promise<void>, silent = false): Promise<void> {
  const server = new UiServer({ watermark: Date.now() });
  server.silent = silent;
  await server.start();
  const { page, problems, close } = await openPage(server.url);
  try {
    if (!silent) await shows(page, server);
    await run(page, server);
    assert.deepEqual(problems, []);
  } finally {
    await close();
    await server.stop();
  }
}

describe('page connection', () => {
  after(closeBrowser);

  test('page comes back by itself after the server was away, and goes on from where it stood', () =>
    withPage(async (page, server) => {
      server.goAway();
      server.stream.tick(100);
      server.comeBack();
      await shows(page, server);
      const client = [...server.clients].at(-1);
      const overview = client?.frames.find((frame) => frame.t === 'sub' && frame.ch === 'overview');
      assert.equal(overview?.t === 'sub' && overview.epoch, 'fixture-1', 'it resumed from its position');
    }));

  test('page takes a new snapshot when the server lost its memory', () =>
    withPage(async (page, server) => {
      server.goAway();
      server.epoch = 'fixture-2';
      server.stream.channel('overview').set('hour/orders', 12);
      server.comeBack();
      await page.waitForFunction(`document.querySelector(${JSON.stringify(ORDERS)})?.textContent.trim() === '12'`);
    }));

  test('page notices a wrong copy by its hash and asks for the channel anew', () =>
    withPage(async (page, server) => {
      server.lie('overview', 'hour/orders', 1);
      await page.waitForFunction(`document.querySelector(${JSON.stringify(ORDERS)})?.textContent.trim() === '1'`);
      server.beat(true);
      await shows(page, server);
      const [client] = server.clients;
      const asked = client?.frames.filter((frame) => frame.t === 'sub' && frame.ch === 'overview') ?? [];
      assert.equal(asked.length, 2);
      assert.ok(asked[1]?.t === 'sub' && asked[1].seq === undefined);
    }));

  test('silence is said step by step: lagging, stale with the time of the values, offline with a way back', () =>
    withPage(async (page, server) => {
      await verdict(page, 'LIVE');
      server.silent = true;
      // In the middle of what each word stands for: a last frame may still be on its way.
      await ageTo(page, 6_500);
      await verdict(page, 'LAGGING');
      await ageTo(page, 12_500);
      await verdict(page, 'STALE');
      await page.waitForSelector('main[data-state="stale"] .pl-card .pl-age');
      await untilFits(page, '.pl-banner', /Values below are as of \d\d:\d\d:\d\d/);
      assert.deepEqual(await axeViolations(page), []);
      await ageTo(page, 20_000);
      await verdict(page, 'OFFLINE');
      assert.deepEqual(await axeViolations(page), []);
      await untilFits(page, '.pl-banner', /Connection lost at/);
      const back = server.connected();
      server.goAway();
      server.silent = false;
      server.comeBack();
      await page.getByRole('button', { name: 'Reconnect now' }).click();
      await back;
    }));

  test('loading shows the shape of the page and no figure', () =>
    withPage(async (page) => {
      await verdict(page, 'CONNECTING');
      await page.waitForSelector('pl-tile-map .pl-tile-map.skel');
      await page.waitForSelector('pl-time-series section[aria-busy="true"]');
      assert.doesNotMatch((await page.textContent('pl-kpi-band')) ?? '', /\d/);
      assert.deepEqual(await axeViolations(page), []);
    }, true));
});
