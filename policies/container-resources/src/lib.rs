#![no_std]
use sdk::prelude::*;
use sdk::settings::SettingsError;

policy! {
    /// Containers have cpu and memory requests and limits.
    ///
    /// App containers, sidecars and init containers count; ephemeral containers have no resources. As the API has it:
    ///
    /// - An omitted request equals its limit, so a limit alone sets both.
    /// - Resources of the whole pod (`spec.resources`) cover each container that states none of its own, resource by
    ///   resource. Windows pods have none.
    /// - `0` is no amount: neither a request nor a limit.
    ///
    /// A request above its limit, a negative amount and a text that is no quantity are refused by the API server, and
    /// are findings here. So is memory of a byte or two: `512m` and `1024m` are `512Mi` and `1024Mi` misspelt. What a
    /// LimitRange would add does not count: it stands elsewhere, and a change to it changes this workload without a review.
    ///
    /// ## Why
    ///
    /// The scheduler places a pod by its requests: without them nodes are overbooked, and this pod is the first to be
    /// evicted. Without limits one leak or one busy loop takes the node away from everybody else on it.
    ///
    /// ## Fix
    ///
    /// Set requests to what the program uses on a busy day, and limits to what it must never exceed. Where the cpu
    /// limit does more harm than good, since it throttles even on an idle node, switch off the setting `cpu_limit`.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       resources:
    ///         requests: {cpu: 100m, memory: 128Mi}
    ///         limits: {memory: 256Mi}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       resources:
    ///         requests: {cpu: 100m, memory: 128Mi}
    ///         limits: {cpu: 500m, memory: 256Mi}
    /// ```
    ///
    /// Limits alone: the requests are the same.
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       resources:
    ///         limits: {cpu: 0.5, memory: 256Mi}
    /// ```
    ///
    /// Resources of the pod, which its containers share:
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   resources:
    ///     requests: {cpu: 100m, memory: 128Mi}
    ///     limits: {cpu: "1", memory: 512Mi}
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///     - name: proxy
    ///       image: example.com/proxy:2.0.1
    /// ```
    pub struct ContainerResources {
        /// Whether a cpu request is needed.
        cpu_request: bool = true,
        /// Whether a cpu limit is needed: the debated one, since it throttles even where the node is idle.
        cpu_limit: bool = true,
        /// Whether a memory request is needed.
        memory_request: bool = true,
        /// Whether a memory limit is needed.
        memory_limit: bool = true,
        /// Whether init containers that run to completion count. Sidecars always do.
        init_containers: bool = true,
        /// The least that a cpu request or limit may be, as `min` of a LimitRange.
        cpu_min: Option<Quantity> = None,
        /// The most that a cpu request or limit may be, as `max` of a LimitRange.
        cpu_max: Option<Quantity> = None,
        /// The most that a cpu limit may be as a multiple of its request, such as `4` or `1.5`.
        cpu_max_ratio: Option<Quantity> = None,
        /// The least that a memory request or limit may be, as `min` of a LimitRange.
        memory_min: Option<Quantity> = None,
        /// The most that a memory request or limit may be, as `max` of a LimitRange.
        memory_max: Option<Quantity> = None,
        /// The most that a memory limit may be as a multiple of its request; `1` keeps a node from being overbooked.
        memory_max_ratio: Option<Quantity> = None,
    }
    severity: High,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.resources.requests",
        "containers.resources.limits",
        "pod.spec.resources.requests",
        "pod.spec.resources.limits",
        "pod.spec.os.name",
        "pod.spec.nodeSelector['kubernetes.io/os']",
    ],
}

