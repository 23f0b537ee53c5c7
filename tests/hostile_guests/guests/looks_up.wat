;; Asks the host for what its operation names, with its payload, and answers with 1 or 0 and the response or the error.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x1000) "kubewarden")
  (data (i32.const 0x1010) "kubernetes")
  (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
    ;; Before the first call there is neither a response nor an error, and asking is no fault.
    (if (i32.or (call $response_len) (call $error_len)) (then (unreachable)))
    (call $host_response (i32.const 0x3000))
    (call $host_error (i32.const 0x3000))
    (call $request (i32.const 0) (i32.const 0x800))
    (if (call $call (i32.const 0x1000) (i32.const 10) (i32.const 0x1010) (i32.const 10)
          (i32.const 0) (local.get $operation) (i32.const 0x800) (local.get $payload))
      (then
        (i32.store8 (i32.const 0x2000) (i32.const 0x31))
        (call $host_response (i32.const 0x2001))
        (call $response (i32.const 0x2000) (i32.add (call $response_len) (i32.const 1))))
      (else
        (i32.store8 (i32.const 0x2000) (i32.const 0x30))
        (call $host_error (i32.const 0x2001))
        (call $response (i32.const 0x2000) (i32.add (call $error_len) (i32.const 1)))))
    (i32.const 1)))
