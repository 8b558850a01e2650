/** Where a replay goes: into the log of a data folder that nobody uses, or to a running pulso over HTTP. */
import { AppError } from '../../protocol/errors.ts';
import type { PartitionCounts } from '../../protocol/event.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { route, routeCounts, targetTopics } from '../../protocol/route.ts';
import type { Append, LogWriter } from '../ports/event-log.ts';

export type ReplaySink = {
  /** Takes one record; may wait for what was taken before. */
  readonly write: (record: Uint8Array) => Promise<void>;
  readonly end: () => Promise<void>;
};

const FLUSH_BYTES = 2 * 1024 * 1024;
const POST_BYTES = 4 * 1024 * 1024;
const RETRIES = 20;

/** Collects records by topic-partition and appends them in the order they came. */
export function logSink(writer: LogWriter, topics: readonly string[], partitions: PartitionCounts): ReplaySink {
  const counts = routeCounts(topics, partitions);
  const targets = targetTopics(topics);
  const open = new Map<string, { topic: string; partition: number; frames: FrameWriter }>();
  let bytes = 0;
  async function flush(): Promise<void> {
    const appends: Append[] = [];
    for (const { topic, partition, frames } of open.values()) {
      const { count } = frames;
      if (count > 0) appends.push({ topic, partition, count, frames: frames.take() });
    }
    bytes = 0;
    if (appends.length > 0) await writer.append(appends);
  }
  return {
    async write(record) {
      const { topic: routed, partition } = route(record, counts);
      const topic = targets[routed];
      const key = `${topic}/${partition}`;
      let entry = open.get(key);
      if (entry === undefined) {
        entry = { topic, partition, frames: new FrameWriter() };
        open.set(key, entry);
      }
      entry.frames.add(record);
      bytes += record.length;
      if (bytes >= FLUSH_BYTES) await flush();
    },
    end: flush,
  };
}

/** Posts NDJSON to a running pulso; waits and tries again when that one is under pressure. */
export function httpSink(
  url: string,
  token: string | undefined,
  wait: (ms: number) => Promise<void>,
  onRejected: (line: number, reason: string) => void,
): ReplaySink {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  async function flush(): Promise<void> {
    if (lines.length === 0) return;
    const body = Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
    lines = [];
    bytes = 0;
    await post(body, 0);
  }
  async function post(body: Buffer, attempt: number): Promise<void> {
    const answer = await fetch(new URL('/events', url), {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        'content-type': 'application/x-ndjson',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    }).catch((cause: unknown) => {
      throw new AppError('unavailable', `Cannot send to ${url} as nothing answers there`, { cause });
    });
    if (answer.status === 429 && attempt < RETRIES) {
      await answer.arrayBuffer();
      await wait(1000 * Number(answer.headers.get('retry-after') ?? 1));
      return post(body, attempt + 1);
    }
    if (answer.status !== 202)
      throw new AppError(
        'unavailable',
        `Cannot send to ${url} as it answered ${answer.status}: ${await answer.text()}`,
      );
    const { rejected } = (await answer.json()) as { rejected: { line: number; reason: string }[] };
    for (const { line, reason } of rejected) onRejected(line, reason);
  }
  return {
    async write(record) {
      // A record that holds line ends (an element of a spread array) must stay one line.
      lines.push(record.includes(0x0a) ? oneLine(record) : record.slice());
      bytes += record.length;
      if (bytes >= POST_BYTES) await flush();
    },
    end: flush,
  };
}

const NEWLINE = Uint8Array.of(0x0a);

/** Line ends between the tokens of a JSON text are blanks; inside strings they cannot stand. */
function oneLine(record: Uint8Array): Uint8Array {
  return record.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}
