;; Is denied memory and answers all the same.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "coped")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (if (i32.ne (memory.grow (i32.const 0xffff)) (i32.const -1)) (then (unreachable)))
    (call $response (i32.const 0) (i32.const 5))
    (i32.const 1)))
