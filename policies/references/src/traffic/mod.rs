//! What sends traffic: Services to pods, routes to Services, and the policies that let it through.

pub mod gateway;
pub mod ingress;
pub mod policy;
mod port;
pub mod service;
