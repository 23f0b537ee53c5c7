;; Says something, and never returns.
(module
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "panicked at \1b[31msrc/lib.rs:7")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $log (i32.const 0) (i32.const 29))
    (loop $for_ever (br $for_ever))
    unreachable))
