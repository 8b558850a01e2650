/**
 * The connection to MongoDB, and what its failures mean. An outage is waited out (`Patience`) or told as `unavailable`;
 * whether a write that was cut off took place is found out by whoever made it.
 */
import {
  type Collection,
  type Db,
  MongoBulkWriteError,
  MongoClient,
  type MongoClientOptions,
  MongoError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { AppError } from '../../protocol/errors.ts';

export type MongoConfig = {
  readonly mongodbUri: string;
  readonly group: string;
  /** Names this process: all that its threads own is owned by it. */
  readonly processId: string;
};

/** Who is told that something outside is waited for: a meter of the supervisor is one. Without one nobody waits. */
export type OutageWatch = {
  waiting(what: string, deadlineMs: number): void;
  waited(): void;
  /** It has answered once more. */
  progressed?(): void;
  /** Whether there is no time to wait any more: whoever waits then fails instead. */
  givesUp?(): boolean;
};

const STANDARD_GROUP = 'pulso';
const STANDARD_DATABASE = 'pulso';
const LONGEST_NAME = 63;
const DUPLICATE = 11_000;
/** Refusals that no waiting helps: what was asked is wrong. */
const LOGICAL_CODES = new Set([2, 9, 14, 26, 28, 59, 66, 115, 10_334, 17_419, DUPLICATE]);
/** Slower than this counts as an outage in what people see; a busy server answers sooner. */
const SLOW_MS = 1_500;
/** Longest pause between two tries: how long a server may be back before it is noticed. */
const LONGEST_PAUSE_MS = 1_000;
const FIRST_PAUSE_MS = 50;
/** How long a declared wait holds; it is declared anew at every try. */
const WAIT_MS = 60_000;

/**
 * A driver that has found no server for so long starts anew: where a line is cut at the wrong moment its monitor may
 * never look again (7.8), and every call fails while the server is well.
 */
const RENEW_MS = 5_000;

/** The standard group has the database of the address, every other one a database beside it. */
export function databaseName({ mongodbUri, group }: Pick<MongoConfig, 'mongodbUri' | 'group'>): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]*)/.exec(mongodbUri)?.[1] ?? '';
  const base = path === '' ? STANDARD_DATABASE : decodeURIComponent(path);
  const name = group === STANDARD_GROUP ? base : `${base}_${group.replaceAll('.', '~')}`;
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  throw new AppError(
    'bad-config',
    `Cannot name a database of MongoDB with more than ${LONGEST_NAME} bytes: current value is ${JSON.stringify(name)}`,
    { field: 'group' },
  );
}

/** Where it is, without user and password. */
export function addressOf(mongodbUri: string): string {
  return /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(mongodbUri)?.[1] ?? 'MongoDB';
}

/** A connection pool of this thread; it connects when first used, and again after every outage. */
export class Mongo {
  readonly address: string;
  readonly db: Db;
  readonly #client: MongoClient;
  #connected = false;
  #connecting: Promise<void> | undefined;
  /** Since when no server was found, or since the driver was last renewed for that. */
  #lostAt: number | undefined;
  #stale = false;

  constructor(config: Pick<MongoConfig, 'mongodbUri' | 'group'>) {
    this.address = addressOf(config.mongodbUri);
    this.#client = clientOf(config.mongodbUri, {
      appName: 'pulso',
      serverSelectionTimeoutMS: 2_000,
      connectTimeoutMS: 2_000,
      socketTimeoutMS: 10_000,
      waitQueueTimeoutMS: 2_000,
      maxPoolSize: 4,
      retryWrites: false,
      writeConcern: { w: 'majority' },
      ignoreUndefined: true,
      promoteBuffers: true,
    });
    this.db = this.#client.db(databaseName(config));
  }

  collection<T extends { _id: string }>(name: string): Collection<T> {
    return this.db.collection<T>(name);
  }

  /**
   * Runs one try, connected. The driver connects by itself, but where its first try to fails it is of no use ever after:
   * each later call finds its topology closed.
   */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#connected) await this.#connect();
    try {
      const answer = await work();
      this.#lostAt = undefined;
      return answer;
    } catch (thrown) {
      if (thrown instanceof MongoTopologyClosedError) this.#connected = false;
      if (thrown instanceof MongoServerSelectionError) this.#renewIfLost();
      throw thrown;
    }
  }

  /** As `attempt`; an outage becomes `unavailable`. */
  async once<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.attempt(work);
    } catch (thrown) {
      throw isOutage(thrown) ? unavailable(this.address, thrown) : thrown;
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #renewIfLost(): void {
    const now = performance.now();
    this.#lostAt ??= now;
    if (now - this.#lostAt < RENEW_MS) return;
    this.#lostAt = now;
    this.#stale = true;
    this.#connected = false;
  }

  /** One at a time, whoever asks. */
  #connect(): Promise<void> {
    this.#connecting ??= this.#connectAnew().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connectAnew(): Promise<void> {
    // What is under way fails with it, and is tried again by whoever waits for it.
    if (this.#stale) await this.#client.close();
    this.#stale = false;
    await this.#client.connect();
    this.#connected = true;
  }
}

