/** The one form in which a query's parameters are refused: field, rule, value. */
import { AppError } from '../../protocol/errors.ts';

const SHOWN_CHARACTERS = 100;

export function refuse(field: string, rule: string, value: string): AppError {
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}..` : value;
  return new AppError('bad-parameter', `Cannot use "${field}" as ${rule}: current value is ${shown}`, { field });
}
