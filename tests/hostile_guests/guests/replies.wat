;; Says and returns what its operation asks for: each letter is an act, in this order.
;;   r  a reply "first"      s  a reply "second"      z  a reply of no bytes      b  a reply of bytes that are no text
;;   e  an error "mistake"   x  an error that is no text      l  an error of 10,000 bytes
;;   0, 1, 2  returns that
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x1000) "first")
  (data (i32.const 0x1010) "second")
  (data (i32.const 0x1020) "mistake")
  (data (i32.const 0x1030) "\ff\fe\00{")
  (func $is (param $at i32) (param $letter i32) (result i32)
    (i32.eq (i32.load8_u (local.get $at)) (local.get $letter)))
  (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
    (local $at i32)
    (call $request (i32.const 0) (i32.const 0x800))
    (loop $next
      (if (call $is (local.get $at) (i32.const 0x72)) (then (call $response (i32.const 0x1000) (i32.const 5))))
      (if (call $is (local.get $at) (i32.const 0x73)) (then (call $response (i32.const 0x1010) (i32.const 6))))
      (if (call $is (local.get $at) (i32.const 0x7a)) (then (call $response (i32.const 0) (i32.const 0))))
      (if (call $is (local.get $at) (i32.const 0x62)) (then (call $response (i32.const 0x1030) (i32.const 4))))
      (if (call $is (local.get $at) (i32.const 0x65)) (then (call $error (i32.const 0x1020) (i32.const 7))))
      (if (call $is (local.get $at) (i32.const 0x78)) (then (call $error (i32.const 0x1030) (i32.const 4))))
      (if (call $is (local.get $at) (i32.const 0x6c)) (then (call $error (i32.const 0x2000) (i32.const 10000))))
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)) (i32.const 3))
        (then (return (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))
    (unreachable)))
