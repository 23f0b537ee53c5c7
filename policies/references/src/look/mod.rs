//! What all references have in common: looking for what is named, and what to say where it is not there.
//!
//! "Missing" is said only where all is in sight. Where a chart or an operator may make the object, or where a
//! template fills in the name, it is unknown. The module must not know any kind of reference.

mod sight;

use alloc::rc::Rc;

use sdk::near::nearest;
use sdk::pods::{PodSelector, WORKLOADS};
use sdk::prelude::*;
use sdk::secrets::is_meant;
use sight::{Makers, is_installed, is_platform};

/// One object that is checked, and what is known of its world.
pub struct Look<'a, 'f> {
    pub object: Object<'a>,
    pub world: World<'a>,
    pub findings: &'f mut Findings,
    /// Names, or kinds and names, of what is made outside of the input.
    pub made_elsewhere: &'f [String],
    /// Whether the input holds cluster-wide objects of the platform.
    pub cluster_wide: bool,
    unknown: Option<Undecided>,
    /// Kinds and names of what was called missing: one finding says it.
    missing: Vec<(&'static str, &'a str)>,
    /// What makes objects out of sight, by namespace: asked for once, and only where something is missing.
    makers: Vec<(Option<&'a str>, Rc<Makers<'a>>)>,
}

/// What a field names.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// The field that says the name.
    pub at: Field<'a>,
    pub api_version: &'static str,
    pub kind: &'static str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
}

impl<'a, 'f> Look<'a, 'f> {
    pub const fn new(
        request: &Request<'a>,
        made_elsewhere: &'f [String],
        cluster_wide: bool,
        findings: &'f mut Findings,
    ) -> Self {
        let (object, world) = (request.object(), *request.world());
        Self {
            object,
            world,
            findings,
            made_elsewhere,
            cluster_wide,
            unknown: None,
            missing: Vec::new(),
            makers: Vec::new(),
        }
    }

    /// The verdict, findings aside: unknown where one reference could not be followed.
    pub fn end(&mut self) -> Result<(), Undecided> {
        self.unknown.take().map_or(Ok(()), Err)
    }

    /// Notes that something could not be decided, and why.
    pub fn unknown(&mut self, why: String) {
        self.unknown.get_or_insert(Undecided::Unknown(why));
    }

