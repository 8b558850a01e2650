/** Values of thrift as plain data: written by the types they are built with, read back by those that stand in the bytes. */
import thrift, { type Protocol } from 'thrift';

const { Type } = thrift.Thrift;
const DEEPEST = 32;

export type ThriftWritable = { readonly type: number; readonly write: (protocol: Protocol) => void };
/** Field number to value; a field that is undefined is left out. */
export type ThriftFields = Readonly<Record<number, ThriftWritable | undefined>>;

/** Structs are maps from field number, maps are maps from key. */
export type ThriftRead = string | number | boolean | readonly ThriftRead[] | ThriftMap;
export type ThriftMap = ReadonlyMap<ThriftRead, ThriftRead>;

export const text = (value: string): ThriftWritable => ({ type: Type.STRING, write: (to) => to.writeString(value) });
export const int = (value: number): ThriftWritable => ({ type: Type.I32, write: (to) => to.writeI32(value) });
export const flag = (value: boolean): ThriftWritable => ({ type: Type.BOOL, write: (to) => to.writeBool(value) });

export function texts(values: Readonly<Record<string, string>>): ThriftWritable {
  const entries = Object.entries(values);
  return {
    type: Type.MAP,
    write: (to) => {
      to.writeMapBegin(Type.STRING, Type.STRING, entries.length);
      for (const entry of entries) for (const part of entry) to.writeString(part);
    },
  };
}

/** Of structs, unless its values say otherwise. */
export function list(values: readonly ThriftWritable[]): ThriftWritable {
  return {
    type: Type.LIST,
    write: (to) => {
      to.writeListBegin(values[0]?.type ?? Type.STRUCT, values.length);
      for (const value of values) value.write(to);
    },
  };
}

export function struct(fields: ThriftFields): ThriftWritable {
  return { type: Type.STRUCT, write: (to) => writeFields(to, fields) };
}

export function writeFields(protocol: Protocol, fields: ThriftFields): void {
  for (const [id, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    protocol.writeFieldBegin('', value.type, Number(id));
    value.write(protocol);
  }
  protocol.writeFieldStop();
}

export function readFields(protocol: Protocol, depth = 0): ThriftMap {
  const fields = new Map<ThriftRead, ThriftRead>();
  for (;;) {
    const { ftype, fid } = protocol.readFieldBegin();
    if (ftype === Type.STOP) return fields;
    fields.set(fid, readValue(protocol, ftype, depth + 1));
  }
}

function readValue(protocol: Protocol, type: number, depth: number): ThriftRead {
  if (depth > DEEPEST) throw new RangeError(`Cannot read a thrift value as it is deeper than ${DEEPEST}`);
  switch (type) {
    case Type.BOOL:
      return protocol.readBool();
    case Type.BYTE:
      return protocol.readByte();
    case Type.I16:
      return protocol.readI16();
    case Type.I32:
      return protocol.readI32();
    case Type.I64:
      return protocol.readI64().toNumber();
    case Type.DOUBLE:
      return protocol.readDouble();
    case Type.STRING:
      return protocol.readString();
    case Type.STRUCT:
      return readFields(protocol, depth);
    case Type.MAP: {
      const { ktype, vtype, size } = protocol.readMapBegin();
      const map = new Map<ThriftRead, ThriftRead>();
      for (let at = 0; at < size; at++) {
        map.set(readValue(protocol, ktype, depth + 1), readValue(protocol, vtype, depth + 1));
      }
      return map;
    }
    case Type.SET:
    case Type.LIST: {
      const { etype, size } = protocol.readListBegin();
      const values: ThriftRead[] = [];
      for (let at = 0; at < size; at++) values.push(readValue(protocol, etype, depth + 1));
      return values;
    }
    default:
      throw new RangeError(`Cannot read a thrift value as its type is unknown: current value is ${type}`);
  }
}
