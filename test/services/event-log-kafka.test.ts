/** The log on Kafka against the contract of every event log. */
import { eventLogContract } from '../contracts/event-log.ts';
import { KafkaTestLog } from './kafka-log.ts';
import { needs } from './servers.ts';

const { skip } = needs('KAFKA_BROKERS');

eventLogContract({
  name: 'log on Kafka',
  ...(skip === false ? {} : { skip }),
  make: async () => {
    const log = await KafkaTestLog.make({ orders: 2, clicks: 2 });
    return {
      writer: async () => log.writer(),
      source: () => log.source(),
      gaps: () => log.gaps,
      close: () => log.close(),
    };
  },
});
