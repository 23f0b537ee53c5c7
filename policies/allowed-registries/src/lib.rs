#![no_std]
use sdk::image::filled_by;
use sdk::prelude::*;
use sdk::settings::SettingsError;

policy! {
    /// Images come from allowed registries only.
    ///
    /// The setting `registries` lists them, each as a registry or as a repository path in it:
    ///
    /// | entry | allows | does not allow |
    /// |---|---|---|
    /// | `registry.example.com` | `registry.example.com/shop/web:1` | `registry.example.com.evil.example/web`, `registry.example.com:5000/web` |
    /// | `ghcr.io/shop` | `ghcr.io/shop/web`, `ghcr.io/shop` | `ghcr.io/shop-evil/web` |
    /// | `docker.io/library` | `nginx`, `docker.io/library/nginx` | `docker.io/bitnami/nginx` |
    /// | `*.dkr.ecr.eu-west-1.amazonaws.com` | the registries of all accounts there | |
    ///
    /// An image is read as container runtimes read it: `nginx` is `docker.io/library/nginx`. A `*` stands for any
    /// characters of one part between slashes. All classes of containers count, and image volumes. An image that Istio or
    /// an OpenShift trigger fills in later is not checked.
    ///
    /// The rule is disabled until it has registries.
    ///
    /// ## Why
    ///
    /// Whoever can push to a registry can run code in the cluster. A short list of registries that you control, scan and
    /// mirror keeps a typo or a copied manifest from bringing in a stranger's image, and keeps deployments working when a
    /// public registry is down or limits its pulls.
    ///
    /// ## Fix
    ///
    /// Copy the image to an allowed registry and name it there, or add its registry to the setting.
    ///
    /// ```yaml,settings
    /// registries: [registry.example.com, ghcr.io/shop]
    /// ```
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
    ///       image: registry.example.com.evil.example/shop/web:1.4.2
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
    ///       image: registry.example.com/shop/web:1.4.2
    ///     - name: proxy
    ///       image: ghcr.io/shop/proxy:2.0.1
    /// ```
    pub struct AllowedRegistries {
        /// Registries, or repository paths in them. A `*` stands for any characters of one part.
        registries: Vec<String>,
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    applies_to: [Workloads],
    reads: [Images],
}

impl Rule for AllowedRegistries {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        if self.registries.is_empty() {
            return not_applicable("the setting `registries` is empty");
        }
        let workload = request.workload()?;
        let containers = workload.containers(Class::ALL);
        let named = containers.filter(|container| filled_by(workload, *container).is_none());
        named.for_each(|container| self.check_image(container.get("image"), findings));
        let volumes = workload.pod().get("volumes").items().map(|volume| volume.get("image.reference"));
        volumes.filter(|image| image.is_set()).for_each(|image| self.check_image(image, findings));
        Ok(())
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let mut entries = self.registries.iter();
        entries.try_for_each(|entry| check_entry(entry).map_err(|why| SettingsError::new(format!("`{entry}` {why}"))))
    }
}

impl AllowedRegistries {
    fn check_image(&self, at: Field<'_>, findings: &mut Findings) {
        let Some(image) = ImageReference::of(at, findings) else { return };
        let repository = image.normalized_repository();
        if !self.registries.iter().any(|entry| is_within(&repository, entry)) {
            let message = format!("`{repository}` is in no allowed registry");
            findings.fail(at, message, format!("use an image from {}", self.registries.join(", ")));
        }
    }
}

/// Why an entry can never be what is meant.
fn check_entry(entry: &str) -> Result<(), &'static str> {
    let (host, path) = entry.split_once('/').unwrap_or((entry, ""));
    if host.is_empty() || path.split('/').any(str::is_empty) && !path.is_empty() {
        Err("is no registry: write a host, such as registry.example.com, and a path after it")
    } else if !host.contains(['.', ':', '*']) && host != "localhost" {
        Err("begins with no host: write docker.io/ before a repository of Docker Hub")
    } else if host.ends_with('*') {
        Err("allows every host that begins so: whoever owns a domain could be one of them")
    } else if path.contains([':', '@']) {
        Err("names an image: write its repository without tag and digest")
    } else {
        Ok(())
    }
}

/// Whether a repository is the entry, or lies within it.
fn is_within(repository: &str, entry: &str) -> bool {
    // Of images, the older name of Docker Hub is read as the newer one.
    let is_hub = |rest: &&str| rest.split('/').next() == Some("docker.io");
    let entry = entry.strip_prefix("index.").filter(is_hub).unwrap_or(entry);
    let mut parts = repository.split('/');
    entry.split('/').all(|wanted| parts.next().is_some_and(|part| is_like(wanted.as_bytes(), part.as_bytes())))
}

/// Whether a part is as an entry has it; a `*` there stands for any characters. Hosts have no case, paths have no capitals.
fn is_like(wanted: &[u8], part: &[u8]) -> bool {
    match (wanted, part) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=part.len()).any(|cut| part.get(cut..).is_some_and(|part| is_like(rest, part))),
        ([first, wanted @ ..], [byte, part @ ..]) => first.eq_ignore_ascii_case(byte) && is_like(wanted, part),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check_entry;

    #[test]
    fn an_entry_that_means_nothing_or_everything_is_refused() {
        for entry in ["docker.io", "localhost", "registry:5000", "ghcr.io/shop/web", "*.example.com", "ghcr.io/shop-*"]
        {
            assert_eq!(check_entry(entry), Ok(()), "{entry}");
        }
        for (entry, why) in [
            ("", "no registry"),
            ("/shop", "no registry"),
            ("ghcr.io//shop", "no registry"),
            ("ghcr.io/shop/", "no registry"),
            ("https://ghcr.io/shop", "no registry"),
            ("nginx", "no host"),
            ("shop/web", "no host"),
            ("*", "every host"),
            ("registry.example.*/web", "every host"),
            ("ghcr.io/shop/web:1", "without tag"),
        ] {
            assert!(check_entry(entry).is_err_and(|said| said.contains(why)), "{entry}: {:?}", check_entry(entry));
        }
    }
}
