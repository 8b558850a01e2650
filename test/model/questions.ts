/** Reading a running pulso over HTTP: one document, or every page of a list. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Answer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly truncated: boolean;
};

/** Longer than any actor is away. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 50;

/** Asked again while whoever answers is away: on a machine that has too much to do any actor may be replaced at any time. */
export async function ask(url: string, path: string): Promise<unknown> {
  for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(RETRY_MS)) {
    try {
      return await askOnce(url, path);
    } catch (thrown) {
      const isAway = thrown instanceof Refused ? thrown.status === 503 : true;
      if (!isAway || performance.now() > deadline) throw thrown;
    }
  }
}

/** For those who look again and again by themselves, or whom it matters to whether somebody answers. */
export async function askOnce(url: string, path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url));
  const body = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, `GET ${path} answered ${answer.status} ${body.slice(0, 300)}`);
  return JSON.parse(body);
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function askPages(url: string, path: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  let cursor: string | null | undefined;
  do {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = (await ask(url, `${path}?limit=1000${more}`)) as {
      items: Record<string, unknown>[];
      next_cursor?: string | null;
    };
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return all;
}
