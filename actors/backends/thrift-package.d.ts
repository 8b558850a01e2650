/** What is used of the package `thrift`, which brings no types. */
declare module 'thrift' {
  export type Transport = { commitPosition(): void; rollbackPosition(): void };

  export type Protocol = {
    flush(): void;
    writeMessageBegin(name: string, type: number, sequence: number): void;
    writeMessageEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldStop(): void;
    writeMapBegin(keyType: number, valueType: number, size: number): void;
    writeListBegin(elementType: number, size: number): void;
    writeBool(value: boolean): void;
    writeI32(value: number): void;
    writeString(value: string): void;
    readMessageBegin(): { mtype: number; rseqid: number };
    readFieldBegin(): { ftype: number; fid: number };
    readMapBegin(): { ktype: number; vtype: number; size: number };
    readListBegin(): { etype: number; size: number };
    readBool(): boolean;
    readByte(): number;
    readI16(): number;
    readI32(): number;
    readI64(): { toNumber(): number };
    readDouble(): number;
    readString(): string;
  };

  const thrift: {
    Thrift: {
      Type: Record<
        'STOP' | 'BOOL' | 'BYTE' | 'DOUBLE' | 'I16' | 'I32' | 'I64' | 'STRING' | 'STRUCT' | 'MAP' | 'SET' | 'LIST',
        number
      >;
      MessageType: Record<'CALL' | 'REPLY' | 'EXCEPTION', number>;
    };
    TBinaryProtocol: new (transport: Transport) => Protocol;
    TBufferedTransport: {
      new (buffer: undefined, onFlush: (bytes: Buffer) => void): Transport;
      receiver(onData: (transport: Transport) => void): (bytes: Buffer) => void;
    };
    InputBufferUnderrunError: new () => Error;
  };
  export default thrift;
}