impl Rule for ContainerResources {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        let pod = workload.pod().get("resources");
        if workload.is_windows() && pod.is_set() {
            findings.fail(pod, "a Windows pod has no resources of its own", "state them on each container");
        }
        let classes: &[Class] =
            if self.init_containers { &[Class::App, Class::Sidecar, Class::Init] } else { Class::LONG_RUNNING };
        let demands = self.demands();
        let shared = |demand: &Demand<'_>| (!workload.is_windows()).then(|| Amounts::of(pod, demand.resource));
        for demand in &demands {
            if let Some(shared) = shared(demand) {
                demand.compare(shared, findings);
            }
        }
        for container in workload.containers(classes) {
            for demand in &demands {
                let own = Amounts::of(container.get("resources"), demand.resource);
                demand.compare(own, findings);
                demand.require(own, shared(demand), findings);
            }
        }
        Ok(())
    }

    fn validate(&self) -> Result<(), SettingsError> {
        at_least_1("cpu_max_ratio", self.cpu_max_ratio.as_ref())?;
        at_least_1("memory_max_ratio", self.memory_max_ratio.as_ref())?;
        in_order("cpu", self.cpu_min.as_ref(), self.cpu_max.as_ref())?;
        in_order("memory", self.memory_min.as_ref(), self.memory_max.as_ref())
    }
}

/// No amount is above the one and below the other, so every workload would fail.
fn in_order(resource: &str, min: Option<&Quantity>, max: Option<&Quantity>) -> Result<(), SettingsError> {
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            Err(SettingsError::new(format!("`{resource}_min` is {min}, and must not be above `{resource}_max`, {max}")))
        }
        _ => Ok(()),
    }
}

/// The API server takes no limit below its request, so nobody could keep to a lower ratio.
fn at_least_1(name: &str, ratio: Option<&Quantity>) -> Result<(), SettingsError> {
    match ratio.filter(|ratio| **ratio < Quantity::from(1)) {
        Some(ratio) => Err(SettingsError::new(format!("`{name}` is {ratio}, and must be 1 or more"))),
        None => Ok(()),
    }
}

impl ContainerResources {
    fn demands(&self) -> [Demand<'_>; 2] {
        let cpu = Demand {
            resource: "cpu",
            example: "250m",
            is_bytes: false,
            request: self.cpu_request,
            limit: self.cpu_limit,
            min: self.cpu_min.as_ref(),
            max: self.cpu_max.as_ref(),
            max_ratio: self.cpu_max_ratio.as_ref(),
        };
        let memory = Demand {
            resource: "memory",
            example: "256Mi",
            is_bytes: true,
            request: self.memory_request,
            limit: self.memory_limit,
            min: self.memory_min.as_ref(),
            max: self.memory_max.as_ref(),
            max_ratio: self.memory_max_ratio.as_ref(),
        };
        [cpu, memory]
    }
}

/// The request and the limit of one resource, of a container or of its pod.
#[derive(Clone, Copy)]
struct Amounts<'a> {
    request: Field<'a>,
    limit: Field<'a>,
}

impl<'a> Amounts<'a> {
    fn of(resources: Field<'a>, resource: &'static str) -> Self {
        Self { request: resources.get("requests").get(resource), limit: resources.get("limits").get(resource) }
    }

    /// Where the request stands: an omitted one equals its limit.
    fn effective_request(self) -> Field<'a> {
        if self.request.is_set() { self.request } else { self.limit }
    }
}

/// Whether the field holds an amount. A malformed one is already said to be that, and is not missing as well.
fn is_given(amount: &Field<'_>) -> bool {
    amount.is_set() && amount.quantity().is_none_or(|quantity| !quantity.is_zero())
}

/// `limits: {cpu: 500m}`: a resource alone does not say which of the two is meant.
fn say(amount: Field<'_>, value: Json) -> Fix {
    fix::set_named(amount, 2, value)
}

/// What is asked of one resource.
struct Demand<'s> {
    resource: &'static str,
    /// An amount to suggest.
    example: &'static str,
    /// Whether it is counted in bytes: `512m`, half a byte, is `512Mi` misspelt.
    is_bytes: bool,
    request: bool,
    limit: bool,
    min: Option<&'s Quantity>,
    max: Option<&'s Quantity>,
    max_ratio: Option<&'s Quantity>,
}

