/** A member of a group in a process of its own, to be killed. It says when it has partitions. */
import { KafkaLogSource, type KafkaSourceConfig } from '../../actors/backends/event-log-kafka-source.ts';

const source = new KafkaLogSource(JSON.parse(process.env.MEMBER as string) as KafkaSourceConfig);
source.join({
  assigned: (partitions) => {
    if (partitions !== null && partitions.length > 0) process.stdout.write('assigned\n');
  },
  arrived: () => undefined,
  gap: () => undefined,
  waiting: () => undefined,
});
