/** Faults ordered over HTTP of a system in this process, and what the tree tells of how its actors come back. */
import assert from 'node:assert/strict';
import type { FaultKind } from '../../protocol/fault.ts';
import { compareAll } from '../model/compare.ts';
import type { ModelResult } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { ledgerTotal, until } from './exactness.ts';
import { type InProcess, untilSeen } from './in-process.ts';

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export async function post({ url, token }: InProcess, path: string, body: object): Promise<Answer> {
  const answer = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export async function get({ url }: InProcess, path: string): Promise<Answer> {
  const answer = await fetch(new URL(path, url));
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Asked again while there is no gateway: it may have been the last one that was struck. */
export async function order(pulso: InProcess, actor: string, kind: FaultKind): Promise<void> {
  // Without a key: one that was refused would be refused again under the same.
  const body = { kind, reason: 'test' };
  await until(`${kind} of ${actor} taken`, 30_000, async () => {
    const state = await post(pulso, `/system/actors/${actor}/fault`, body).catch((error: Error) => error.message);
    return { done: typeof state === 'object' && state.status === 200, state };
  });
}

export const epochOf = ({ tree }: InProcess, id: string) =>
  Math.max(...tree.events().flatMap(({ kind, actor, epoch }) => (kind === 'running' && actor === id ? [epoch] : [0])));

/** From the orders until their successors ran. */
export async function strike(pulso: InProcess, actors: readonly string[], kind: FaultKind): Promise<number[]> {
  const epochs = new Map(actors.map((actor) => [actor, epochOf(pulso, actor)]));
  for (const actor of actors) await order(pulso, actor, kind);
  return Promise.all([...epochs].map((before) => backAfter(pulso, kind, before)));
}

export async function backAfter(
  { tree }: InProcess,
  kind: FaultKind,
  [actor, before]: [string, number],
): Promise<number> {
  const running = await untilSeen(tree, `${actor} is back after ${kind}`, (events) =>
    events.find((event) => event.kind === 'running' && event.actor === actor && event.epoch > before),
  );
  const ordered = tree.events().findLast((event) => event.text === `fault ${kind} ${actor}`);
  return running.at - (ordered?.at ?? Number.NaN);
}

/** Until each of its links is laid again; nobody restarts for it. */
export async function dropLinks(pulso: InProcess, actor: string): Promise<void> {
  const epoch = epochOf(pulso, actor);
  const { links } = await pulso.tree.control(actor).inspect();
  const since = pulso.tree.events().at(-1)?.id ?? 0;
  await order(pulso, actor, 'drop-link');
  await untilSeen(pulso.tree, `the links of ${actor} are there again`, (events) => {
    const again = events.filter(({ id, kind, text }) => id > since && kind === 'relinked' && text.includes(actor));
    return again.length >= links.length;
  });
  assertAlive(pulso, [actor], epoch, `links of ${actor} were dropped`);
}

/** The same incarnation as before; else what has become of them is said. */
export function assertAlive({ tree }: InProcess, actors: readonly string[], epoch: number, why: string): void {
  const others = tree.events().filter((event) => actors.includes(event.actor) && event.epoch > epoch);
  const story = tree
    .events()
    .slice(-40)
    .map(({ at, text }) => `${at % 100_000} ${text}`);
  assert.deepEqual(
    others.map(({ text }) => text),
    [],
    `${why}, and that killed:\n${story.join('\n')}`,
  );
}

export async function untilMore({ url }: InProcess): Promise<void> {
  const { in: before } = await ledgerTotal(url);
  await until('more events counted', 30_000, async () => {
    const state = await ledgerTotal(url);
    return { done: state.in > before, state };
  });
}

/** Asked again where there was no answer: with limits as short as these a busy machine may make an actor look hung. */
export async function differences({ url }: InProcess, model: ModelResult): Promise<string[]> {
  let found: string[] = [];
  await until('all questions answered', 60_000, async () => {
    try {
      found = [...(await compareAll(url, model)), ...(await compareOrders(url, model)).differences];
      return { done: true };
    } catch (thrown) {
      const { message } = thrown as Error;
      if (!message.includes('answered 503')) throw thrown;
      return { done: false, state: message };
    }
  });
  return found;
}
