;; Logs a letter in each of its start functions.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "nisw")
  (func $start (call $log (i32.const 0) (i32.const 1)))
  (start $start)
  (func (export "wapc_init") (call $log (i32.const 3) (i32.const 1)))
  (func (export "_start") (call $log (i32.const 2) (i32.const 1)))
  (func (export "_initialize") (call $log (i32.const 1) (i32.const 1)))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
