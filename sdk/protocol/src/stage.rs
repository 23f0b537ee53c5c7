//! The words by which people call environments: in folders, in names of files, in namespaces and in labels.
//!
//! Hosts and rules tell environments by the same words. The module must not know where a word stands.

/// Words for production, alone or as a part of a name: `prod`, `web-prod`.
pub const PRODUCTION: [&str; 3] = ["production", "prod", "prd"];

/// Words for production where nothing else is in the name: `live-chat` is a service.
pub const PRODUCTION_ALONE: [&str; 1] = ["live"];

/// Words for what runs before production, alone or as a part of a name.
pub const STAGING: [&str; 6] = ["staging", "stage", "stg", "preprod", "preproduction", "uat"];

/// Words for what runs before staging, alone or as a part of a name.
pub const EARLIER: [&str; 6] = ["dev", "development", "qa", "sandbox", "test", "testing"];

/// Folders whose folders are called like services, and a service may be called like an environment.
pub const OF_SERVICES: [&str; 2] = ["apps", "services"];
