/**
 * A Kubewarden policy, assembled byte by byte: one that answers with a fixed verdict, or never.
 */
const [I32, FUNCTION, EMPTY] = [0x7f, 0x60, 0x40];
const [LOCAL_GET, CONST, EQ, IF, LOOP, BRANCH, CALL, RETURN, UNREACHABLE, END] = [
  0x20, 0x41, 0x46, 0x04, 0x03, 0x0c, 0x10, 0x0f, 0x00, 0x0b,
] as const;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const metadata = (description: string): object => ({
  protocolVersion: "v1",
  rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["CREATE", "UPDATE"] }],
  mutating: false,
  executionMode: "kubewarden-wapc",
  annotations: {
    "io.kubewarden.policy.title": "no-fridays",
    "io.kubewarden.policy.description": description,
  },
});

interface Reply {
  at: number;
  bytes: Uint8Array;
}

/** `verdict`: the response to `validate`; `loop`: it never comes. */
export function policy(
  verdict: { accepted: boolean; message?: string } | "loop",
  description = "Nothing ships on a Friday",
): Buffer {
  const validate = reply(0, JSON.stringify(verdict === "loop" ? {} : verdict));
  const version = reply(1024, '"v1"');
  const settings = reply(2048, '{"valid":true}');
  const body = [
    0, // no locals of its own
    ...whenNamed("validate", verdict === "loop" ? [LOOP, EMPTY, BRANCH, 0, END] : respond(validate)),
    ...whenNamed("protocol_version", respond(version)),
    ...respond(settings),
    UNREACHABLE,
    END,
  ];
  const data = [validate, version, settings].map(({ at, bytes }) => [0, ...constant(at), END, ...unsigned(bytes.length), ...bytes]);
  return Buffer.from([
    ...HEADER,
    ...section(0, [...name("io.kubewarden.metadata"), ...new TextEncoder().encode(JSON.stringify(metadata(description)))]),
    ...section(1, vector([[FUNCTION, 2, I32, I32, 0], [FUNCTION, 2, I32, I32, 1, I32]])),
    ...section(2, vector([[...name("wapc"), ...name("__guest_response"), 0, 0]])),
    ...section(3, vector([[1]])),
    ...section(5, vector([[0, 1]])),
    ...section(7, vector([[...name("memory"), 2, 0], [...name("__guest_call"), 0, 1]])),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
    ...section(11, vector(data)),
  ]);
}

function reply(at: number, text: string): Reply {
  return { at, bytes: new TextEncoder().encode(text) };
}

/** The first parameter is the length of the operation's name, and that is enough to tell the three apart. */
function whenNamed(operation: string, body: number[]): number[] {
  return [LOCAL_GET, 0, ...constant(operation.length), EQ, IF, EMPTY, ...body, END];
}

function respond({ at, bytes }: Reply): number[] {
  return [...constant(at), ...constant(bytes.length), CALL, 0, ...constant(1), RETURN];
}

function constant(value: number): number[] {
  return [CONST, ...signed(value)];
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x40 ? [low] : [low | 0x80, ...signed(value >> 7)];
}
