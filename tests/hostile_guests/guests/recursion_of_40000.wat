;; Calls itself forty thousand times, and answers.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (func $deeper (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $deeper (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (drop (call $deeper (i32.const 40000)))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
