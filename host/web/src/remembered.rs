//! Answers that were given before: as people type, most objects stay as they were.
//!
//! A fresh instance knows nothing but its request and what its host answers it, and has no clock, no chance and no memory
//! of its own. So where the request is the same, and each look-up made for it would be answered alike, its answer is the
//! same, and need not be computed.
//!
//! What neither the last question nor the one before it used is forgotten, and of a large question only so much is kept.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use engine::{CallError, HostCall, HostCalls};

/// Bytes of requests and answers that are kept of one question: those of some 10,000 evaluations.
const BYTES_KEPT: usize = 32 << 20;

/// Bytes of look-ups and their answers that are noted of one evaluation.
const BYTES_NOTED: usize = 4 << 20;

/// A module's index, and what it was asked.
type Asked = (usize, Vec<u8>);

/// One evaluation.
#[derive(Debug)]
struct Evaluation {
    look_ups: Vec<LookUp>,
    answer: Vec<u8>,
}

/// What a module asked its host, and what it heard.
#[derive(Debug)]
struct LookUp {
    binding: String,
    namespace: String,
    operation: String,
    payload: Vec<u8>,
    answer: Result<Vec<u8>, CallError>,
}

impl LookUp {
    /// Whether the host would answer the same now.
    fn holds(&self, host: &dyn HostCalls) -> bool {
        let Self { binding, namespace, operation, payload, answer } = self;
        match (host.call(HostCall { binding, namespace, operation, payload }), answer) {
            (Ok(now), Ok(then)) => now == *then,
            (Err(now), Err(then)) => now.to_string() == then.to_string(),
            _ => false,
        }
    }

    fn bytes(&self) -> usize {
        self.payload.len() + self.answer.as_ref().map_or(0, Vec::len)
    }
}

/// A host that notes what it is asked, unless that is more than anybody honest asks.
struct Noting<'a> {
    host: &'a dyn HostCalls,
    look_ups: RefCell<Vec<LookUp>>,
    bytes: Cell<usize>,
}

impl HostCalls for Noting<'_> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let answer = self.host.call(call);
        let more = call.payload.len() + answer.as_ref().map_or(0, Vec::len) + size_of::<LookUp>();
        self.bytes.set(self.bytes.get().saturating_add(more));
        if self.bytes.get() > BYTES_NOTED {
            self.look_ups.take();
            return answer;
        }
        self.look_ups.borrow_mut().push(LookUp {
            binding: call.binding.to_owned(),
            namespace: call.namespace.to_owned(),
            operation: call.operation.to_owned(),
            payload: call.payload.to_owned(),
            answer: answer.clone(),
        });
        answer
    }
}

/// The evaluations of the last two questions.
#[derive(Debug, Default)]
pub struct Remembered {
    now: RefCell<HashMap<Asked, Rc<Evaluation>>>,
    before: RefCell<HashMap<Asked, Rc<Evaluation>>>,
    /// Of `now`.
    bytes: Cell<usize>,
}

impl Remembered {
    /// The answer that this module gave to this request, if it would give it again, or else `ask`'s, which is remembered.
    ///
    /// # Errors
    /// Those of `ask`; they are not remembered.
    pub fn answer<E>(
        &self,
        module: usize,
        request: Vec<u8>,
        host: &dyn HostCalls,
        ask: impl FnOnce(&dyn HostCalls) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let size = request.len();
        let asked: Asked = (module, request);
        let known = self.now.borrow().get(&asked).or(self.before.borrow().get(&asked)).cloned();
        let evaluation = match known.filter(|known| known.look_ups.iter().all(|look_up| look_up.holds(host))) {
            Some(known) => known,
            None => {
                let noting = Noting { host, look_ups: RefCell::default(), bytes: Cell::default() };
                let answer = ask(&noting)?;
                if noting.bytes.get() > BYTES_NOTED {
                    return Ok(answer);
                }
                Rc::new(Evaluation { look_ups: noting.look_ups.into_inner(), answer })
            }
        };
        let answer = evaluation.answer.clone();
        let look_ups: usize = evaluation.look_ups.iter().map(LookUp::bytes).sum();
        let bytes = self.bytes.get() + size + answer.len() + look_ups;
        if bytes <= BYTES_KEPT {
            self.bytes.set(bytes);
            self.now.borrow_mut().insert(asked, evaluation);
        }
        Ok(answer)
    }

    /// A new question begins.
    pub fn turn(&self) {
        self.before.replace(self.now.take());
        self.bytes.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every look-up alike.
    struct Says(&'static str);

    impl HostCalls for Says {
        fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            Ok(self.0.into())
        }
    }

    const CALL: HostCall<'_> = HostCall { binding: "b", namespace: "n", operation: "o", payload: b"p" };

    fn knows(remembered: &Remembered, module: usize, request: &[u8]) -> bool {
        remembered.answer(module, request.into(), &Says(""), |_| Err(())).is_ok()
    }

    fn tell(remembered: &Remembered, request: &[u8], answer: Vec<u8>) {
        assert_eq!(remembered.answer(0, request.into(), &Says(""), |_| Ok::<_, ()>(answer.clone())), Ok(answer));
    }

    #[test]
    fn an_answer_is_that_of_one_module_to_one_request_until_it_is_no_longer_asked_for() {
        let remembered = Remembered::default();
        assert!(!knows(&remembered, 0, b"a"), "a failure is not remembered");
        tell(&remembered, b"a", vec![1]);
        assert!(knows(&remembered, 0, b"a"));
        assert!(!knows(&remembered, 1, b"a") && !knows(&remembered, 0, b"b"));
        for _ in 0..3 {
            remembered.turn();
            assert!(knows(&remembered, 0, b"a"), "it was used in the question before");
        }
        remembered.turn();
        remembered.turn();
        assert!(!knows(&remembered, 0, b"a"));
    }

    #[test]
    fn an_answer_that_came_of_a_look_up_holds_as_long_as_that_is_answered_alike() {
        let remembered = Remembered::default();
        let heard = |says| {
            let ask = |host: &dyn HostCalls| host.call(CALL);
            let computed = Cell::new(false);
            let answer = remembered.answer(0, b"a".into(), &Says(says), |host| {
                computed.set(true);
                ask(host)
            });
            (answer.ok(), computed.get())
        };
        assert_eq!(heard("one"), (Some(b"one".to_vec()), true));
        assert_eq!(heard("one"), (Some(b"one".to_vec()), false));
        assert_eq!(heard("other"), (Some(b"other".to_vec()), true));
        assert_eq!(heard("other"), (Some(b"other".to_vec()), false));
    }

    #[test]
    fn one_that_asks_without_end_is_not_remembered() {
        let remembered = Remembered::default();
        let much = "x".repeat(BYTES_NOTED / 2);
        let says = Says(Box::leak(much.into_boxed_str()));
        let ask = |host: &dyn HostCalls| (0..3).try_fold(Vec::new(), |_, _| host.call(CALL));
        assert!(remembered.answer(0, b"a".into(), &says, ask).is_ok());
        assert!(!knows(&remembered, 0, b"a"));
    }

    #[test]
    fn a_large_question_is_not_kept_as_a_whole() {
        let remembered = Remembered::default();
        for request in [b"a", b"b"] {
            tell(&remembered, request, vec![0; BYTES_KEPT / 2]);
        }
        remembered.turn();
        assert!(knows(&remembered, 0, b"a") && !knows(&remembered, 0, b"b"));
    }
}
