/**
 * A producer over POST /events at a steady pace. A batch whose answer never came may or may not be in the log; it is
 * sent again, so that every line is in the log at least once, and more than once only if it was sent more than once.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const BATCH = 250;
const RETRY_MS = 30;

export type Producer = {
  /** Line -> how often it was sent. */
  readonly sent: Map<string, number>;
  readonly finished: Promise<void>;
};

/** Sends the lines in order, `rate` a second, to wherever `url` points, until all are accepted or the signal says stop. */
export function produce(url: () => string, lines: readonly Uint8Array[], rate: number, signal: AbortSignal): Producer {
  const sent = new Map<string, number>();
  async function run(): Promise<void> {
    const started = performance.now();
    for (let at = 0; at < lines.length && !signal.aborted; at += BATCH) {
      const batch = lines.slice(at, at + BATCH);
      await deliver(url, batch, sent, signal);
      const ahead = started + ((at + batch.length) / rate) * 1000 - performance.now();
      if (ahead > 0) await sleep(ahead);
    }
  }
  return { sent, finished: run() };
}

async function deliver(
  url: () => string,
  batch: readonly Uint8Array[],
  sent: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const body = Buffer.concat(batch.flatMap((line) => [line, Buffer.from('\n')]));
  while (!signal.aborted) {
    for (const line of batch) {
      const key = Buffer.from(line).toString('latin1');
      sent.set(key, (sent.get(key) ?? 0) + 1);
    }
    if (await accepted(url(), body, batch.length)) return;
    await sleep(RETRY_MS);
  }
}

/** False when it is to be sent again: no answer, or an answer that says later. */
async function accepted(url: string, body: Buffer, count: number): Promise<boolean> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(new URL('/events', url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: new Uint8Array(body),
    });
    text = await answer.text();
  } catch {
    return false;
  }
  if (answer.status === 429 || answer.status === 503) return false;
  if (answer.status !== 202) throw new Error(`POST /events answered ${answer.status} ${text}`);
  const told = JSON.parse(text) as { accepted: number; rejected: unknown[] };
  if (told.accepted !== count || told.rejected.length > 0)
    throw new Error(`POST /events accepted ${told.accepted} of ${count}: ${text.slice(0, 300)}`);
  return true;
}
