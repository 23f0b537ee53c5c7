;; Reads its memory again and again: nearly all of the time goes into loads.
(module
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (local $at i32)
    (loop $for_ever
      (local.set $at (i32.and (i32.add (local.get $at) (i32.load8_u (local.get $at))) (i32.const 0xffff)))
      (br $for_ever))
    (unreachable)))
