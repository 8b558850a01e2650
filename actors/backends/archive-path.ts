/** What a path of the archive may look like, on every backend: it never leads out of the root. */
import { AppError } from '../../protocol/errors.ts';

const SEGMENT = /^[A-Za-z0-9_=.-]{1,255}$/;

/** Refuses all but names of letters, digits and `_ = . -` with single slashes between them. */
export function checkArchivePath(path: string): void {
  const fits = path.split('/').every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment));
  if (fits) return;
  throw new AppError(
    'bad-parameter',
    `Cannot use a path of the archive unless it is made of letters, digits and "_=.-" below the root: current value is ${JSON.stringify(path)}`,
    { field: 'path' },
  );
}
