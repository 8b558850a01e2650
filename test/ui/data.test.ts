import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations, closeBrowser, openPage, overflow } from '../helpers/browser.ts';
import { ageTo, until, untilCount, untilFits } from '../helpers/page-waits.ts';
import { FIXTURE_TOKEN, UiServer } from '../helpers/ui-server.ts';

const server = new UiServer({ tickMs: 100 });
before(async () => {
  server.stream.channel('system').set('pipeline/hot_bytes', 212_000_000);
  await server.start();
});
afterEach(() => server.otherwise.clear());
after(async () => {
  await closeBrowser();
  await server.stop();
});

type Options = { width?: number; query?: string; token?: boolean; ready?: string; polls?: boolean };

/** Nothing is asked for again every five seconds. */
const NO_POLLS = `{ const run = setTimeout; window.setTimeout = (task, ms) => (ms === 5_000 ? 0 : run(task, ms)); }`;

async function openData(t: TestContext, options: Options = {}): Promise<Page> {
  const { width, query = '', token = true, ready = 'pl-job-runs .pl-run[tabindex="0"]', polls = true } = options;
  const { page, context, problems, close } = await openPage('about:blank', width === undefined ? {} : { width });
  t.after(close);
  if (!polls) await context.addInitScript(NO_POLLS);
  await page.goto(`${server.url}/data?${query}${token ? `&token=${FIXTURE_TOKEN}` : ''}`);
  await page.locator(ready).first().waitFor();
  t.after(() => assert.deepEqual(problems, []));
  return page;
}

const textOf = async (page: Page, place: string) => (await page.locator(place).textContent()) ?? '';
/** Each card has an answer of its own, which comes in its own time. */
async function untilSays(page: Page, words: readonly string[]): Promise<void> {
  const said = () => textOf(page, 'pl-data-page');
  await until(said, (text) => words.every((word) => text.includes(word)), words.join());
}
const focusedRun = (page: Page) => page.evaluate('document.activeElement?.dataset?.run') as Promise<string | undefined>;

