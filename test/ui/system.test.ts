import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { axeViolations, closeBrowser, openPage, overflow } from '../helpers/browser.ts';
import { FIXTURE_TOKEN, UiServer } from '../helpers/ui-server.ts';
import {
  AUDITED,
  detail,
  INGEST,
  incidents,
  messages,
  PREVIEW,
  supervisor,
  troubledTree,
  worker,
} from '../helpers/ui-system-answers.ts';

const server = new UiServer({ tickMs: 100 });
before(() => server.start());
after(async () => {
  await closeBrowser();
  await server.stop();
});

type Options = { width?: number; query?: string; token?: boolean; tree?: unknown };

async function openSystem(t: TestContext, { width, query = '', token = true, tree }: Options = {}): Promise<Page> {
  const now = Date.now();
  const { page, context, problems, close } = await openPage('about:blank', width === undefined ? {} : { width });
  t.after(close);
  const answer = (body: unknown) => ({ contentType: 'application/json', body: JSON.stringify(body) });
  await context.route('**/system/tree', (route) =>
    tree === 'unavailable'
      ? route.fulfill({
          ...answer({ error: { code: 'unavailable', message: 'no word of the actors yet' } }),
          status: 503,
        })
      : route.fulfill(answer(tree ?? troubledTree(now))),
  );
  await context.route('**/system/incidents*', (route) => route.fulfill(answer(incidents(now))));
  await context.route('**/system/actors/*', (route) => route.fulfill(answer(detail(now))));
  await context.route('**/system/actors/*/preview*', (route) => {
    const impossible = new URL(route.request().url()).pathname.includes('reader');
    return route.fulfill(answer({ ...PREVIEW, ...(impossible ? { possible: false, because: 'it is draining' } : {}) }));
  });
  await context.route('**/system/actors/*/messages', (route) => route.fulfill(answer(messages(now))));
  await context.route('**/system/ingest/preview*', (route) => route.fulfill(answer(INGEST)));
  await context.route('**/system/audit*', (route) => route.fulfill(answer({ items: [AUDITED], next_cursor: null })));
  await page.goto(`${server.url}/system?${query}${token ? `&token=${FIXTURE_TOKEN}` : ''}`);
  await page
    .locator(tree === 'unavailable' ? '.pl-state' : '.pl-actor-tree tbody tr')
    .first()
    .waitFor();
  t.after(() => assert.deepEqual(problems, []));
  return page;
}

const rowNames = (page: Page) => page.locator('.pl-actor-tree tbody .nm b').allTextContents();
const focusedRow = (page: Page) => page.evaluate('document.activeElement?.dataset?.id') as Promise<string | undefined>;

