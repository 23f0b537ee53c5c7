//! The names of the waPC contract with Kubewarden, and the little that seaworthy adds to it.
//!
//! A host calls three operations of a module. `validate` takes `{"request": <AdmissionRequest>, "settings": {...}}`
//! and answers `{"accepted": bool, "message"?, "warnings"?}`; `validate_settings` takes the bare settings and answers
//! `{"valid": bool, "message"?}`; `protocol_version` answers `"v1"`.
//!
//! Three fields are ours and are ignored by every other host: the request may carry [`WORLD`] and [`ABSENT`], and the response
//! to `validate` carries [`OUTCOME`].

/// Custom section with Kubewarden's metadata, JSON.
pub const KUBEWARDEN_SECTION: &str = "io.kubewarden.metadata";

/// Custom section with [`RuleMetadata`](crate::RuleMetadata), JSON.
pub const RULE_SECTION: &str = "dev.seaworthy.rule";

/// Field of a `validate` payload: `"complete"` or `"partial"`. Absent when another host asks: an admission request,
/// where objects arrive one by one, so that nothing may be called missing.
pub const WORLD: &str = "world";

/// Field of a `validate` payload: for each kind that the rule declares to look up, in that order, `1` where the host knows that
/// it has no object at all, else `0`. The rule need not ask for those. Absent where nothing is known.
pub const ABSENT: &str = "absent";

/// Field of a `validate` response: the [`Outcome`](crate::Outcome) in full.
pub const OUTCOME: &str = "outcome";

/// The binding that Kubernetes look-ups are called on.
pub const BINDING: &str = "kubewarden";

/// The waPC namespace of Kubernetes look-ups.
pub const KUBERNETES: &str = "kubernetes";

/// One object: `{api_version, kind, name, namespace|null, disable_cache, field_masks|null}`.
pub const GET_RESOURCE: &str = "get_resource";

/// A List of one namespace's objects: `{api_version, kind, namespace, label_selector|null, field_selector|null, field_masks|null}`.
pub const LIST_BY_NAMESPACE: &str = "list_resources_by_namespace";

/// A List of all objects of a kind; as above, without `namespace`.
pub const LIST_ALL: &str = "list_resources_all";

/// Member of a [`LIST_ALL`] payload, `true`: what is deployed apart from the one that asks, and names no namespace, is listed
/// too, and the list's `metadata.remainingItemCount` says how many files beside it could not be read. Ours; hosts that look
/// into a cluster ignore it.
pub const ANYWHERE: &str = "anywhere";

/// Member of a payload that lists: no more than so many are wanted, and the list's `metadata.remainingItemCount` says that there
/// are more. Ours, and a hint: other hosts list all.
pub const MOST: &str = "most";

/// Member of a payload that lists [`ANYWHERE`], `true`: objects that have a controller deploy something are left out where all
/// of that was rendered and is in the input. Ours; hosts that render nothing ignore it.
pub const UNRENDERED: &str = "unrendered";

/// The waPC namespace of look-ups in registries.
pub const OCI: &str = "oci";

/// Whether an image is signed: `{type: "SigstorePubKeyVerify", image, pub_keys, annotations?}` gives `{is_trusted, digest}`,
/// or an error that says why not.
pub const VERIFY: &str = "v2/verify";

/// How a host's refusal of a look-up begins. A rule answers it with the verdict `unknown`: it may not ask here.
pub const LOOK_UP_NOT_ALLOWED: &str = "look-up not allowed";

/// How a host says that the object asked for is not there.
pub const NOT_FOUND: &str = "not found";
