/** Settings of an actor that may be changed while it runs: checked as a whole before any of them is changed. */

import { AppError } from '../protocol/errors.ts';

export type Setting = {
  /** In words, for the refusal. */
  readonly rule: string;
  holds(value: unknown): boolean;
  read(): unknown;
  write(value: unknown): void;
};

export type SettingTable = Readonly<Record<string, Setting>>;

type NumberSetting = {
  readonly from: number;
  readonly to: number;
  read(): number | null;
  write(value: number): void;
};

/** @example const settings = { rate: numberSetting({ from: 0, to: 1_000, read: () => rate, write: (value) => { rate = value; } }) }; */
export function numberSetting({ from, to, read, write }: NumberSetting): Setting {
  return {
    rule: `a whole number from ${from} to ${to}`,
    holds: (value) => Number.isInteger(value) && (value as number) >= from && (value as number) <= to,
    read,
    write: (value) => write(value as number),
  };
}

export function currentSettings(table: SettingTable): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, { read }]) => [name, read()]));
}

/** Answers all settings as they are afterwards. */
export function changeSettings(table: SettingTable, wanted: unknown): Record<string, unknown> {
  const changes = Object.entries(checked(wanted)).map(([name, value]) => ({
    setting: find(table, name, value),
    value,
  }));
  for (const { setting, value } of changes) setting.write(value);
  return currentSettings(table);
}

function checked(wanted: unknown): object {
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) return wanted;
  throw new AppError('bad-parameter', 'Cannot configure the actor as the settings are no object', {
    field: 'settings',
  });
}

function find(table: SettingTable, name: string, value: unknown): Setting {
  const setting = Object.hasOwn(table, name) ? table[name] : undefined;
  if (setting === undefined) {
    const known = Object.keys(table).join(', ') || 'none';
    throw refusal(name, `Cannot configure "${name}" as it is no setting of this actor: known are ${known}`);
  }
  if (setting.holds(value)) return setting;
  throw refusal(name, `Cannot configure "${name}" as it must be ${setting.rule}: current value is ${shown(value)}`);
}

function refusal(field: string, text: string): AppError {
  return new AppError('bad-parameter', text, { field });
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 80) : String(JSON.stringify(value)).slice(0, 80);
}
