/**
 * Appends and commits without end, and prints each number once it is durable: `log N` when every partition's log has
 * N more records, `store N` when commit N of both topics of partition 0 is in. It is there to be killed.
 */
import { writeSync } from 'node:fs';
import { EmbeddedLogWriter } from '../../../actors/backends/event-log-embedded.ts';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { commitAfter, deadLetter, ordersChunk } from '../../contracts/commits.ts';
import { append } from '../../contracts/event-log.ts';
import { CRASH_TOPICS, crashConfig, recordOf, windowOf } from './crash-data.ts';

const config = crashConfig(process.argv[2] as string);
const log = new EmbeddedLogWriter(config);
const store = new EmbeddedPartitionStore(config);
const states: PartitionState[] = [];
for (const topic of CRASH_TOPICS) states.push(await store.open({ topic, partition: 0 }));
const ends = new Map((await log.extents()).map(({ topic, partition, end }) => [`${topic}/${partition}`, end]));
const say = (line: string) => writeSync(1, `${line}\n`);

for (;;) {
  const appends = CRASH_TOPICS.flatMap((topic) =>
    [0, 1].map((partition) => {
      const end = ends.get(`${topic}/${partition}`) as number;
      // From one record to rows that are compressed and cut.
      const count = 1 + (end % 7) * 60;
      ends.set(`${topic}/${partition}`, end + count);
      return append(
        topic,
        partition,
        Array.from({ length: count }, (_, index) => recordOf(end + index)),
      );
    }),
  );
  await log.append(appends);
  say(`log ${CRASH_TOPICS.map((topic) => ends.get(`${topic}/0`)).join(' ')}`);
  const commits = states.map((state) => {
    const seq = state.seq + 1;
    return commitAfter(state, {
      nextOffset: seq,
      windows: [0, 1].map((minute) => ({ start: minute * 60_000, packed: windowOf(seq) })),
      raw: [ordersChunk(seq - 1, [{ id: `${state.topic} ${seq}`, time: seq, state: 'SP' }])],
      deadLetters: [deadLetter(0, seq - 1, { topic: state.topic, element: 3 })],
    });
  });
  await store.commit(commits);
  states.splice(0, states.length, ...commits);
  say(`store ${commits[0]?.seq}`);
}
