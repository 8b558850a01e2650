/**
 * Draws what is asked again and again until it is told to stop, and goes on while nobody answers: what is watched may
 * be restarting.
 */
import { AppError } from '../../protocol/errors.ts';

export type WatchPorts = {
  /** Shown at once; the others a wait apart. */
  readonly first: string;
  /** Asks for what is shown and draws it; an AppError is shown in its place. */
  readonly frame: () => Promise<string>;
  readonly write: (text: string) => void;
  /** Redraw in place; else the frames follow one another. */
  readonly inPlace: boolean;
  /** Settles after the time between two frames, or at once when the signal says so. */
  readonly wait: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
};

const HOME = '\x1b[H';
const CLEAR = '\x1b[2J';
const TO_LINE_END = '\x1b[K';
const BELOW = '\x1b[J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

export async function watch({ first, frame, write, inPlace, wait, signal }: WatchPorts): Promise<void> {
  if (inPlace) write(`${HIDE_CURSOR}${CLEAR}`);
  try {
    for (let text = first; !signal.aborted; text = await frameOrReason(frame)) {
      write(inPlace ? overFormer(text) : text);
      await wait(signal);
      if (signal.aborted) break;
    }
  } finally {
    if (inPlace) write(SHOW_CURSOR);
  }
}

async function frameOrReason(frame: () => Promise<string>): Promise<string> {
  try {
    return await frame();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return `${thrown.message}\n`;
  }
}

/** Over the former frame, line by line, so that nothing flickers. */
function overFormer(text: string): string {
  return `${HOME}${text.replaceAll('\n', `${TO_LINE_END}\n`)}${BELOW}`;
}
