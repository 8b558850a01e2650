/** Cursors of paged lists: where the last page ended, as text that nobody outside has to understand. */
import { AppError } from '../../protocol/errors.ts';

export type CursorPart = number | string;

export function encodeCursor(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a cursor that must look like `shape`; what was not made here is refused. */
export function decodeCursor<const Shape extends readonly CursorPart[]>(
  cursor: string,
  shape: Shape,
): { [K in keyof Shape]: Shape[K] extends number ? number : string } {
  const parts = parse(cursor);
  const fits =
    Array.isArray(parts) &&
    parts.length === shape.length &&
    parts.every((part, index) => typeof part === typeof shape[index]);
  if (!fits) {
    throw new AppError(
      'bad-parameter',
      `Cannot go on from "cursor" as it must come from an earlier answer: current value is ${cursor}`,
      {
        field: 'cursor',
      },
    );
  }
  return parts as { [K in keyof Shape]: Shape[K] extends number ? number : string };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
