/** Routes of the dead letters: seen, and appended to the log again. */
import { parseReplayBody } from '../../../protocol/command.ts';
import { AppError } from '../../../protocol/errors.ts';
import { DEAD_REASONS, partitionKey } from '../../../protocol/event.ts';
import { FrameWriter } from '../../../protocol/frames.ts';
import type { AppendRequest, Replay, ReplayFilter, SeenLetter } from '../../../protocol/message.ts';
import type { Page } from '../../ports/hot-store.ts';
import type { GatewayState } from '../state.ts';
import { type Answer, list } from './answer.ts';
import { readJson } from './body.ts';
import { carried, intentOf } from './intent.ts';
import { checkKnown, choiceOf, limitOf, textOf } from './params.ts';
import type { Ask, Route } from './router.ts';

export function letterRoutes(state: GatewayState): Route[] {
  return [
    { method: 'GET', path: '/dead-letters', access: 'read', handle: (ask) => deadLetters(state, ask) },
    {
      method: 'POST',
      path: '/dead-letters/replay',
      access: 'command',
      takes: 'application/json',
      handle: (ask) => replay(state, ask),
    },
  ];
}

async function deadLetters(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search, 'reason', 'limit', 'cursor');
  const reason = choiceOf(search, 'reason', DEAD_REASONS);
  const cursor = textOf(search, 'cursor');
  const page = await state.reader.ask<Page<SeenLetter>>({
    kind: 'dead-letters',
    limit: limitOf(search),
    ...(reason === undefined ? {} : { reason }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const shown = page.items.map(({ element, replayedAt, replayedTo, ...letter }) => ({
    ...letter,
    element: element < 0 ? null : element,
    replayed_at: replayedAt,
    replayed_to: replayedTo,
  }));
  return list(shown, page.next);
}

async function replay(state: GatewayState, { request }: Ask): Promise<Answer> {
  const body = parseReplayBody(await readJson(request));
  const from = request.socket.remoteAddress ?? 'unknown';
  const command = { replay: JSON.stringify(body.filter), ...intentOf(body) };
  return carried(await state.control.run(command, from, () => replayLetters(state, body.filter)));
}

type Appended = { readonly id: string; readonly topic: string; readonly partition: number; readonly offset: number };

async function replayLetters(state: GatewayState, filter: ReplayFilter) {
  // Before anything is claimed: a log that is known to be away leaves nothing in doubt.
  if (!state.log.connected)
    throw new AppError('unavailable', 'Cannot replay as the log-writer is not running: try again');
  const { records, refused, more } = await state.reader.ask<Replay>({ kind: 'replay-letters', ...filter });
  const items = records.length === 0 ? [] : await append(state, records);
  return { replayed: items.length, items, refused, more };
}

async function append(state: GatewayState, records: Replay['records']): Promise<Appended[]> {
  const groups = [...Map.groupBy(records, partitionKey).values()];
  const sorted = groups.flat();
  const ids = sorted.map(({ id }) => id);
  const firsts = await state.log.append(groups.map(framesOf)).catch(async (thrown: unknown) => {
    if (isSurelyNotAppended(thrown)) await state.reader.ask({ kind: 'letters-replayed', ids, offsets: null });
    throw thrown;
  });
  const offsets = groups.flatMap((group, place) => group.map((_, at) => (firsts[place] as number) + at));
  await state.reader.ask({ kind: 'letters-replayed', ids, offsets });
  return sorted.map(({ id, topic, partition }, at) => ({ id, topic, partition, offset: offsets[at] as number }));
}

/** The topic-partition that the record came from: what stood there in one order stands there again. */
function framesOf(records: Replay['records']): AppendRequest['appends'][number] {
  const { topic, partition } = records[0] as Replay['records'][number];
  const frames = new FrameWriter();
  for (const { bytes } of records) frames.add(bytes);
  return { topic, partition, count: records.length, frames: frames.take() };
}

/** The log itself has refused; of an answer that never came nobody can say. */
function isSurelyNotAppended(thrown: unknown): boolean {
  return thrown instanceof AppError && !['unavailable', 'deadline-exceeded'].includes(thrown.code);
}
