//! Sessions: what was asked of a host and what it answered, written down and played back.
//!
//! The format is that of `kwctl run --record-host-capabilities-interactions`, and a session recorded by either tool is
//! played back by the other. A log is not part of it, nor is what the gate did not let through.
//!
//! A playback is asked in any order, since one run judges many objects; of several exchanges with one request each is
//! answered once, in their order. Values of Secrets are told to no module, and so stand in no session that was recorded
//! here from files; what a cluster or a registry answers is written down as it is.

mod exchange;
mod request;

use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::{CallError, HostCall, HostCalls, Route};

use protocol::contract;

pub use exchange::{Exchange, SessionError};
pub use request::Request;

/// How large a session may get. A policy that asks in a loop would otherwise fill the memory and the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Exchanges. Default 10,000.
    pub exchanges: usize,
    /// Bytes of the file. Default 64 MiB.
    pub bytes: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { exchanges: 10_000, bytes: 64 << 20 }
    }
}

/// Answers by another, and writes down what it said. When the session is full, nothing more is answered: what is played
/// back later could not be answered either.
pub struct Recorder<'a> {
    route: &'a dyn Route,
    limits: SessionLimits,
    session: Mutex<Recorded>,
}

/// What was recorded.
#[derive(Default)]
struct Recorded {
    yaml: String,
    exchanges: usize,
    refused: usize,
}

impl Recorded {
    fn refuse<T>(&mut self) -> Result<T, CallError> {
        self.refused += 1;
        Err(CallError::failed("the recorded session is full"))
    }
}

impl<'a> Recorder<'a> {
    /// Records what this one answers.
    pub fn new(route: &'a dyn Route, limits: SessionLimits) -> Self {
        Self { route, limits, session: Mutex::default() }
    }

    /// How many look-ups were refused because the session was full. Whoever asked has decided nothing.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.lock().refused
    }

    /// The session as YAML, in the order in which it was asked.
    #[must_use]
    pub fn into_yaml(self) -> String {
        let Recorded { yaml, exchanges, .. } = self.session.into_inner().unwrap_or_else(PoisonError::into_inner);
        if exchanges == 0 { exchange::EMPTY.to_owned() } else { yaml }
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Route for Recorder<'_> {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        let request = Request::of(call)?;
        // Looked at first: a full session costs nobody a question.
        if self.lock().exchanges >= self.limits.exchanges {
            return self.lock().refuse();
        }
        let answer = self.route.route(call, input);
        let response = match &answer {
            Ok(bytes) => Ok(String::from_utf8(bytes.clone()).map_err(CallError::failed)?),
            Err(CallError::NotFound) => Err(request.not_found()),
            Err(cause) => Err(cause.to_string()),
        };
        let text = exchange::write(&Exchange { request, response });
        let mut session = self.lock();
        if session.exchanges >= self.limits.exchanges || session.yaml.len() + text.len() > self.limits.bytes {
            return session.refuse();
        }
        session.yaml.push_str(&text);
        session.exchanges += 1;
        answer
    }
}

/// How many look-ups without an answer are remembered.
const MOST_LACKING: usize = 100;

/// Answers from a session.
pub struct Replay(Mutex<Left>);

/// What has not been asked, and what was and is not there.
#[derive(Default)]
struct Left {
    exchanges: Vec<Exchange>,
    lacking: Vec<Request>,
}

impl Replay {
    /// Plays back the session that this file holds.
    ///
    /// # Errors
    /// What is no session, with its place.
    pub fn read(name: &str, text: Vec<u8>) -> Result<Self, SessionError> {
        Ok(Self(Mutex::new(Left { exchanges: exchange::read(name, text)?, lacking: Vec::new() })))
    }

    /// What was asked and has no exchange: whoever asked may have gone on nonetheless, and has decided nothing.
    #[must_use]
    pub fn lacking(&self) -> Vec<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lacking.clone()
    }

    /// How many exchanges nobody has asked for.
    #[must_use]
    pub fn left_over(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).exchanges.len()
    }
}