describe('System page', () => {
  it('shows verdict, pipeline, every actor with a word for its state, and the incidents', async (t) => {
    const page = await openSystem(t);
    assert.match((await page.locator('.pl-verdict-strip').textContent()) ?? '', /Degraded\s*1 backoff/);
    assert.match((await page.locator('.pl-stats').first().textContent()) ?? '', /6 of 7 running/);
    assert.deepEqual(await page.locator('.pl-node .t > span:nth-child(2)').allTextContents(), [
      ...['log-writer', 'consumer-0', 'consumer-7', 'aggregator-0', 'aggregator-7', 'gateway'],
    ]);
    assert.equal(await page.locator('.pl-pipeline .edge.cut').count(), 2);
    assert.equal((await rowNames(page)).length, 11);
    assert.match(
      (await page.locator('tr[data-id="aggregator-7"]').textContent()) ?? '',
      /Backoff.*612.*out of memory/s,
    );
    assert.equal(await page.locator('.pl-lanes .pl-ev').count(), 3);
    assert.match((await page.locator('.pl-incident-list').textContent()) ?? '', /not back yet.*recovered in 90 ms/s);
  });

  it('the tree is walked by keys: one tab stop, arrows move and fold, Enter opens, Escape brings back', async (t) => {
    const page = await openSystem(t);
    assert.equal(await page.locator('.pl-actor-tree tr[tabindex="0"]').count(), 1);
    await page.locator('tr[data-id="root"]').focus();
    for (const key of ['ArrowDown', 'End', 'ArrowUp']) await page.keyboard.press(key);
    assert.equal(await focusedRow(page), 'aggregator-7');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focusedRow(page), 'lane-7');
    await page.keyboard.press('ArrowLeft');
    assert.ok(!(await rowNames(page)).includes('aggregator-7'));
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
    const drawer = page.locator('.pl-drawer');
    await drawer.waitFor();
    assert.equal(await drawer.getByRole('heading', { level: 2 }).textContent(), 'aggregator-7');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await page.waitForFunction('document.activeElement?.dataset?.id === "aggregator-7"');
  });

  it('filter and problems only keep what stands above a match', async (t) => {
    const page = await openSystem(t);
    await page.getByRole('searchbox', { name: 'Filter actors' }).fill('read');
    assert.deepEqual(await rowNames(page), ['root', 'reader']);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'Problems 1' }).click();
    assert.deepEqual(await rowNames(page), ['root', 'lanes', 'lane-7', 'aggregator-7']);
  });

  it('a kill is explained, given a reason, sent with the token, and answered', async (t) => {
    const page = await openSystem(t);
    const sent = server.commands.length;
    await page.locator('tr[data-id="aggregator-0"]').click();
    const drawer = page.locator('.pl-drawer');
    assert.deepEqual(await drawer.locator('[data-command]').allTextContents(), [
      'Restart',
      'Drain',
      'Stop',
      'Start',
      'Kill',
    ]);
    assert.ok(await drawer.locator('[data-command="start"]').isDisabled());
    assert.match(
      (await drawer.locator('.pl-kv').textContent()) ?? '',
      /Loop, handler\s*500 ms \/ ∞\s*Buffers\s*3,0 MB/,
    );
    await drawer.locator('[data-command="kill"]').click();
    await drawer.locator('.pl-impact li').nth(2).waitFor();
    assert.match(
      (await drawer.locator('.pl-impact ul').textContent()) ?? '',
      /epoch 4.*restart 1 of 10.*1\.240 events are read again/s,
    );
    await page.keyboard.type('rehearsal');
    await page.keyboard.press('Enter');
    await drawer.getByText('Kill: acknowledged by the supervisor').waitFor();
    const { path, body, token } = server.commands[sent] ?? {};
    assert.equal(path, '/system/actors/aggregator-0/kill');
    assert.equal((body as { reason: string }).reason, 'rehearsal');
    assert.equal(token, FIXTURE_TOKEN);
  });

  it('the last messages of an actor are told by kind, size and time, and what it hangs in', async (t) => {
    const page = await openSystem(t);
    assert.match((await page.locator('tr[data-id="reader"]').textContent()) ?? '', /390\s*2,3 ms\s*12%/);
    await page.locator('tr[data-id="aggregator-0"]').click();
    const rows = page.locator('.pl-mini tbody tr');
    await rows.first().waitFor();
    const cells = (await rows.allTextContents()).map((row) => row.replaceAll(/\s+/g, ' ').trim().replace(/^\S+ /, ''));
    assert.deepEqual(cells, [
      'batch 412 B In work',
      'assign – 3,9 ms',
      'partials-request – Failed',
      'letting-go-of-old-windows 2 KB –',
    ]);
    assert.match((await page.locator('.pl-mini td').first().textContent()) ?? '', /^\d\d:\d\d:\d\d,\d{3}$/);
  });

  it('ingest is paused with its consequences and a reason, and shown as paused until it is resumed', async (t) => {
    const page = await openSystem(t);
    const sent = server.commands.length;
    await page.getByRole('button', { name: 'Pause ingest' }).click();
    await page.getByText('what comes in waits there').waitFor();
    await page.keyboard.type('a drill');
    await page.keyboard.press('Enter');
    await page.getByText('Pause ingest: acknowledged by the supervisor').waitFor();
    const { path, body } = server.commands[sent] ?? {};
    assert.deepEqual([path, (body as { reason: string }).reason], ['/system/ingest/pause', 'a drill']);
    await page.getByRole('button', { name: 'Pause ingest' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.pl-impact').waitFor({ state: 'detached' });
  });

  it('while ingest is paused no word says that all is live, and the button resumes', async (t) => {
    const paused = { at: Date.now() - 60_000, reason: 'a drill' };
    const tree = { ...supervisor('root', [worker('gateway')]), summary: { paused } };
    server.stream.channel('system').set('pipeline/paused_at', paused.at);
    t.after(() => server.stream.channel('system').set('pipeline/paused_at', null));
    const page = await openSystem(t, { tree });
    assert.match(
      (await page.locator('.pl-verdict-strip').textContent()) ?? '',
      /Paused\s*ingest paused since \d\d:\d\d: a drill/,
    );
    await page.locator('.pl-verdict[data-v="paused"]').waitFor();
    await page.getByText('Ingest is paused: what comes in waits in the log.').waitFor();
    await page.getByRole('button', { name: 'Resume ingest' }).click();
    await page.getByText('1.240 events wait').waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });

  it('what the supervisor would refuse cannot be sent, and says why', async (t) => {
    const page = await openSystem(t);
    await page.locator('tr[data-id="reader"]').click();
    await page.locator('[data-command="drain"]').click();
    await page.getByText('Not now: it is draining').waitFor();
    assert.ok(await page.locator('.pl-impact [type="submit"]').isDisabled());
  });

  it('a fault is behind a disclosure, and is sent with its kind and what it needs', async (t) => {
    const page = await openSystem(t);
    const sent = server.commands.length;
    await page.locator('tr[data-id="aggregator-0"]').click();
    assert.ok(!(await page.locator('[data-fault="poison"]').isVisible()));
    await page.locator('.pl-faults summary').click();
    assert.equal(await page.locator('[data-fault]').count(), 8);
    await page.locator('[data-fault="poison"]').click();
    await page.getByText('dies whenever it handles that order').waitFor();
    await page.getByRole('textbox', { name: 'Order id' }).fill('o42');
    await page.getByRole('textbox', { name: 'Reason' }).fill('a drill');
    await page.keyboard.press('Enter');
    await page.getByText('Inject fault: acknowledged by the supervisor').waitFor();
    const { path, body } = server.commands[sent] ?? {};
    assert.equal(path, '/system/actors/aggregator-0/fault');
    const { kind, order_id, reason } = body as Record<string, string>;
    assert.deepEqual({ kind, order_id, reason }, { kind: 'poison', order_id: 'o42', reason: 'a drill' });
  });

  it('incidents are narrowed by kind, and asked for by range', async (t) => {
    const page = await openSystem(t);
    const asked = page.waitForRequest((request) => {
      const from = Number(new URL(request.url()).searchParams.get('from'));
      return request.url().includes('/system/incidents') && Date.now() - from > 6 * 86_400_000;
    });
    await page.getByRole('button', { name: '7 d' }).click();
    await asked;
    await page.getByRole('button', { name: 'Commands', exact: true }).click();
    assert.deepEqual(await page.locator('.pl-lanes .ln-name').allTextContents(), ['archiver']);
    await page.getByRole('button', { name: 'Other', exact: true }).click();
    await page.getByText('No incident in this range').waitFor();
  });

  it('the audit list is shown when it is wanted', async (t) => {
    const page = await openSystem(t);
    assert.equal(await page.locator('#audit').count(), 0);
    await page.getByRole('button', { name: 'Audit' }).click();
    const row = page.locator('#audit tbody tr');
    await row.waitFor();
    assert.match((await row.textContent()) ?? '', /Inject fault hang\s*archiver\s*Refused\s*a rehearsal/);
    await page.getByRole('button', { name: 'Audit' }).click();
    await page.locator('#audit').waitFor({ state: 'detached' });
  });

  it('what is asked for stays when the answer to an earlier question comes after it', async (t) => {
    const page = await openSystem(t);
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = async (route: Route) => {
      asked.resolve();
      await answered.promise;
      await route.fallback();
    };
    await page.context().route('**/system/tree', hold, { times: 1 });
    await asked.promise;
    await page.getByRole('button', { name: 'Audit' }).click();
    await page.locator('#audit tbody tr').waitFor();
    answered.resolve();
    // The second of these begins a second after an answer.
    for (let polls = 0; polls < 2; polls++) await page.waitForRequest('**/system/tree');
    assert.equal(await page.locator('#audit tbody tr').count(), 1);
  });

  it('without a token and on a supervisor it says why there are no commands', async (t) => {
    const page = await openSystem(t, { token: false });
    await page.locator('tr[data-id="gateway"]').click();
    await page.locator('.pl-drawer').getByText('carries the token').waitFor();
    await page.locator('tr[data-id="lanes"]').click();
    await page.locator('.pl-drawer').getByText('takes no commands of its own').waitFor();
    assert.equal(await page.locator('[data-command]').count(), 0);
  });

  it('a supervisor that cannot be asked is an error with a way on', async (t) => {
    const page = await openSystem(t, { tree: 'unavailable' });
    await page.getByText('no word of the actors yet').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
  });

  it('speaks Portuguese', async (t) => {
    const page = await openSystem(t, { query: 'lang=pt' });
    const text = (await page.locator('pl-system-page').textContent()) ?? '';
    for (const word of ['Degradado', 'Fluxo', 'Atores', 'Em espera', 'sem memória', 'Incidentes'])
      assert.ok(text.includes(word), word);
  });

  for (const theme of ['light', 'dark'])
    for (const width of [390, 1024, 1920])
      it(`${theme} at ${width} px: axe finds nothing, nothing overflows`, async (t) => {
        const page = await openSystem(t, { width, query: `theme=${theme}` });
        await page.locator('[data-tool="audit"]').click();
        await page.locator('#audit tbody tr').waitFor();
        assert.deepEqual(await axeViolations(page), []);
        await page.locator('[data-tool="ingest"]').click();
        await page.locator('tr[data-id="aggregator-7"]').click();
        await page.locator('.pl-mini tr').first().waitFor();
        await page.locator('[data-command="restart"]').click();
        await page.locator('.pl-faults summary').click();
        assert.deepEqual(await axeViolations(page), []);
        assert.equal(await overflow(page), 0);
      });
});
