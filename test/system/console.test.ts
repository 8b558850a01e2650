/**
 * What page and terminal show of faults in a running system, and that they go on while every lane is down: the gateway
 * knows the actors by heart, none of them is asked. PULSO_SCREENSHOTS names a folder for pictures of it.
 */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { FaultKind } from '../../protocol/fault.ts';
import { closeBrowser, openPage, screenshot } from '../helpers/browser.ts';
import { overload } from '../helpers/overload.ts';
import { ask } from '../model/questions.ts';
import { type Pulso, runPulso, startPulso, until, untilReady } from './exactness.ts';
import { folderFor } from './folder.ts';

after(closeBrowser);

const SEEN_LIMIT_MS = 60_000;
const FAULTS: readonly (readonly [actor: string, kind: FaultKind, shown: RegExp])[] = [
  ['consumer-0', 'crash', /crashed[^A-Z]*consumer-0 recovered in/],
  ['aggregator-0', 'hang', /hung[^A-Z]*aggregator-0 seen after [^A-Z]* recovered in/],
  ['reader', 'block', /hung[^A-Z]*reader seen after [^A-Z]* recovered in/],
  ['consumer-1', 'stall', /hung[^A-Z]*consumer-1 seen after [^A-Z]* recovered in/],
  ['generator', 'slow', /Inject fault slow[^A-Z]*generator/],
  ['log-writer', 'drop-link', /Inject fault drop-link[^A-Z]*log-writer/],
  // A loaded machine may find it hung before its memory is seen.
  ['generation-monitor', 'oom', /(memory|hung)[^A-Z]*generation-monitor [^A-Z]*recovered in/],
];
const ORDER = {
  ...{ type: 'order', order_id: 'poisoned', timestamp: Date.now(), customer_state: 'SP', payment_value: 1 },
  items: [{ product_id: 'p1', quantity: 1, price: 1 }],
};
const LANE_ACTORS = ['consumer-0', 'aggregator-0', 'consumer-1', 'aggregator-1'];

/** Given again where the machine had no time for it, or its actor is on its way back. */
async function command({ url, token }: Pulso, path: string, body: object = {}): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const text = JSON.stringify({ reason: 'a drill', ...body });
  await until(`${path} is taken`, SEEN_LIMIT_MS, async () => {
    const answer = await fetch(new URL(`/system/actors/${path}`, url), { method: 'POST', headers, body: text });
    return { done: answer.status === 200, state: await answer.text() };
  });
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PULSO_SCREENSHOTS;
  if (folder !== undefined) await screenshot(page, join(folder, `${name}.png`));
}

const listOf = async (page: Page) =>
  ((await page.locator('.pl-incident-list').textContent()) ?? '').replaceAll(/\s+/g, ' ');

function untilShown(page: Page, what: string, patterns: readonly RegExp[]): Promise<void> {
  return until(what, SEEN_LIMIT_MS, async () => {
    const state = await listOf(page).catch(() => '');
    return { done: patterns.every((pattern) => pattern.test(state)), state };
  });
}

/** Asks for the tree over and over until told to stop; answers how long the answers took, ms, the quickest first. */
async function watchTree(pulso: Pulso, over: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!over()) {
    const began = performance.now();
    const { id } = (await ask(pulso.url, '/system/tree')) as { id: string };
    assert.equal(id, 'root');
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}

const onNode = { skip: 'Deno' in globalThis ? 'the browser is tested once, on Node' : false };

test(
  'page and terminal show each fault, and go on while every lane hangs and while all are stopped',
  onNode,
  async (t) => {
    const { pulso, page, problems } = await opened(t);
    for (const [actor, kind] of FAULTS) await command(pulso, `${actor}/fault`, { kind });
    await untilShown(
      page,
      'the page shows every fault, and that it is over',
      FAULTS.map(([, , shown]) => shown),
    );
    await picture(page, 'faults');
    // A machine that has too much to do may have had one taken for hung since.
    const lines = [/consumer-0 .*✓ running .* (crashed|hung) /, /aggregator-0 .*✓ running .* hung /, /reader .* hung /];
    await until('the terminal shows the faults', SEEN_LIMIT_MS, async () => {
      const options = { dataDir: tmpdir(), env: { COLUMNS: '160' } };
      const { output } = await runPulso(['status', '--url', pulso.url], options);
      return { done: lines.every((line) => line.test(output)), state: output };
    });

    for (const actor of ['aggregator-0', 'aggregator-1'])
      await command(pulso, `${actor}/fault`, { kind: 'poison', order_id: ORDER.order_id });
    const headers = { 'content-type': 'application/x-ndjson' };
    const send = () => fetch(new URL('/events', pulso.url), { method: 'POST', headers, body: JSON.stringify(ORDER) });
    await until('the order is taken', SEEN_LIMIT_MS, async () => {
      const { status } = await send();
      return { done: status === 202, state: status };
    });
    await untilShown(page, 'the page shows the poison', [/Poison[^A-Z]*aggregator-\d [^A-Z]*recovered in/]);

    for (const actor of LANE_ACTORS) await command(pulso, `${actor}/fault`, { kind: 'hang' });
    let back = false;
    const watching = watchTree(pulso, () => back);
    const again = LANE_ACTORS.map((actor) => new RegExp(`hung[^A-Z]*${actor} seen after [^A-Z]* recovered in`));
    await untilShown(page, 'the page shows that all lanes have hung, and are back', again).finally(() => {
      back = true;
    });
    const took = await watching;
    const usual = took[took.length >> 1] ?? Number.POSITIVE_INFINITY;
    t.diagnostic(`${took.length} answers while lanes hung, half of them within ${Math.round(usual)} ms`);
    // The machine itself may stand still during some of them.
    assert.ok(took.length > 10 && usual < 500 * overload(), `${took.length} answers, half of them within ${usual} ms`);

    for (const lane of ['lane-0', 'lane-1']) await command(pulso, `${lane}/stop`);
    for (const actor of LANE_ACTORS) await page.locator(`tr[data-id="${actor}"]`, { hasText: 'Stopped' }).waitFor();
    await page.locator('tr[data-id="consumer-0"]').click();
    await page.locator('.pl-drawer', { hasText: 'Stopped' }).waitFor();
    await picture(page, 'lanes-stopped');
    for (const lane of ['lane-0', 'lane-1']) await command(pulso, `${lane}/start`);
    for (const actor of LANE_ACTORS) await page.locator(`tr[data-id="${actor}"]`, { hasText: 'Running' }).waitFor();

    await page.getByRole('link', { name: 'Live' }).click();
    const marks = page.getByRole('list', { name: 'Incidents' }).getByRole('listitem');
    await marks
      .filter({ hasText: /aggregator-\d hung, \d\d:\d\d, back in/ })
      .first()
      .waitFor();
    await picture(page, 'marks');
    assert.deepEqual(problems, []);
  },
);

async function opened(t: TestContext): Promise<{ pulso: Pulso; page: Page; problems: readonly string[] }> {
  const dataDir = folderFor(t, 'console');
  const pulso = await startPulso(['--rate', '100', '--lanes', '2', '--partitions', '2'], { dataDir });
  await untilReady(pulso.url);
  const { page, problems, close } = await openPage(`${pulso.url}/system?token=${pulso.token}`);
  t.after(close);
  page.setDefaultTimeout(SEEN_LIMIT_MS);
  await page.locator('tr[data-id="aggregator-1"]', { hasText: 'Running' }).waitFor();
  return { pulso, page, problems };
}
