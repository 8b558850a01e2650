/** How to reach Kafka, as plain data. */
export type KafkaConfig = {
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
};

/** The same as the configuration names it. */
export type KafkaSettings = {
  readonly kafkaBrokers?: readonly string[] | undefined;
  readonly kafkaSsl?: 'true' | 'false' | undefined;
  readonly kafkaSaslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly kafkaSaslUsername?: string | undefined;
  readonly kafkaSaslPassword?: string | undefined;
};

/** Undefined where no broker is named. */
export function kafkaConfig(settings: KafkaSettings): KafkaConfig | undefined {
  const { kafkaBrokers, kafkaSsl, kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword } = settings;
  if (kafkaBrokers === undefined || kafkaBrokers.length === 0) return undefined;
  const sasl =
    kafkaSaslMechanism === undefined
      ? {}
      : {
          sasl: {
            mechanism: kafkaSaslMechanism,
            username: kafkaSaslUsername ?? '',
            password: kafkaSaslPassword ?? '',
          },
        };
  return { brokers: kafkaBrokers, ssl: kafkaSsl === 'true', ...sasl };
}

/** For kafkajs: a copy, since it writes functions into what it is given, and the settings must still go to other threads. */
export function loginOf(sasl: NonNullable<KafkaConfig['sasl']>): {
  mechanism: 'plain';
  username: string;
  password: string;
} {
  // kafkajs wants one member of its union of mechanisms; all three that are left here look the same.
  return { ...sasl } as { mechanism: 'plain'; username: string; password: string };
}
