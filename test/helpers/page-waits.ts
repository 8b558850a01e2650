/** Waits in pages, each for something that stays once it is so: what stood there last is said when it never comes. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/** Far more than any machine needs. */
const LIMIT_MS = 30_000;
const LOOK_MS = 20;

/** Looks until it holds. */
export async function until<T>(look: () => T | Promise<T>, holds: (seen: T) => boolean, what: string): Promise<T> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    assert.ok(performance.now() < deadline, `${what}: current value is ${JSON.stringify(seen)}`);
    await sleep(LOOK_MS);
  }
}

/** Until the text of the first such place fits. */
export async function untilFits(page: Page, place: string, pattern: RegExp): Promise<string> {
  const first = page.locator(place).first();
  return until(
    async () => (await first.textContent()) ?? '',
    (text) => pattern.test(text),
    `${place} fits ${pattern}`,
  );
}

export async function untilCount(page: Page, place: string, count: number): Promise<void> {
  const all = page.locator(place);
  await until(
    () => all.count(),
    (seen) => seen === count,
    `${place} is there ${count} times`,
  );
}

/** What the address bar says; `page.url()` hears of it a moment later. */
export async function untilAddress(page: Page, holds: (address: string) => boolean): Promise<void> {
  await until(() => page.evaluate('location.href') as Promise<string>, holds, 'the address');
}

/** Makes the page believe that so much time has passed since the last frame; its time stands still from then on. */
export async function ageTo(page: Page, ms: number): Promise<void> {
  const heard = "document.querySelector('pl-app').page.store.status?.lastFrameAt ?? null";
  const at = await until(
    () => page.evaluate(heard) as Promise<number | null>,
    (time) => time !== null,
    'a frame was heard',
  );
  await page.clock.setFixedTime(Number(at) + ms);
}
