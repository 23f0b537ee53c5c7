#![no_std]
use sdk::documents::REPOSITORY_TREE;
use sdk::prelude::*;

policy! {
    /// A GitOps repository has one place for everything, and what it deploys from exists.
    ///
    /// Two things are checked. **The layout**, of a `RepositoryTree`:
    ///
    /// | pattern | known by | requires |
    /// |---|---|---|
    /// | monorepo | a folder `clusters`, or a `base` in one of `services` | each `clusters/<environment>` has `apps`; each `services/<service>` has a `base`, and one overlay or values file for each environment |
    /// | polyrepo | a folder `base` or `overlays` | a `base`, and at least one overlay |
    ///
    /// The environments are the folders in `clusters`, or those of the setting `environments`. `apps.yaml` is as good as a
    /// folder `apps`, and `values-staging.yaml` as an overlay `staging`; a chart is its own base. A repository without any of
    /// these folders is not checked.
    ///
    /// **The paths** of Argo CD Applications and Flux Kustomizations: the folder is there. That is said only of sources that
    /// are this repository: its addresses are in the setting `repositories`, or another path of the same source is there.
    /// Paths that a template fills in are left out, and so are charts of a registry.
    ///
    /// ## Why
    ///
    /// Whoever looks for what runs in production finds it where everybody would look. A path that leads nowhere syncs
    /// nothing, and shows only in the controller's status.
    ///
    /// ## Fix
    ///
    /// Add the folder that the finding names, or correct the path. What is left out on purpose for a service goes into the
    /// setting `exceptions`.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: RepositoryTree
    /// metadata: {name: .}
    /// spec:
    ///   paths:
    ///     - clusters/production/apps/web.yaml
    ///     - clusters/staging/apps/web.yaml
    ///     - services/web/base/deployment.yaml
    ///     - services/web/staging/kustomization.yaml
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: seaworthy.dev/v1
    /// kind: RepositoryTree
    /// metadata: {name: .}
    /// spec:
    ///   paths:
    ///     - clusters/production/apps/web.yaml
    ///     - clusters/staging/apps/web.yaml
    ///     - services/web/base/deployment.yaml
    ///     - services/web/production/kustomization.yaml
    ///     - services/web/staging/kustomization.yaml
    /// ```
    pub struct GitopsLayout {
        /// The environments that each service is deployed to; where none is given, the folders in `clusters`.
        environments: Vec<String> = [],
        /// Services that need no overlay of some environment: `web`, or `web/staging`.
        exceptions: Vec<String> = [],
        /// Addresses of this repository, as Applications and GitRepositories name it.
        repositories: Vec<String> = [],
        /// The folder of the clusters.
        clusters: String = "clusters",
        /// The folder of the services.
        services: String = "services",
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    rests_on: [Argo | Flux],
    applies_to: [
        "seaworthy.dev/v1/RepositoryTree",
        "argoproj.io/v1alpha1/Application",
        "kustomize.toolkit.fluxcd.io/v1/Kustomization",
    ],
    reads: [
        "spec.paths",
        "spec.path",
        "spec.sourceRef",
        "spec.source.repoURL",
        "spec.source.path",
        "spec.sources.repoURL",
        "spec.sources.path",
    ],
    looks_up: [
        "seaworthy.dev/v1/RepositoryTree": ["spec.paths"],
        "argoproj.io/v1alpha1/Application": [
            "spec.source.repoURL",
            "spec.source.path",
            "spec.sources.repoURL",
            "spec.sources.path",
        ],
        "kustomize.toolkit.fluxcd.io/v1/Kustomization": ["spec.path", "spec.sourceRef"],
        "source.toolkit.fluxcd.io/v1/GitRepository": ["spec.url"],
    ],
}

impl Rule for GitopsLayout {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        match object.kind() {
            "Application" => self.check_sources(&sources(object), request.world(), findings),
            "Kustomization" => self.check_sources(&flux_source(object), request.world(), findings),
            _ => self.check_tree(object.get("spec.paths"), findings),
        }
    }
}

/// A folder of the tree, and the first file in it.
type Folder<'a> = (&'a str, Field<'a>);

