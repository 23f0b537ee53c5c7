;; Wants a table of a million elements more.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (if (i32.eq (table.grow $table (ref.null func) (i32.const 1000000)) (i32.const -1)) (then (unreachable)))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