    /// What is named here, in the namespace of the object.
    pub fn named(&self, at: Field<'a>, api_version: &'static str, kind: &'static str) -> Option<Named<'a>> {
        let name = at.str().filter(|name| !name.is_empty())?;
        Some(Named { at, api_version, kind, namespace: self.object.namespace(), name })
    }

    /// The object that is named, if it is in sight.
    pub fn find(&mut self, named: Named<'a>) -> Result<Option<Object<'a>>, Undecided> {
        let mut found =
            self.seen(self.world.get(named.api_version, named.kind, named.namespace, named.name))?.flatten();
        // What names no namespace is deployed there, unless somebody says more.
        if found.is_none() && named.namespace == Some("default") {
            found = self.seen(self.world.get(named.api_version, named.kind, None, named.name))?.flatten();
        }
        Ok(found)
    }

    /// What was looked up; `None` where that is not allowed, so that nothing is called missing.
    pub fn seen<T>(&mut self, answer: Result<T, Undecided>) -> Result<Option<T>, Undecided> {
        match answer {
            Err(Undecided::Unknown(why)) => {
                self.unknown(why);
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// Finds what is named, or says that it is missing.
    pub fn must_exist(&mut self, named: Named<'a>) -> Result<Option<Object<'a>>, Undecided> {
        let found = self.find(named)?;
        if found.is_none() {
            self.missing(named, false)?;
        }
        Ok(found)
    }

    /// Finds an object that belongs to no namespace and may be the platform's.
    pub fn must_exist_in_cluster(&mut self, named: Named<'a>) -> Result<(), Undecided> {
        let named = Named { namespace: None, ..named };
        if self.find(named)?.is_some() {
            return Ok(());
        }
        if self.cluster_wide {
            return self.missing(named, false);
        }
        if !self.is_made_elsewhere(named) {
            self.unknown(format!("{} {} is not in this input; the platform may have it", named.kind, named.name));
        }
        Ok(())
    }

    /// Says that what is named is missing, if that is sure. As advice where the object works all the same.
    pub fn missing(&mut self, named: Named<'a>, is_advice: bool) -> Result<(), Undecided> {
        let Named { at, kind, name, namespace, .. } = named;
        if self.is_made_elsewhere(named) || self.missing.contains(&(kind, name)) {
            return Ok(());
        }
        if is_template(name) {
            self.unknown(format!("the name {kind} {name} is filled in later"));
            return Ok(());
        }
        if self.seen(self.world.must_be_complete(format!("{kind} {name}")))?.is_none() {
            return Ok(());
        }
        let made = self.may_be_made(named);
        let mut why = self.seen(made)?;
        if why == Some(None) {
            why = self.seen(self.apart(named))?;
        }
        if why != Some(None) {
            why.flatten().into_iter().for_each(|why| self.unknown(why));
            return Ok(());
        }
        // What could not be read is known now.
        if self.seen(self.world.must_be_complete(kind))?.is_none() {
            return Ok(());
        }
        let message = match self.elsewhere(named)? {
            Some(None) => format!("{kind} {name} names no namespace, and it is needed in {}", in_words(namespace)),
            Some(Some(other)) if namespace.is_none() => {
                self.unknown(format!("{kind} {name} is in namespace {other}; this object names no namespace"));
                return Ok(());
            }
            Some(Some(other)) => {
                format!("{kind} {name} is in namespace {other}, and it is needed in {}", in_words(namespace))
            }
            None => format!("{kind} {name} does not exist in this input"),
        };
        self.missing.push((kind, name));
        let others = self.world.list(named.api_version, kind, namespace)?;
        let otherwise = format!("add {kind} {name}, or correct the name");
        self.say(at, name, &message, &mut others.iter().map(|other| other.name()), (is_advice, &otherwise));
        Ok(())
    }

    /// Says that a name does not exist, and which known name is meant.
    pub fn none_of(&mut self, at: Field<'a>, name: &str, message: &str, known: &[&'a str]) {
        let otherwise = if known.is_empty() { "correct the name".to_owned() } else { one_of(known) };
        self.say(at, name, message, &mut known.iter().copied(), (false, &otherwise));
    }

    /// Says that a name is wrong, and which of the known ones is meant or, if none is near, what to do otherwise.
    fn say(
        &mut self,
        at: Field<'a>,
        name: &str,
        message: &str,
        known: &mut dyn Iterator<Item = &'a str>,
        (is_advice, otherwise): (bool, &str),
    ) {
        let (message, fix) = match nearest(name, known) {
            Some(near) => (format!("{message}; did you mean `{near}`?"), fix::set(at, near)),
            None => (message.to_owned(), Fix::from(otherwise)),
        };
        if is_advice {
            self.findings.warn(at, message, fix);
        } else {
            self.findings.fail(at, message, fix);
        }
    }

    /// Whether a selector selects no pods of a namespace, as far as that is sure.
    pub fn selects_nothing(
        &mut self,
        selector: PodSelector<'a>,
        namespace: Option<&'a str>,
    ) -> Result<bool, Undecided> {
        Ok(!self.selects(selector, Within::Namespace(namespace))? && self.are_pods_in_sight(selector, namespace)?)
    }

    fn selects(&self, selector: PodSelector<'a>, within: Within<'_>) -> Result<bool, Undecided> {
        let mut is_found = false;
        selector.visit(within, &self.world, &mut |workload| {
            is_found = selector.selects(workload);
            is_found
        })?;
        Ok(is_found)
    }

    /// Whether all pods of a namespace that a selector may select are in sight.
    pub fn are_pods_in_sight(
        &mut self,
        selector: PodSelector<'a>,
        namespace: Option<&'a str>,
    ) -> Result<bool, Undecided> {
        if self.seen(self.world.must_be_complete("workload whose pods it selects"))?.is_none() {
            return Ok(false);
        }
        let mut labels = selector.labels().entries().filter_map(|(_, value)| value.str());
        if labels.any(|label| self.is_said_to_be_elsewhere("Pod", label)) {
            return Ok(false);
        }
        let why = self.why_pods_are_not_in_sight(selector, namespace);
        let why = self.seen(why)?;
        let is_in_sight = why == Some(None);
        why.flatten().into_iter().for_each(|why| self.unknown(why));
        Ok(is_in_sight)
    }

    fn why_pods_are_not_in_sight(
        &mut self,
        selector: PodSelector<'a>,
        namespace: Option<&'a str>,
    ) -> Result<Option<String>, Undecided> {
        if is_platform(namespace) {
            return Ok(Some(format!("the platform has pods of its own in {}", in_words(namespace))));
        }
        let mut has_workloads = false;
        for (api_version, kind, _) in WORKLOADS {
            has_workloads = has_workloads || !self.world.list(api_version, kind, namespace)?.is_empty();
        }
        if !has_workloads {
            return Ok(Some(format!("no workload of {} is in this input", in_words(namespace))));
        }
        if selector.labels().entries().any(|(_, value)| value.str().is_some_and(|value| is_installed("Pod", value))) {
            return Ok(Some("the pods that it selects may be those of an operator".to_owned()));
        }
        for rollout in self.world.list("argoproj.io/v1alpha1", "Rollout", namespace)? {
            let mut steps = rollout.get("spec.strategy.canary.steps").items();
            if steps.any(|step| step.get("experiment").is_set()) {
                return Ok(Some(format!("the experiments of Rollout {} make pods of their own", rollout.name())));
            }
        }
        if let Some(why) = selector.out_of_sight(namespace, &self.world)? {
            return Ok(Some(why));
        }
        let makers = self.makers(namespace)?;
        let mut labels = selector.labels().entries().filter_map(|(_, value)| value.str());
        if let Some(why) = makers.unrendered.clone().or_else(|| labels.find_map(|label| makers.operator(label))) {
            return Ok(Some(why));
        }
        if self.selects(selector, Within::Anywhere)? {
            return Ok(Some("the pods that it selects are in this input, and are deployed apart from it".to_owned()));
        }
        match self.world.must_be_complete("workload whose pods it selects") {
            Err(Undecided::Unknown(why)) => Ok(Some(why)),
            other => other.map(|()| None),
        }
    }

    fn is_made_elsewhere(&self, named: Named<'_>) -> bool {
        self.is_said_to_be_elsewhere(named.kind, named.name)
    }

    /// Whether the setting says that something else makes it.
    fn is_said_to_be_elsewhere(&self, kind: &str, name: &str) -> bool {
        let with_kind = format!("{kind}/{name}");
        self.made_elsewhere.iter().any(|pattern| is_meant(pattern, name) || is_meant(pattern, &with_kind))
    }

    /// Why an object may be there that is not in sight.
    fn may_be_made(&mut self, named: Named<'a>) -> Result<Option<String>, Undecided> {
        let Named { api_version, kind, name, namespace, .. } = named;
        if is_installed(kind, name) || is_platform(namespace) {
            return Ok(Some(format!("{kind} {name} is not in this input; the platform may have it")));
        }
        if namespace != self.object.namespace() && self.world.list(api_version, kind, namespace)?.is_empty() {
            return Ok(Some(format!(
                "{kind} {name} is not in this input, and nor is any other of {}",
                in_words(namespace)
            )));
        }
        let makers = self.makers(namespace)?;
        Ok(makers.unrendered.clone().or_else(|| makers.operator(name)))
    }

    fn makers(&mut self, namespace: Option<&'a str>) -> Result<Rc<Makers<'a>>, Undecided> {
        if let Some((_, known)) = self.makers.iter().find(|(known, _)| *known == namespace) {
            return Ok(Rc::clone(known));
        }
        let makers = Rc::new(Makers::of(self.object, namespace, &self.world)?);
        self.makers.push((namespace, Rc::clone(&makers)));
        Ok(makers)
    }

    /// Why an object of that kind and name is somewhere in the input, but not where it is needed.
    fn apart(&self, named: Named<'a>) -> Result<Option<String>, Undecided> {
        let Named { kind, name, .. } = named;
        if self.elsewhere(named)?.is_some() {
            return Ok(None);
        }
        let is_there = |api_version, kind| {
            let names = [name];
            let naming = [Relation::naming("metadata.name", &names)];
            let all = self.world.related(api_version, kind, Within::Anywhere, &naming)?;
            Ok::<_, Undecided>(all.iter().any(|other| other.name() == name))
        };
        if is_there(named.api_version, kind)? {
            return Ok(Some(format!("{kind} {name} is in this input, and is deployed apart from this object")));
        }
        // A patch may make the one of the other.
        if kind == "Role" && is_there(named.api_version, "ClusterRole")? {
            return Ok(Some(format!("{name} is a ClusterRole in this input; a patch may make it a Role")));
        }
        Ok(None)
    }

    /// The namespace in which there is an object of that kind and name, if it is another.
    fn elsewhere(&self, named: Named<'_>) -> Result<Option<Option<&'a str>>, Undecided> {
        let names = [named.name];
        let naming = [Relation::naming("metadata.name", &names)];
        let all = self.world.related(named.api_version, named.kind, Within::All, &naming)?;
        let other = all.into_iter().find(|other| other.name() == named.name);
        Ok(other.map(|other| other.namespace()).filter(|namespace| *namespace != named.namespace))
    }
}

/// `namespace shop`, or what stands for none.
pub fn in_words(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "the namespace of this object".to_owned(), |namespace| format!("namespace {namespace}"))
}

/// The names that there are, as a fix.
pub fn one_of(known: &[&str]) -> String {
    let some: Vec<&str> = known.iter().take(6).copied().collect();
    format!("one of: {}", some.join(", "))
}

/// Whether a tool fills in the name before anybody reads it: `${APP}`, `REPLACE_ME`.
pub fn is_template(name: &str) -> bool {
    let has_capitals = name.bytes().any(|byte| byte.is_ascii_uppercase());
    if has_capitals && !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return true;
    }
    name.bytes().any(|byte| matches!(byte, b'$' | b'{' | b'}' | b'<' | b'>' | b'%' | b'(' | b'#' | b'@'))
}
