/**
 * A Kubewarden policy, assembled byte by byte: one that answers with a fixed verdict, or never.
 */
const encoder = new TextEncoder();

/** `verdict`: the response to `validate`; `loop`: it never comes. */
export function policy(verdict: { accepted: boolean; message?: string } | "loop"): Buffer {
  const replies = [JSON.stringify(verdict === "loop" ? {} : verdict), '"v1"', '{"valid":true}'].map((text) =>
    encoder.encode(text),
  );
  const [validate, version, valid] = replies.map((bytes, index) => ({ at: index * 512, bytes }));
  if (!validate || !version || !valid) throw new Error("three replies");
  // local.get 0 is the length of the operation's name, which tells the three apart: 8, 16 or 17.
  const reply = ({ at, bytes }: { at: number; bytes: Uint8Array }): number[] => [
    0x41,
    ...signed(at),
    0x41,
    ...signed(bytes.length),
    0x10,
    0,
    0x41,
    1,
    0x0f,
  ];
  const whenLength = (length: number, body: number[]): number[] => [
    0x20,
    0,
    0x41,
    ...signed(length),
    0x46,
    0x04,
    0x40,
    ...body,
    0x0b,
  ];
  const body = [
    0, // no locals
    ...whenLength(8, verdict === "loop" ? [0x03, 0x40, 0x0c, 0, 0x0b] : reply(validate)),
    ...whenLength(16, reply(version)),
    ...reply(valid),
    0x00, // unreachable
    0x0b,
  ];
  const metadata = {
    protocolVersion: "v1",
    rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["CREATE", "UPDATE"] }],
    mutating: false,
    executionMode: "kubewarden-wapc",
    annotations: {
      "io.kubewarden.policy.title": "no-fridays",
      "io.kubewarden.policy.description": "Nothing ships on a Friday",
    },
  };
  return Buffer.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(0, [...name("io.kubewarden.metadata"), ...encoder.encode(JSON.stringify(metadata))]),
    ...section(
      1,
      vector([
        [0x60, 2, 0x7f, 0x7f, 0],
        [0x60, 2, 0x7f, 0x7f, 1, 0x7f],
      ]),
    ),
    ...section(2, vector([[...name("wapc"), ...name("__guest_response"), 0, 0]])),
    ...section(3, vector([[1]])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...name("memory"), 2, 0],
        [...name("__guest_call"), 0, 1],
      ]),
    ),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
    ...section(
      11,
      vector(
        [validate, version, valid].map(({ at, bytes }) => [
          0,
          0x41,
          ...signed(at),
          0x0b,
          ...unsigned(bytes.length),
          ...bytes,
        ]),
      ),
    ),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  const bytes = encoder.encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const done = value < 0x40;
  return done ? [low] : [low | 0x80, ...signed(value >> 7)];
}
