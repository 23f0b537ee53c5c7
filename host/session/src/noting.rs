//! Notes what a module looks up: what its answer rests on besides its request.
//!
//! A fresh instance knows nothing but its request and what its host answers it, and has no clock, no chance and no memory
//! of its own. So where both are the same, so is its answer.

use std::sync::{Mutex, PoisonError};

use engine::{CallError, HostCall, HostCalls, LookUpRequest, Route};
use protocol::{api_group, contract};

use crate::digest::Digester;
use crate::kinds::Kind;

/// Look-ups of one evaluation that are noted; nobody honest makes more.
const MOST: usize = 4096;

/// One look-up.
#[derive(Debug)]
pub struct Noted {
    pub operation: String,
    pub payload: Vec<u8>,
    pub kind: Kind,
    /// The digest of the answer.
    pub answer: u128,
}

/// Answers from the world, and notes it. What is not answered from there is denied always, and needs no note.
pub struct Noting<'a> {
    digester: &'a Digester,
    project: usize,
    noted: Mutex<Option<Vec<Noted>>>,
}

impl<'a> Noting<'a> {
    pub fn new(digester: &'a Digester, project: usize) -> Self {
        Self { digester, project, noted: Mutex::new(Some(Vec::new())) }
    }

    /// All look-ups, unless there were too many.
    pub fn into_noted(self) -> Option<Vec<Noted>> {
        self.noted.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Route for Noting<'_> {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        let answer = input.call(call);
        if let Some(kind) = kind(call, self.project) {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.as_ref().is_some_and(|noted| noted.len() >= MOST) {
                *noted = None;
            }
            if let Some(noted) = &mut *noted {
                let (operation, payload) = (call.operation.to_owned(), call.payload.to_vec());
                noted.push(Noted { operation, payload, kind, answer: digest(self.digester, &answer) });
            }
        }
        answer
    }
}

/// The digest of an answer, or of a refusal.
pub fn digest(digester: &Digester, answer: &Result<Vec<u8>, CallError>) -> u128 {
    digester.digest(&answer.as_ref().map_err(ToString::to_string))
}

fn kind(call: HostCall<'_>, project: usize) -> Option<Kind> {
    if call.namespace != contract::KUBERNETES {
        return None;
    }
    if ![contract::GET_RESOURCE, contract::LIST_BY_NAMESPACE, contract::LIST_ALL].contains(&call.operation) {
        return None;
    }
    let LookUpRequest { api_version, kind, .. } = call.read().ok()?;
    Some(Kind { project, group: api_group(&api_version).to_owned(), kind })
}