impl GitopsLayout {
    fn check_tree(&self, paths: Field<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let clusters = folders(paths, &self.clusters);
        let services = folders(paths, &self.services);
        // Where there is no cluster, folders of services may be their sources.
        let has_base = |(service, _): &Folder<'_>| {
            children(paths, &[&self.services, service]).iter().any(|(name, _)| *name == "base")
        };
        if clusters.is_empty() && !services.iter().any(has_base) {
            return check_polyrepo(paths, findings);
        }
        for (cluster, at) in &clusters {
            let is_apps = |(name, _): &Folder<'_>| stem(name) == "apps";
            if !children(paths, &[&self.clusters, cluster]).iter().any(is_apps) {
                let fix = format!("{}/{cluster}/apps, with what is deployed there", self.clusters);
                findings.fail(*at, format!("the cluster {cluster} has no `apps`"), fix);
            }
        }
        let named = self.environments.iter().map(String::as_str);
        let environments: Vec<&str> = if self.environments.is_empty() {
            clusters.iter().map(|(name, _)| *name).collect()
        } else {
            named.collect()
        };
        for (service, at) in &services {
            let all = children(paths, &[&self.services, service]);
            let is_there = |wanted: &str| all.iter().any(|(name, _)| is_overlay(name, wanted));
            // What lies in a folder `overlays` is as good.
            let overlays = children(paths, &[&self.services, service, "overlays"]);
            let is_in_overlays = |wanted: &str| overlays.iter().any(|(name, _)| is_overlay(name, wanted));
            let is_excused = |environment: Option<&str>| {
                self.exceptions.iter().any(|known| match known.split_once('/') {
                    None => known == service,
                    Some((name, of)) => name == *service && Some(of) == environment,
                })
            };
            let is_chart = all.iter().any(|(name, _)| *name == "Chart.yaml");
            if !is_chart && !is_there("base") && !is_excused(None) {
                let fix = format!("{}/{service}/base, with what all environments have", self.services);
                findings.fail(*at, format!("the service {service} has no `base`"), fix);
            }
            for environment in environments.iter().copied() {
                if !is_there(environment) && !is_in_overlays(environment) && !is_excused(Some(environment)) {
                    let fix = format!("{}/{service}/{environment}, or an entry of `exceptions`", self.services);
                    findings.fail(*at, format!("the service {service} has no overlay for {environment}"), fix);
                }
            }
        }
        Ok(())
    }

    /// Whether the paths that are deployed from are there.
    fn check_sources(
        &self,
        sources: &[(String, Field<'_>)],
        world: &World<'_>,
        findings: &mut Findings,
    ) -> Result<(), Undecided> {
        let trees = world.list_all(REPOSITORY_TREE.api_version, REPOSITORY_TREE.kind)?;
        let known: Vec<&str> =
            trees.iter().flat_map(|tree| tree.get("spec.paths").items()).filter_map(Field::str).collect();
        if known.is_empty() {
            return Err(Undecided::Unknown("the repository's files are not known: is it a git repository?".into()));
        }
        let mut is_one = false;
        for (of, field) in sources {
            let Some(path) = field.str().and_then(fixed) else { continue };
            is_one = true;
            if !has(&known, path) && self.is_ours(of, &known, world)? {
                let fix = "the path of a folder, from the root of the repository";
                findings.fail(
                    *field,
                    format!("the repository has no folder `{path}`, so nothing is deployed from it"),
                    fix,
                );
            }
        }
        if is_one { Ok(()) } else { not_applicable("it deploys from no folder of a repository") }
    }

    /// Whether a source is this repository: somebody says so, or others that deploy from it find their paths here.
    fn is_ours(&self, of: &str, known: &[&str], world: &World<'_>) -> Result<bool, Undecided> {
        let mut all: Vec<(String, Field<'_>)> = Vec::new();
        for application in world.list_all("argoproj.io/v1alpha1", "Application")? {
            all.extend(sources(application));
        }
        for kustomization in world.list_all("kustomize.toolkit.fluxcd.io/v1", "Kustomization")? {
            all.extend(flux_source(kustomization));
        }
        let is_found = |(other, path): &(String, Field<'_>)| {
            other == of && path.str().and_then(fixed).is_some_and(|path| !path.is_empty() && has(known, path))
        };
        if all.iter().any(is_found) {
            return Ok(true);
        }
        let mut addresses = vec![address(of).to_owned()];
        for repository in world.list_all("source.toolkit.fluxcd.io/v1", "GitRepository")? {
            if of.strip_prefix("GitRepository/") == Some(repository.name()) {
                addresses.extend(repository.get("spec.url").str().map(|url| address(url).to_owned()));
            }
        }
        Ok(self.repositories.iter().any(|ours| addresses.iter().any(|other| other.eq_ignore_ascii_case(address(ours)))))
    }
}

/// The addresses of an Application's sources, each with the field of its path.
fn sources(application: Object<'_>) -> Vec<(String, Field<'_>)> {
    let several = application.get("spec.sources").items();
    let all = [application.get("spec.source")].into_iter().chain(several);
    let all = all.filter(|source| source.get("path").is_set());
    all.map(|source| (source.get("repoURL").str().unwrap_or_default().to_owned(), source.get("path"))).collect()
}

/// The same of a Flux Kustomization, whose repository is another object.
fn flux_source(kustomization: Object<'_>) -> Vec<(String, Field<'_>)> {
    let text = |field| kustomization.get(field).str().unwrap_or_default();
    vec![(format!("{}/{}", text("spec.sourceRef.kind"), text("spec.sourceRef.name")), kustomization.get("spec.path"))]
}

/// The path without `./`, unless a template fills it in.
fn fixed(path: &str) -> Option<&str> {
    let is_template = sdk::text::holds(path, "{{") || sdk::text::holds(path, "${") || path.contains('*');
    let path = path.strip_prefix("./").unwrap_or(path).trim_matches('/');
    (!is_template).then_some(if path == "." { "" } else { path })
}

/// Whether a folder or a file is in the tree.
fn has(known: &[&str], path: &str) -> bool {
    let is_in = |file: &&str| file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.is_empty() || known.iter().any(is_in)
}

/// The host and the path of an address, whatever the scheme: `github.com/acme/shop`.
fn address(url: &str) -> &str {
    let rest = sdk::text::after(url, "://").unwrap_or(url);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    rest.strip_suffix(".git").unwrap_or(rest).trim_end_matches('/')
}

fn check_polyrepo(paths: Field<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let top = children(paths, &[]);
    let find = |name: &str| top.iter().find(|(known, _)| *known == name);
    match (find("base"), find("overlays")) {
        (None, None) => not_applicable("it has none of the folders of a GitOps repository"),
        (None, Some((_, at))) => {
            findings.fail(*at, "the overlays have no `base`", "base, with what all environments have");
            Ok(())
        }
        (Some(_), Some(_)) => Ok(()),
        (Some((_, at)), None) => {
            // Each environment may be a folder of its own beside the base: an overlay of kustomize, or values for Helm.
            let is_of_environment = |file: &str| stem(file) == "kustomization" || stem(file).starts_with("values");
            let is_overlay = |(name, _): &Folder<'_>| {
                *name != "base" && children(paths, &[name]).iter().any(|(file, _)| is_of_environment(file))
            };
            if !top.iter().any(is_overlay) {
                findings.fail(
                    *at,
                    "the base has no overlay",
                    "a folder for each environment, with a kustomization.yaml or values.yaml",
                );
            }
            Ok(())
        }
    }
}

/// The folders in a folder of that path, each once.
fn folders<'a>(paths: Field<'a>, folder: &str) -> Vec<Folder<'a>> {
    let is_folder = |path: &str| {
        path.bytes().filter(|byte| *byte == b'/').count() > folder.bytes().filter(|byte| *byte == b'/').count() + 1
    };
    let all = children(paths, &[folder]);
    all.into_iter().filter(|(_, at)| at.str().is_some_and(is_folder)).collect()
}

/// What is in a folder, by the steps that lead there: each name once, with the first path that has it.
fn children<'a>(paths: Field<'a>, steps: &[&str]) -> Vec<Folder<'a>> {
    let mut found: Vec<Folder<'a>> = Vec::new();
    for at in paths.items() {
        let path = at.str().unwrap_or_default();
        let below = steps.iter().try_fold(path, |path, step| path.strip_prefix(step)?.strip_prefix('/'));
        let name = below.and_then(|below| below.split('/').next()).unwrap_or_default();
        // Paths are in order, so that those of one folder stand together.
        if !name.is_empty() && !name.starts_with('.') && found.last().is_none_or(|(last, _)| *last != name) {
            found.push((name, at));
        }
    }
    found
}

/// A folder of that name, or a file of values for it.
fn is_overlay(name: &str, wanted: &str) -> bool {
    let stem = stem(name);
    stem == wanted || stem.strip_prefix("values").is_some_and(|rest| rest.strip_prefix(['-', '.', '_']) == Some(wanted))
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}