function clientOf(mongodbUri: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(mongodbUri, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('bad-config', `Cannot use MONGODB_URI as it must be an address of MongoDB: ${reason}`, {
      field: 'mongodbUri',
      cause,
    });
  }
}

type Attempts = Pick<Mongo, 'address' | 'attempt' | 'once'>;

/** Time as whoever waits sees it. */
export type WaitClock = {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls back after so many ms; answers how to call it off. */
  after(ms: number, run: () => void): () => void;
};

const systemWaitClock: WaitClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Tries until it works; only what no waiting helps is thrown. Every try must be safe to make again. Where nobody is told of
 * the waiting it tries once.
 */
export class Patience {
  readonly #mongo: Attempts;
  readonly #watch: OutageWatch | undefined;
  readonly #clock: WaitClock;
  #answeredAt = 0;
  #declared = false;
  #closed = false;

  constructor(mongo: Attempts, watch?: OutageWatch, clock = systemWaitClock) {
    this.#mongo = mongo;
    this.#watch = watch;
    this.#clock = clock;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#watch === undefined) return this.#mongo.once(work);
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    givenUp.catch(() => undefined);
    const began = this.#clock.now();
    const look = () => {
      // While it answers others this one is only much to do.
      const silentMs = this.#clock.now() - Math.max(began, this.#answeredAt);
      const slow = silentMs >= SLOW_MS;
      if (slow) this.#declare();
      if (this.#over) reject(unavailable(this.#mongo.address, 'there is no time left to wait for it'));
      callOff = this.#clock.after(slow ? SLOW_MS : SLOW_MS - silentMs, look);
    };
    let callOff = this.#clock.after(SLOW_MS, look);
    try {
      return await Promise.race([this.#untilDone(work), givenUp]);
    } finally {
      callOff();
      this.#answered();
    }
  }

  /** Whoever still waits gives up. */
  close(): void {
    this.#closed = true;
  }

  #declare(): void {
    this.#declared = true;
    this.#watch?.waiting(`MongoDB at ${this.#mongo.address}`, WAIT_MS);
  }

  /** Whoever else waits says so anew. */
  #answered(): void {
    this.#answeredAt = this.#clock.now();
    if (this.#declared) this.#watch?.waited();
    this.#declared = false;
    this.#watch?.progressed?.();
  }

  get #over(): boolean {
    return this.#closed || this.#watch?.givesUp?.() === true;
  }

  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.#mongo.attempt(work);
      } catch (thrown) {
        if (!isOutage(thrown)) throw thrown;
        if (this.#over) throw unavailable(this.#mongo.address, thrown);
        this.#declare();
      }
      await new Promise<void>((resolve) => this.#clock.after(pauseMs, resolve));
    }
  }
}

export function unavailable(address: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError('unavailable', `Cannot use MongoDB at ${address} as it does not answer as it should: ${reason}`, {
    cause,
  });
}

/** Everything the driver or the server says that is not about what was asked. FerretDB reports a lost database as code 1. */
export function isOutage(thrown: unknown): boolean {
  if (thrown instanceof MongoBulkWriteError) return !onlyDuplicates(thrown) && !LOGICAL_CODES.has(Number(thrown.code));
  if (thrown instanceof MongoServerError) return !LOGICAL_CODES.has(Number(thrown.code));
  return (
    thrown instanceof MongoError &&
    !['MongoInvalidArgumentError', 'MongoParseError', 'MongoAPIError'].includes(thrown.name)
  );
}

/** By code alone: the text differs between servers. */
export function isDuplicate(thrown: unknown): boolean {
  return thrown instanceof MongoBulkWriteError
    ? onlyDuplicates(thrown)
    : thrown instanceof MongoServerError && thrown.code === DUPLICATE;
}

/** Of an unordered bulk in which nothing else went wrong. */
function onlyDuplicates(error: MongoBulkWriteError): boolean {
  const errors = [error.writeErrors].flat();
  return (
    errors.length > 0 &&
    errors.every(({ code }) => code === DUPLICATE) &&
    error.result.getWriteConcernError() === undefined
  );
}

/** Inserts what is not there yet; that some of it is there is no error. Answers the places of those that were. */
export async function insertMissing<T extends { _id: string }>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<readonly number[]> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany(documents as never, { ordered: false });
    return [];
  } catch (thrown) {
    if (!isDuplicate(thrown)) throw thrown;
    return [(thrown as MongoBulkWriteError).writeErrors].flat().map(({ index }) => index);
  }
}

/** A view without a copy, of the plain class: the driver answers binary data as Node's buffers. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
