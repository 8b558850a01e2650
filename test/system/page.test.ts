/** The page of the real system, in a real browser, as a newcomer meets it: full at once, moving, and alive through a kill. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, openPage } from '../helpers/browser.ts';
import { ask } from '../model/questions.ts';
import { actors, startPulso, until } from './exactness.ts';
import { folderFor } from './folder.ts';

after(closeBrowser);

/** The demo makes a day and more first, which takes a core ten seconds; it may get a twentieth of one. */
const FILL_LIMIT_MS = 300_000;

test('page of the demo fills, moves, and shows an actor that was killed from it', {
  skip: 'Deno' in globalThis ? 'the browser is tested once, on Node' : false,
}, async (t) => {
  const dataDir = folderFor(t, 'page');
  const pulso = await startPulso([], { dataDir });
  const { page, problems, close } = await openPage(`${pulso.url}/?token=${pulso.token}`);
  t.after(close);
  page.setDefaultTimeout(FILL_LIMIT_MS);
  const figure = async (): Promise<string> =>
    ((await page.locator('pl-kpi-tile').first().textContent()) ?? '').replaceAll(/\s+/g, ' ');

  await until('the page shows the revenue of an hour beside yesterday', FILL_LIMIT_MS, async () => {
    const state = await figure();
    return { done: /R\$ [\d.]{6,}/.test(state) && /vs R\$/.test(state), state };
  });
  const before = await figure();
  await until('the revenue moves', FILL_LIMIT_MS, async () => ({ done: (await figure()) !== before, state: before }));
  assert.ok(!page.url().includes('token='), 'the token does not stay in the address');

  await page.getByRole('link', { name: 'System' }).click();
  await page.getByRole('row', { name: /aggregator-0/ }).click();
  await page.getByRole('button', { name: 'Kill' }).first().click();
  await page.getByRole('textbox', { name: /reason/i }).fill('the page test');
  await page.getByRole('button', { name: 'Kill' }).last().click();
  await until('aggregator-0 runs in a later epoch', FILL_LIMIT_MS, async () => {
    const actor = (await actors(pulso.url)).get('aggregator-0');
    return { done: (actor?.epoch ?? 0) > 1 && actor?.state === 'running', state: actor };
  });
  const audit = (await ask(pulso.url, '/system/audit')) as {
    items: { actor: string; reason: string }[];
  };
  assert.deepEqual(
    audit.items.map(({ actor, reason }) => ({ actor, reason })),
    [{ actor: 'aggregator-0', reason: 'the page test' }],
  );
  assert.deepEqual(problems, []);
});
