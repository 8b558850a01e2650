/**
 * archiver: keeps the raw events of this process's partitions within the budget by moving the oldest into the archive,
 * step by step. It remembers nothing: whoever comes after goes on from the manifest.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { AppError, toWireError } from '../../protocol/errors.ts';
import type { TopicPartition } from '../../protocol/event.ts';
import type { Answer, ArchiveQuery, ArchiveStatus, Ask, LetGo, LettingGo } from '../../protocol/message.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import { dayIn } from '../archive/days.ts';
import {
  type BackendConfig,
  chooseArchiveFiles,
  chooseArchiveManifest,
  chooseCatalog,
  chooseFactStore,
  chooseRawReader,
} from '../backends/choose.ts';
import { ARCHIVE_STATES, type ArchiveBatch } from '../ports/archive.ts';
import { Archiver } from './archiver.ts';
import { ArchiveBook, viewOf } from './book.ts';
import { OldWindows } from './old-windows.ts';
import { OthersBatches } from './others.ts';
import { Owners } from './owners.ts';
import { Registrar } from './registrar.ts';
import { Wanted } from './wanted.ts';

export type ArchiverInput = {
  readonly backend: BackendConfig;
  readonly zone: string;
  /** Bytes that raw events may weigh. */
  readonly budget: number;
};

/** Between two looks while there is nothing to do. */
const LOOK_MS = 500;
const TELL_MS = 500;
/** As of PULSO_HOT_BYTES. */
const LEAST_BUDGET = 1_000_000;

runChild<ArchiverInput>(async (child) => {
  const { backend, zone } = child.input;
  const raw = await chooseRawReader(backend);
  const manifest = await chooseArchiveManifest(backend);
  const facts = await chooseFactStore(backend);
  const wanted = new Wanted(facts);
  const files = await chooseArchiveFiles(backend);
  const catalog = await chooseCatalog(backend);
  const registrar = catalog && new Registrar(catalog, Date.now);
  const book = new ArchiveBook();
  const listeners = new Map<string, MessagePort>();
  let findings: MessagePort | undefined;
  let told = '';
  let known = false;
  const stopping = new AbortController();

  /** Between two slices of a batch. */
  function turn(): Promise<void> {
    child.meter.progressed();
    return nextTurn();
  }

  const archiver = new Archiver(
    {
      raw,
      manifest,
      wanted,
      files,
      dayOf: dayIn(zone),
      turn,
      now: Date.now,
      nonce: () => `${Date.now().toString(36)}${randomBytes(4).toString('hex')}`,
      drop: (place, horizon) => letGo(place, horizon),
    },
    { budget: child.input.budget, onChange: noteBatch },
  );
  let own: readonly TopicPartition[] = [];
  const owners = new Owners((partitions) => {
    own = partitions;
    archiver.own(partitions);
  });
  const oldWindows = new OldWindows({ manifest, now: Date.now, drop: (place, time) => letGo(place, time, 'windows') });

  async function letGo(place: TopicPartition, before: number, what: LetGo['what'] = 'raw'): Promise<boolean> {
    try {
      await owners.letGo(place, what, before);
      return true;
    } catch (thrown) {
      // The owner restarts, or is another now: it is asked again at the next look.
      if (thrown instanceof AppError) return false;
      throw thrown;
    }
  }

  const others = new OthersBatches({ manifest, now: Date.now, note: (batch) => book.note(batch, Date.now()) });

  function noteBatch(batch: ArchiveBatch): void {
    book.note(batch, Date.now());
    others.saw(batch);
    if (batch.state === 'COMMITTED') registrar?.note(batch);
    child.meter.handled();
  }

  function status(): ArchiveStatus {
    return book.status({ hot_bytes: archiver.hotBytes, budget: archiver.budget, running: wanted.any });
  }

  function tell(): void {
    const now = status();
    const text = JSON.stringify(now);
    const changed = book.takeChanged(now);
    if (text !== told || changed.batches.length > 0) for (const port of listeners.values()) port.postMessage(changed);
    told = text;
    const finding = book.judge(now, Date.now());
    if (finding !== undefined) findings?.postMessage(finding);
  }

  async function answer(query: ArchiveQuery): Promise<unknown> {
    switch (query.kind) {
      case 'batches': {
        const page = await manifest.list(query);
        return { items: page.items.map((batch) => viewOf(batch, (path) => files.uri(path))), next: page.next };
      }
      case 'batch': {
        const found = await manifest.get(query.id);
        return found === undefined ? null : viewOf(found, (path) => files.uri(path));
      }
      case 'status':
        return status();
      case 'run':
        return archiver.wantAll();
    }
  }

  async function onAsk(port: MessagePort, { id, body }: Ask<ArchiveQuery>): Promise<void> {
    try {
      port.postMessage({ type: 'answer', id, value: await answer(body) } satisfies Answer);
    } catch (thrown) {
      port.postMessage({ type: 'refusal', id, error: toWireError(thrown) } satisfies Answer);
    }
    child.meter.handled();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const worked = await child.handle(look);
      if (!worked) await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** Does what there is to do next; answers whether there was anything. */
  async function look(): Promise<boolean> {
    let worked = false;
    try {
      if (!known) await readManifest();
      known = true;
      worked = await archiver.work();
      await oldWindows.look(own);
      await others.look();
      await registrar?.look();
      if (registrar?.failure === undefined) book.wentWell();
      else book.failed(registrar.failure, Date.now());
    } catch (thrown) {
      // Store or archive may be away: that is no fault of this actor, and nothing is lost by waiting.
      book.failed(thrown instanceof Error ? thrown.message : String(thrown), Date.now());
    }
    return worked;
  }

  async function readManifest(): Promise<void> {
    for (const batch of await manifest.inState(ARCHIVE_STATES)) {
      book.note(batch, Date.now());
      others.saw(batch);
      if (batch.state === 'COMMITTED' || batch.state === 'DELETED') registrar?.note(batch);
    }
  }

  child.onLink(
    'letting-go',
    (port, { id }) => {
      owners.laid(id, port);
      port.on('message', (message: LettingGo) => child.handle(() => owners.receive(id, message), message.type));
    },
    ({ id }) => owners.lost(id),
  );
  child.onLink(
    'archive',
    (port, { id }) => {
      listeners.set(id, port);
      port.on('message', (ask: Ask<ArchiveQuery>) => void child.handle(() => onAsk(port, ask), `ask ${ask.body.kind}`));
      port.postMessage(book.everything(status()));
    },
    ({ id }) => listeners.delete(id),
  );
  child.onLink('findings', (port) => {
    findings = port;
    if (book.finding !== undefined) port.postMessage(book.finding);
  });
  child.onControl({
    inspect: () => ({ status: status(), owns: own, manifest_read: known, listeners: [...listeners.keys()] }),
    settings: {
      budget: numberSetting({
        from: LEAST_BUDGET,
        to: Number.MAX_SAFE_INTEGER,
        read: () => archiver.budget,
        write: (bytes) => {
          archiver.budget = bytes;
        },
      }),
    },
  });
  const telling = setInterval(() => child.handle(tell), TELL_MS);
  const running = run();
  child.onStop(async () => {
    stopping.abort();
    clearInterval(telling);
    await running;
    for (const part of [raw, manifest, facts, files]) await part.close();
    await catalog?.close();
  });
  child.ready();
});