describe('Data page', () => {
  it('shows store, archive, jobs, quality and dead letters', async (t) => {
    const page = await openData(t);
    await page.locator('.pl-gauge').waitFor();
    assert.equal(await page.locator('.pl-gauge').getAttribute('aria-label'), '212 of 300 MB used, 71%');
    const archived = /orders-0 800\.000.*WRITTEN.*reading back.*VERIFIED.*sum equal.*FAILED.*12 rows are short/s;
    await untilFits(page, 'pl-archive-table', archived);
    await untilCount(page, '.pl-runs .job', 5);
    await untilFits(page, '.pl-runs', /roll-up.*every minute.*97,9%.*archive.*every hour.*running/s);
    await untilCount(page, 'pl-job-runs .pl-run.fail', 1);
    await untilFits(page, '.pl-ledger', /1\.204\.880.*1\.203\.511.*801.*568/s);
    await untilFits(page, '.pl-findings', /^\s*Critical.*not counted yet.*Warning.*OK/s);
    await untilFits(page, 'pl-dead-letters', /10\s*not JSON.*orders\/0:120000/s);
  });

  it('a run is opened by keys, one tab stop a row, and says what it did', async (t) => {
    const page = await openData(t);
    const stops = page.locator('.pl-runs .cells').nth(1).locator('[tabindex="0"]');
    assert.equal(await stops.count(), 1);
    await stops.focus();
    const newest = await focusedRun(page);
    for (let press = 0; press < 6; press++) await page.keyboard.press('ArrowLeft');
    assert.notEqual(await focusedRun(page), newest);
    await page.keyboard.press('Enter');
    const detail = page.locator('.pl-run-detail');
    await detail.locator('.pl-run-log').waitFor();
    assert.match((await detail.textContent()) ?? '', /archive.*failed.*the disk is full.*looks at what is due/s);
    const opened = await focusedRun(page);
    await page.keyboard.press('End');
    assert.equal(await focusedRun(page), newest);
    await detail.getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
    assert.equal(await focusedRun(page), opened);
  });

  it('a job is run after its consequences were shown, with a reason and the token', async (t) => {
    const page = await openData(t);
    const sent = server.commands.length;
    assert.ok(await page.locator('[data-command="archive"]').last().isDisabled(), 'it runs already');
    await page.locator('[data-command="performance"]').click();
    assert.match(await textOf(page, '.pl-impact'), /runs once.*3 more times.*audit list/s);
    await page.locator('.pl-impact input:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.pl-impact').waitFor({ state: 'detached' });
    await page.locator('[data-command="performance"]').click();
    await page.locator('.pl-impact input:focus').waitFor();
    await page.keyboard.type('to see');
    await page.keyboard.press('Enter');
    await page.getByText('Run performance now: accepted').waitFor();
    const { path, body, token } = server.commands[sent] ?? {};
    assert.equal(path, '/jobs/performance/run');
    assert.equal((body as { reason: string }).reason, 'to see');
    assert.ok((body as { idempotency_key: string }).idempotency_key.length > 10);
    assert.equal(token, FIXTURE_TOKEN);
  });

  it('archiving now is a command too', async (t) => {
    const page = await openData(t);
    const sent = server.commands.length;
    await page.locator('pl-store-gauge [data-command="archive"]').click();
    assert.match(await textOf(page, '.pl-impact'), /read back, committed/);
    await page.locator('.pl-impact input:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Archive now: accepted').waitFor();
    assert.equal(server.commands[sent]?.path, '/archive/run');
  });

  it('a question keeps its focus when the size of the store comes to be known while it is asked', async (t) => {
    const system = server.stream.channel('system');
    system.set('pipeline/hot_bytes', null);
    t.after(() => system.set('pipeline/hot_bytes', 212_000_000));
    const page = await openData(t);
    await page.locator('pl-store-gauge [data-command="archive"]').click();
    await page.locator('.pl-impact input:focus').waitFor();
    await page.keyboard.type('in time');
    system.set('pipeline/hot_bytes', 212_000_000);
    await page.locator('.pl-gauge').waitFor();
    assert.equal(await page.locator('.pl-impact input:focus').inputValue(), 'in time');
  });

  it('without a token there are no commands, and it says why', async (t) => {
    const page = await openData(t, { token: false });
    await page.getByText('carries the token').waitFor();
    assert.equal(await page.locator('[data-command]').count(), 0);
  });

  it('the same runs stand in a table', async (t) => {
    const page = await openData(t);
    await page.getByRole('button', { name: 'Show as table' }).click();
    assert.equal(await page.locator('pl-job-runs tbody tr').count(), 100);
    assert.match(await textOf(page, 'pl-job-runs tbody'), /cut off/);
    await page.getByRole('button', { name: 'Show as bars' }).click();
    await page.locator('.pl-runs').waitFor();
  });

  it('what fails, fails alone, and is asked again', async (t) => {
    server.otherwise.set('/dead-letters', 503);
    server.otherwise.set('/archive/batches', 404);
    const page = await openData(t, { ready: 'pl-dead-letters [data-kind="error"]', polls: false });
    await page.locator('pl-job-runs .pl-run[tabindex="0"]').first().waitFor();
    await untilFits(page, 'pl-archive-table', /does not answer for its archive/);
    await untilCount(page, 'pl-store-gauge [data-command]', 0);
    server.otherwise.clear();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('pl-dead-letters tbody tr').first().waitFor();
    await page.locator('pl-archive-table tbody tr').first().waitFor();
  });

  it('where there is nothing yet it says so, and shows no zero that was not measured', async (t) => {
    for (const path of ['/jobs', '/archive/batches', '/quality', '/ledger', '/dead-letters'])
      server.otherwise.set(path, 'empty');
    const page = await openData(t, { ready: 'pl-dead-letters [data-kind="empty"]' });
    await untilSays(page, [
      'no jobs here',
      'Nothing is archived yet',
      'No monitor has judged',
      'No event has come in',
      'could be read',
    ]);
    assert.deepEqual(await axeViolations(page), []);
  });

  it('while nothing has come a skeleton stands there', async (t) => {
    const { page, context, close } = await openPage('about:blank');
    t.after(close);
    for (const path of ['jobs*', 'quality*', 'ledger', 'dead-letters*', 'archive/batches*'])
      await context.route(`**/${path}`, () => undefined);
    await page.goto(`${server.url}/data`);
    await page.locator('pl-job-runs .pl-skel').waitFor();
    await untilCount(page, 'pl-data-page [aria-busy="true"]', 4);
    assert.deepEqual(await axeViolations(page), []);
  });

  it('figures of a silent server are marked as old', async (t) => {
    const page = await openData(t);
    await page.locator('.pl-gauge').waitFor();
    server.silent = true;
    t.after(() => {
      server.silent = false;
    });
    await ageTo(page, 12_500);
    await page.locator('main[data-state="stale"]').waitFor();
    await untilCount(page, 'pl-data-page .pl-age', 5);
    assert.deepEqual(await axeViolations(page), []);
  });

  it('speaks Portuguese', async (t) => {
    const page = await openData(t, { query: 'lang=pt' });
    await untilSays(page, [
      ...['Banco quente', 'Lotes do arquivo', 'Execuções', 'a cada minuto', 'Rejeitados', 'Crítico'],
    ]);
  });

  for (const theme of ['light', 'dark'])
    for (const width of [390, 1024, 1920])
      it(`${theme} at ${width} px: axe finds nothing, nothing overflows`, async (t) => {
        const page = await openData(t, { width, query: `theme=${theme}` });
        assert.deepEqual(await axeViolations(page), []);
        await page.locator('pl-job-runs .pl-run.fail').click();
        await page.locator('.pl-run-log').waitFor();
        await page.locator('[data-command="performance"]').click();
        assert.deepEqual(await axeViolations(page), []);
        assert.equal(await overflow(page), 0);
      });
});
