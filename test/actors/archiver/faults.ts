/** Ports of the archiver that call out before and after each call that changes or reads something outside. */
import type { ArchiverPorts } from '../../../actors/archiver/archiver.ts';

/** Calls that go nowhere. */
const IMMEDIATE = new Set(['uri', 'close', 'below']);

export type Watch = {
  /** Before the call; throws to have it not made. */
  readonly before: (name: string) => void;
  /** While the call is under way, or when it is done. */
  readonly during: (name: string) => void;
  readonly after: (name: string) => void;
};

export function watched(ports: ArchiverPorts, watch: Watch): ArchiverPorts {
  const around = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key, object);
        if (typeof value !== 'function') return value;
        if (IMMEDIATE.has(String(key))) return value.bind(object);
        return (...args: unknown[]) => call(`${name}.${String(key)}`, () => value.apply(object, args));
      },
    });
  async function call(name: string, make: () => Promise<unknown>): Promise<unknown> {
    watch.before(name);
    const made = make();
    watch.during(name);
    const result = await made;
    watch.after(name);
    return result;
  }
  return {
    ...ports,
    raw: around('raw', ports.raw),
    manifest: around('manifest', ports.manifest),
    files: around('files', ports.files),
    wanted: around('wanted', ports.wanted),
    drop: (place, horizon) => call('drop', () => ports.drop(place, horizon)) as Promise<boolean>,
  };
}
