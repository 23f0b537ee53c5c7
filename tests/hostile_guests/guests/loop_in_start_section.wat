;; Never gets to be instantiated.
(module
  (memory (export "memory") 1)
  (func $start (loop $for_ever (br $for_ever)))
  (start $start)
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))
