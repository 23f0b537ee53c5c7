;; Wants 64 MiB more than its one page, and aborts when it does not get them, as allocators do.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)) (then (unreachable)))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
