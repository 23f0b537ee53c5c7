//! What is asked of a real API server and of the rule `kubernetes-schema`: objects that Kubernetes takes, mutated.
#![allow(clippy::indexing_slicing)]

pub mod mutate;