impl Route for Replay {
    fn route(&self, call: HostCall<'_>, _: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        let request = Request::of(call)?;
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |is_like: fn(&Request, &Request) -> bool| {
            left.exchanges.iter().position(|exchange| is_like(&exchange.request, &request))
        };
        match find(Request::is_like).or_else(|| find(Request::may_be)) {
            Some(index) => left.exchanges.remove(index).response.map(String::into_bytes).map_err(recorded),
            None => {
                let refusal = Err(CallError::failed(NoExchange(request.clone())));
                // A policy may ask in a loop; that it lacks one answer is enough to know.
                if left.lacking.len() < MOST_LACKING && !left.lacking.contains(&request) {
                    left.lacking.push(request);
                }
                refusal
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the session has no exchange for {0}")]
struct NoExchange(Request);

/// An error as a session has it. One that says an object is not there is that; of others only the text is known.
fn recorded(text: String) -> CallError {
    if text == contract::NOT_FOUND { CallError::NotFound } else { CallError::failed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers what is asked, and refuses Namespaces.
    struct Echo;

    impl Route for Echo {
        fn route(&self, call: HostCall<'_>, _: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
            let payload = String::from_utf8_lossy(call.payload).into_owned();
            if payload.contains("Namespace") { Err(CallError::NotFound) } else { Ok(payload.into_bytes()) }
        }
    }

    struct Nobody;

    impl HostCalls for Nobody {
        fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
            Err(call.unanswered("nobody"))
        }
    }

    const POD: &str = r#"{"api_version":"v1","kind":"Pod","name":"it's","namespace":"shop","disable_cache":false}"#;
    const NAMESPACE: &str = r#"{"api_version":"v1","kind":"Namespace","name":"shop","namespace":null}"#;

    fn call(payload: &str) -> HostCall<'_> {
        let (namespace, operation) = (contract::KUBERNETES, contract::GET_RESOURCE);
        HostCall { binding: contract::BINDING, namespace, operation, payload: payload.as_bytes() }
    }

    #[test]
    fn what_was_recorded_is_played_back() {
        let recorder = Recorder::new(&Echo, SessionLimits::default());
        let said: Vec<_> = [POD, NAMESPACE].iter().map(|asked| recorder.route(call(asked), &Nobody)).collect();
        let yaml = recorder.into_yaml();
        let replay = Replay::read("session.yaml", yaml.into_bytes()).unwrap();
        let again: Vec<_> = [NAMESPACE, POD].iter().map(|asked| replay.route(call(asked), &Nobody)).rev().collect();
        let text = |answers: Vec<Result<Vec<u8>, CallError>>| {
            answers.into_iter().map(|answer| answer.map_err(|cause| cause.to_string())).collect::<Vec<_>>()
        };
        let cause = "Cannot find v1/Namespace named 'shop' inside of namespace 'None'";
        assert_eq!(text(said), [Ok(POD.as_bytes().to_vec()), Err("not found".to_owned())]);
        assert_eq!(text(again), [Ok(POD.as_bytes().to_vec()), Err(cause.to_owned())]);
        assert_eq!((replay.lacking().len(), replay.left_over()), (0, 0));
    }

    #[test]
    fn an_exchange_that_does_not_say_its_masks_answers_where_none_has_them() {
        let exchange = |masks: &str, payload: &str| {
            format!(
                "- request: '!KubernetesGetResource {{api_version: v1, kind: Pod, name: a, namespace: b{masks}}}'\n  \
                 response: {{type: Success, payload: {payload}}}\n"
            )
        };
        let session = exchange("", "unsaid") + &exchange(", field_masks: [spec]", "spec");
        let ask = |mask: &str| {
            let payload = format!(
                r#"{{"api_version":"v1","kind":"Pod","name":"a","namespace":"b","disable_cache":false,"field_masks":["{mask}"]}}"#
            );
            let replay = Replay::read("session.yaml", session.clone().into_bytes()).unwrap();
            String::from_utf8(replay.route(call(&payload), &Nobody).unwrap()).unwrap()
        };
        assert_eq!((ask("metadata"), ask("spec")), ("unsaid".into(), "spec".into()));
        let exact = exchange("", "unsaid") + &exchange(", field_masks: [spec]", "spec");
        let replay = Replay::read("session.yaml", exact.into_bytes()).unwrap();
        let spec = r#"{"api_version":"v1","kind":"Pod","name":"a","namespace":"b","field_masks":["spec"]}"#;
        let answers = [spec, spec].map(|asked| replay.route(call(asked), &Nobody).unwrap());
        assert_eq!(answers, [b"spec".to_vec(), b"unsaid".to_vec()]);
        let elsewhere = spec.replace("\"b\"", "\"c\"");
        assert!(Replay::read("s", session.into_bytes()).unwrap().route(call(&elsewhere), &Nobody).is_err());
    }

    #[test]
    fn an_exchange_is_given_once_and_a_lacking_one_is_named() {
        let recorder = Recorder::new(&Echo, SessionLimits::default());
        recorder.route(call(POD), &Nobody).unwrap();
        let replay = Replay::read("session.yaml", recorder.into_yaml().into_bytes()).unwrap();
        assert_eq!(replay.left_over(), 1);
        replay.route(call(POD), &Nobody).unwrap();
        let refused = replay.route(call(POD), &Nobody).unwrap_err().to_string();
        assert!(refused.contains("!KubernetesGetResource") && refused.contains("it's"), "{refused}");
        assert_eq!(replay.lacking().len(), 1);
        for number in 0..1_000 {
            let asked = POD.replace("it's", &number.to_string());
            assert!([&asked, &asked].iter().all(|asked| replay.route(call(asked), &Nobody).is_err()));
        }
        assert_eq!(replay.lacking().len(), MOST_LACKING);
    }
    /// What a policy gets that asks for the same a hundred times, and the session's length in bytes.
    fn ask_in_a_loop(limits: SessionLimits) -> (usize, usize, usize) {
        let recorder = Recorder::new(&Echo, limits);
        let answered = (0..100).filter(|_| recorder.route(call(POD), &Nobody).is_ok()).count();
        let refused = recorder.refused();
        let yaml = recorder.into_yaml();
        assert_eq!(exchange::read("session.yaml", yaml.clone().into_bytes()).unwrap().len(), answered);
        (answered, refused, yaml.len())
    }

    #[test]
    fn a_session_ends_at_its_limits_and_is_whole_up_to_there() {
        let (all, none_refused, bytes) = ask_in_a_loop(SessionLimits::default());
        assert_eq!((all, none_refused), (100, 0));
        let usual = SessionLimits::default();
        assert_eq!(ask_in_a_loop(SessionLimits { exchanges: 7, ..usual }), (7, 93, bytes / 100 * 7));
        assert_eq!(ask_in_a_loop(SessionLimits { bytes: bytes / 10 + 1, ..usual }), (10, 90, bytes / 10));
        assert_eq!(ask_in_a_loop(SessionLimits { bytes: 0, ..usual }), (0, 100, "[]\n".len()));
    }
}
