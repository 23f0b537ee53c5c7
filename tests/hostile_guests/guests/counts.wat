;; Counts its calls in a global, in memory and in a table, and answers with the three counts.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (table $table 0 10 funcref)
  (global $calls (mut i32) (i32.const 0))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (drop (table.grow $table (ref.null func) (i32.const 1)))
    (i32.store8 (i32.const 1) (i32.add (i32.load8_u (i32.const 1)) (i32.const 1)))
    (i32.store8 (i32.const 0) (global.get $calls))
    (i32.store8 (i32.const 2) (table.size $table))
    (call $response (i32.const 0) (i32.const 3))
    (i32.const 1)))
