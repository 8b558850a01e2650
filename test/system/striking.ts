/** Faults ordered over HTTP of a system in this process, and what the tree tells of how its actors come back. */
import assert from 'node:assert/strict';
import type { FaultKind } from '../../protocol/fault.ts';
import type { NodeStatus } from '../../supervisor/status.ts';
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
  await until(`${kind} of ${actor} taken`, 60_000, async () => {
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
export function dropLinks(pulso: InProcess, actor: string): Promise<void> {
  return withoutDeaths(pulso, `links of ${actor} are dropped`, async (deaths) => {
    const { links } = await pulso.tree.control(actor).inspect();
    const since = lastEventId(pulso);
    await order(pulso, actor, 'drop-link');
    await untilSeen(pulso.tree, `the links of ${actor} are there again`, (events) => {
      const again = events.filter(({ id, kind, text }) => id > since && kind === 'relinked' && text.includes(actor));
      return again.length >= links.length || deaths().length > 0;
    });
  });
}

const TRIES = 3;

/**
 * What is done costs nobody's life. It is done again where somebody died meanwhile: with limits as short as these a busy
 * machine may make an actor look hung, but not each time.
 */
export async function withoutDeaths(
  pulso: InProcess,
  what: string,
  work: (deaths: () => readonly string[]) => Promise<void>,
): Promise<void> {
  const { tree } = pulso;
  const stories: string[] = [];
  while (stories.length < TRIES) {
    await untilAllRun(pulso);
    const since = lastEventId(pulso);
    const events = () => tree.events().filter(({ id }) => id > since);
    const deaths = () =>
      events()
        .filter(({ kind }) => kind === 'exited')
        .map(({ text }) => text);
    await work(deaths).catch((thrown: unknown) => {
      if (deaths().length === 0) throw thrown;
    });
    if (deaths().length === 0) return;
    stories.push(
      events()
        .map(({ at, text }) => `${at % 100_000} ${text}`)
        .join('\n'),
    );
  }
  assert.fail(`${what}, and each time that killed somebody:\n${stories.join('\n\n')}`);
}

function untilAllRun({ tree }: InProcess): Promise<void> {
  const states = (node: NodeStatus): string[] =>
    node.type === 'worker' ? [`${node.id} ${node.state}`] : node.children.flatMap(states);
  return until('all run', 60_000, async () => {
    const state = states(tree.status());
    return { done: state.every((one) => / (running|waiting)$/.test(one)), state };
  });
}

const lastEventId = ({ tree }: InProcess) => tree.events().at(-1)?.id ?? 0;

export async function untilMore({ url }: InProcess): Promise<void> {
  const { in: before } = await ledgerTotal(url);
  await until('more events counted', 60_000, async () => {
    const state = await ledgerTotal(url);
    return { done: state.in > before, state };
  });
}

export async function differences({ url }: InProcess, model: ModelResult): Promise<string[]> {
  return [...(await compareAll(url, model)), ...(await compareOrders(url, model)).differences];
}
