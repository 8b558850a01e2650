/** Incidents as the main thread keeps them: out of the tree's events, on disk, and told to the gateway that shows them. */
import type { SupervisorEvent } from '../supervisor/events.ts';
import { balanceOf, type Incident, IncidentLog } from '../supervisor/incidents.ts';
import type { NodeStatus } from '../supervisor/status.ts';
import { IncidentFile, readIncidents } from './incident-file.ts';
import type { Log } from './log.ts';

/** Some months of a system that is well, the worst day of one that is not; under a megabyte. */
const KEPT_INCIDENTS = 1_000;
/** More events than the second can bring that a killed process loses: no id is given twice. */
const LOST_EVENTS = 10_000;

type KeeperOptions = { readonly root: string; readonly log: Log; readonly now: number };

export class IncidentKeeper {
  readonly #log: IncidentLog;
  readonly #file: IncidentFile;
  #tell: ((incident: Incident) => void) | undefined;
  /** New events are numbered after this one. */
  readonly lastEventId: number;

  private constructor(log: IncidentLog, file: IncidentFile) {
    this.#log = log;
    this.#file = file;
    this.lastEventId = log.lastEventId === 0 ? 0 : log.lastEventId + LOST_EVENTS;
  }

  /** Where the process before this one did not end in order, that is an incident too. */
  static async open(path: string, { root, log, now }: KeeperOptions): Promise<IncidentKeeper> {
    const { incidents, stopped } = await readIncidents(path, log);
    const list = new IncidentLog(KEPT_INCIDENTS, incidents);
    const file = new IncidentFile({ path, what: 'incidents', log, list: () => list.list });
    const keeper = new IncidentKeeper(list, file);
    if (stopped === false) keeper.#note(list.processDied(root, now));
    return keeper;
  }

  /** Oldest first. */
  get list(): readonly Incident[] {
    return this.#log.list;
  }

  onChange(tell: (incident: Incident) => void): void {
    this.#tell = tell;
  }

  heard(event: SupervisorEvent, tree: () => NodeStatus): void {
    const changed = this.#log.add(event, (actor) => balanceOf(tree(), actor));
    if (changed !== undefined) this.#note(changed);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #note(incident: Incident): void {
    this.#file.write(incident);
    this.#tell?.(incident);
  }
}
