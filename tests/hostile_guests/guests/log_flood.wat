;; Logs 10,000 lines of 1,000 bytes, with waPC and with WASI in turn, and answers.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\20\00\00\e8\03\00\00")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (local $lines i32)
    (memory.fill (i32.const 0x2000) (i32.const 0x61) (i32.const 1000))
    (loop $more
      (call $log (i32.const 0x2000) (i32.const 1000))
      (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0x100)))
      (local.set $lines (i32.add (local.get $lines) (i32.const 2)))
      (br_if $more (i32.lt_u (local.get $lines) (i32.const 10000))))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