impl Demand<'_> {
    /// A request and its limit agree with each other, whoever states them.
    fn compare(&self, amounts: Amounts<'_>, findings: &mut Findings) {
        let resource = self.resource;
        for amount in [amounts.request, amounts.limit] {
            let Some(quantity) = amount.quantity() else { continue };
            if quantity.is_negative() {
                findings.fail(amount, "less than nothing", say(amount, self.example.into()));
            } else if self.is_bytes && !quantity.is_zero() {
                // Programs write thousandths too, and then of many bytes.
                let text = quantity.to_string();
                let thousandths = text.strip_suffix('m').filter(|_| quantity < Quantity::from(1024));
                if thousandths.is_some() || quantity < Quantity::from(1) {
                    let message = format!("memory is counted in bytes, and no program runs in {quantity} of them");
                    let meant = thousandths.map_or_else(|| self.example.into(), |number| format!("{number}Mi"));
                    findings.fail(amount, message, say(amount, meant.into()));
                }
            }
        }
        let (Some(request), Some(limit)) = (amounts.request.quantity(), amounts.limit.quantity()) else {
            return;
        };
        if request > limit {
            let message = format!("the {resource} request {request} is above the limit {limit}");
            findings.fail(amounts.request, message, say(amounts.request, (&limit).into()));
        } else if let Some(max) = self.max_ratio.filter(|max| limit.ratio_exceeds(&request, max)) {
            let message = format!("the {resource} limit {limit} is more than {max} times the request {request}");
            findings.fail(amounts.limit, message, format!("at most {max} times the request"));
        }
    }

    /// A container has a request and a limit within bounds, of its own or from what the containers of its pod share.
    fn require<'a>(&self, own: Amounts<'a>, shared: Option<Amounts<'a>>, findings: &mut Findings) {
        let given =
            |own: Field<'a>, shared: Option<Field<'a>>| [Some(own), shared].into_iter().flatten().find(is_given);
        match given(own.effective_request(), shared.map(Amounts::effective_request)) {
            Some(request) => self.bound(request, findings),
            None if self.request => {
                self.miss(own.request, "request, so the scheduler sets nothing aside for it", own.limit, findings);
            }
            None => {}
        }
        match given(own.limit, shared.map(|shared| shared.limit)) {
            Some(limit) => self.bound(limit, findings),
            None if self.limit => {
                self.miss(own.limit, "limit, so it may take all that its node has", own.request, findings);
            }
            None => {}
        }
    }

    /// Says that an amount is missing. Where its request is given, a limit is that at least.
    fn miss(&self, place: Field<'_>, what: &str, counterpart: Field<'_>, findings: &mut Findings) {
        let resource = self.resource;
        let no = if place.is_set() { "0 is no" } else { "no" };
        let amount = match counterpart.quantity().filter(|quantity| !quantity.is_zero()) {
            Some(quantity) => Json::from(&quantity),
            None => Json::from(self.example),
        };
        findings.fail(place, format!("{no} {resource} {what}"), say(place, amount));
    }

    fn bound(&self, place: Field<'_>, findings: &mut Findings) {
        let Some(amount) = place.quantity() else {
            return;
        };
        if let Some(min) = self.min.filter(|min| amount < **min) {
            findings.fail(place, format!("{amount} is less than {min}, the minimum here"), say(place, min.into()));
        }
        if let Some(max) = self.max.filter(|max| amount > **max) {
            findings.fail(place, format!("{amount} is more than {max}, the maximum here"), say(place, max.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_that_no_limit_can_keep_to_is_refused() {
        for (ratio, is_taken) in [("1", true), ("1.5", true), ("0.5", false), ("0", false), ("-1", false)] {
            let ratio = Quantity::parse(ratio).ok();
            assert_eq!(at_least_1("cpu_max_ratio", ratio.as_ref()).is_ok(), is_taken, "{ratio:?}");
        }
    }

    #[test]
    fn a_minimum_above_the_maximum_is_refused() {
        for (min, max, is_taken) in
            [("100m", "2", true), ("2", "2000m", true), ("4", "2", false), ("1Gi", "512Mi", false), ("1", "", true)]
        {
            let (min_amount, max_amount) = (Quantity::parse(min).ok(), Quantity::parse(max).ok());
            let result = in_order("cpu", min_amount.as_ref(), max_amount.as_ref());
            assert_eq!(result.is_ok(), is_taken, "{min} to {max}");
        }
    }
}
