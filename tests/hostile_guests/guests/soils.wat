;; Fills its memory, and four pages more, and answers.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x8000) "secret")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (drop (memory.grow (i32.const 4)))
    (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 0x50000))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
