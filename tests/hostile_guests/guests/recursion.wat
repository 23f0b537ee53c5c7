;; Calls itself for ever.
(module
  (memory (export "memory") 1)
  (func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
  (func (export "__guest_call") (param i32 i32) (result i32) (call $deeper (i32.const 0))))
