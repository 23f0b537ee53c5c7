#![no_std]
use sdk::documents::CHANGE_SET;
use sdk::prelude::*;
use sdk::settings::SettingsError;

mod changed;
mod classes;
mod companions;
mod people;
mod reach;

use changed::{Changed, Class};
use companions::Additions;
use people::{People, add};

policy! {
    /// A change has the reviews that its kind requires.
    ///
    /// A `ChangeSet` has the files that a change touches and the objects that are deployed otherwise after it. Each is of a
    /// class, and the strictest class is that of the whole change:
    ///
    /// | class | what it is | who can merge | reviews | path to production |
    /// |---|---|---|---|---|
    /// | `configuration` | environment variables, replicas, resources, probes without commands; data of a ConfigMap or a Secret that a workload takes | app team | 1 of the app team | auto-sync to staging, then promote by hand |
    /// | `image` | another tag or digest of the same image | app team | 1 of the app team | auto-sync to staging, then a progressive rollout |
    /// | `new-service` | a workload that was not there, and what comes with it in its namespace | app team | 1 of the app team, 1 of the platform team | a manual gate before production |
    /// | `platform` | what belongs to the platform, and everything else | platform team | 2 of the platform team | staging first, production after 24 hours |
    /// | `cluster-upgrade` | a version of a cluster | platform team | 2 of the platform team, 1 manager | a change window, after a disaster recovery drill |
    ///
    /// What comes with a new service is its own: it selects its pods alone, sends traffic to its Services alone, and serves no
    /// host and path that an Ingress or a route served before. A new workload is `platform` if something that was there before
    /// selects its pods by a label, or if its ServiceAccount had rights or an identity in the cloud before the change, or is
    /// not known at all. So is what has the name of an object that was there before, or makes a Secret that others take, unless
    /// the folders say that it is for another environment, and a new object that reaches others by a name: the token of an
    /// account, an identity in the cloud, a Service or an Ingress that the change does not add.
    ///
    /// What cannot be classified is `platform`: a field that is neither configuration nor an image, an object that is
    /// deleted, an image of another repository, a file with an unknown effect. The setting `matrix` replaces
    /// lines of this table, `classes` says what else is of a class, and `configuration_fields` which fields are
    /// configuration.
    ///
    /// The app team are the owners of the files: of `CODEOWNERS`, or of the Backstage Component in the nearest folder. An
    /// owner of each file must approve; in GitLab, as many owners of each section as it asks for. Each person counts once. The author's approval never counts, and nor does one of an
    /// earlier commit, unless the setting `earlier_approvals` allows it.
    ///
    /// Without `spec.reviews`, the rule says what is required, and passes. It never passes where something that decides is
    /// not known: an owner, the members of a team, what a chart deploys.
    ///
    /// ## Why
    ///
    /// Who must look at a change depends on what is in it, and not on who opened it. A role for a whole cluster in the
    /// fifth file of an image bump is easily overlooked by people.
    ///
    /// ## Fix
    ///
    /// Ask those whom the finding names. Or split the change, so that its harmless part can go ahead.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: ChangeSet
    /// metadata: {name: main..feature/web}
    /// spec:
    ///   author: ana
    ///   head: c1
    ///   files: [{path: services/web/base/web.yaml, status: modified, effect: objects, owners: ["@acme/shop"]}]
    ///   objects:
    ///     - place: services/web/production
    ///       status: modified
    ///       apiVersion: apps/v1
    ///       kind: Deployment
    ///       namespace: shop
    ///       name: web
    ///       fields: [{path: spec.replicas, at: spec.replicas, old: "2", new: "3"}]
    ///       users: []
    ///   unseen: []
    ///   reviews: [{user: ana, state: approved, commit: c1}]
    ///   teams: [{team: "@acme/shop", members: [ana, ben]}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: seaworthy.dev/v1
    /// kind: ChangeSet
    /// metadata: {name: main..feature/web}
    /// spec:
    ///   author: ana
    ///   head: c1
    ///   files: [{path: services/web/base/web.yaml, status: modified, effect: objects, owners: ["@acme/shop"]}]
    ///   objects:
    ///     - place: services/web/production
    ///       status: modified
    ///       apiVersion: apps/v1
    ///       kind: Deployment
    ///       namespace: shop
    ///       name: web
    ///       fields: [{path: spec.replicas, at: spec.replicas, old: "2", new: "3"}]
    ///       users: []
    ///   unseen: []
    ///   reviews: [{user: ben, state: approved, commit: c1}]
    ///   teams: [{team: "@acme/shop", members: [ana, ben]}]
    /// ```
    pub struct ChangeApproval {
        /// Rows of the approval matrix that differ from the table above. What a row leaves out is not required.
        matrix: Vec<Row> = [],
        /// What else is of a class. The first entry that matches counts, before everything but `protected_paths`.
        classes: Vec<Membership> = [],
        /// Owners who are the platform team, as `CODEOWNERS` names them, with or without the organisation.
        platform_teams: Vec<String> = ["platform", "platform-team"],
        /// Owners who are managers.
        managers: Vec<String> = ["managers"],
        /// Who owns files that have no owner.
        default_owners: Vec<String> = [],
        /// Whether an approval of an earlier commit still counts.
        earlier_approvals: bool = false,
        /// Paths that belong to the platform: `*` stands for any characters of a name, `**` for any folders.
        platform_paths: Vec<String> = [
            "platform", "infrastructure", "clusters/*/infra", "clusters/*/flux-system", ".github", ".gitlab-ci.yml",
            ".gitlab", ".tekton", ".circleci", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "**/*.tf",
        ],
        /// Paths that decide what may be changed: nothing lowers their class.
        protected_paths: Vec<String> = [
            "**/CODEOWNERS", "**/seaworthy.yaml", "**/seaworthy-baseline.yaml", "**/.argocd-source*.yaml",
            "**/.gitmodules", "**/.gitattributes",
        ],
        /// Paths that are documentation, as long as nothing is deployed from them.
        documentation_paths: Vec<String> = ["**/*.md", "docs", "LICENSE", "**/.gitignore"],
        /// Namespaces that belong to the platform. A `*` stands for any characters.
        platform_namespaces: Vec<String> = [
            "kube-*", "*-system", "argocd", "cert-manager", "external-secrets", "ingress-nginx", "kyverno",
            "monitoring",
        ],
        /// Fields that are configuration: of workloads, `containers` meaning those of their pods, or of a kind,
        /// `Kind:path`. What is below a field is meant too.
        configuration_fields: Vec<String> = [
            "spec.replicas", "containers.env", "containers.envFrom", "containers.resources",
            "containers.readinessProbe", "containers.livenessProbe", "containers.startupProbe",
            "HorizontalPodAutoscaler:spec.minReplicas", "HorizontalPodAutoscaler:spec.maxReplicas",
            "HorizontalPodAutoscaler:spec.metrics", "ScaledObject:spec.minReplicaCount",
            "ScaledObject:spec.maxReplicaCount", "Component:metadata.links", "Component:metadata.description",
        ],
    }
    /// What a class of changes requires.
    struct Row {
        /// The class.
        class: String,
        /// Who can merge: `app` or `platform`.
        merge: String = "platform",
        /// Approvals of the app team.
        app: u32 = 0,
        /// Approvals of the platform team.
        platform: u32 = 0,
        /// Approvals of managers.
        managers: u32 = 0,
        /// The path to production, in words.
        path: String = "",
    }
    /// Objects or files of a class.
    struct Membership {
        /// The class.
        class: String,
        /// The kinds of objects that are meant; none where files are.
        kinds: Vec<String> = [],
        /// The paths of the files that are meant, or of the folders that the objects are deployed from; any where there is
        /// none.
        paths: Vec<String> = [],
    }
    severity: High,
    section: Delivery,
    since: "0.1.0",
    applies_to: ["seaworthy.dev/v1/ChangeSet"],
    reads: [
        "spec.files.path",
        "spec.files.previousPath",
        "spec.files.status",
        "spec.files.effect",
        "spec.files.newFolder",
        "spec.files.owners",
        "spec.files.sections",
        "spec.objects.place",
        "spec.objects.status",
        "spec.objects.apiVersion",
        "spec.objects.kind",
        "spec.objects.namespace",
        "spec.objects.name",
        "spec.objects.fields",
        "spec.objects.users",
        "spec.objects.account",
        "spec.objects.others",
        "spec.objects.newObject",
        "spec.objects.oldObject",
        "spec.unseen",
        "spec.author",
        "spec.head",
        "spec.reviews",
        "spec.teams",
    ],
}

/// What the guide requires of each class.
const MATRIX: [Requirement<'static>; 5] = [
    Requirement {
        merge: "app",
        app: 1,
        platform: 0,
        managers: 0,
        path: "auto-sync to staging, then promote to production by hand",
    },
    Requirement {
        merge: "app",
        app: 1,
        platform: 0,
        managers: 0,
        path: "auto-sync to staging, then a progressive rollout to production",
    },
    Requirement { merge: "app", app: 1, platform: 1, managers: 0, path: "a manual gate before production" },
    Requirement {
        merge: "platform",
        app: 0,
        platform: 2,
        managers: 0,
        path: "staging first, production after 24 hours of soak",
    },
    Requirement {
        merge: "platform",
        app: 0,
        platform: 2,
        managers: 1,
        path: "a change window, after a full disaster recovery drill",
    },
];

/// A line of the approval matrix.
struct Requirement<'s> {
    merge: &'s str,
    app: u32,
    platform: u32,
    managers: u32,
    path: &'s str,
}

impl Row {
    fn requirement(&self) -> Requirement<'_> {
        let Self { merge, app, platform, managers, path, .. } = self;
        Requirement { merge, app: *app, platform: *platform, managers: *managers, path }
    }
}

impl Membership {
    fn class(&self) -> Class {
        Class::parse(&self.class).unwrap_or(Class::ClusterUpgrade)
    }

    fn is_object(&self, kind: &str, place: &str) -> bool {
        let is_there = self.paths.is_empty() || sdk::glob::any_matches_path(&self.paths, place);
        is_there && self.kinds.iter().any(|known| known == kind)
    }

    fn is_file(&self, path: &str) -> bool {
        self.kinds.is_empty() && sdk::glob::any_matches_path(&self.paths, path)
    }
}

impl Rule for ChangeApproval {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        if request.object().kind() != CHANGE_SET.kind {
            return not_applicable("it is no change");
        }
        let spec = request.object().get("spec");
        let objects: Vec<Changed<'_>> = spec.get("objects").items().map(Changed::new).collect();
        let additions = Additions::new(&objects);
        let of_objects =
            objects.iter().map(|changed| (changed.field, self.object(*changed, &additions), changed.label()));
        let of_files = spec.get("files").items().filter_map(|file| {
            Some((file, self.file(file, &additions)?, file.get("path").str().unwrap_or_default().to_owned()))
        });
        let mut class = None;
        for (at, (of, why), label) in of_objects.chain(of_files) {
            class = class.max(Some(of));
            findings.note(at, format!("{}: {label}: {why}", of.name()));
        }
        // Files that moved, or whose text means the same, are still a change.
        let has_files = spec.get("files").has_items();
        let Some(class) = class.or_else(|| has_files.then_some(Class::Configuration)) else {
            return Err(Undecided::Unknown("nothing was changed, so there is nothing to approve".into()));
        };
        let requirement = self.requirement(class);
        self.tell(spec, class, &requirement, findings);
        if let Some(unseen) = spec.get("unseen").items().find_map(Field::str) {
            return Err(Undecided::Unknown(format!("not everything could be compared: {unseen}")));
        }
        if !spec.get("reviews").is_set() {
            return Ok(());
        }
        self.decide(spec, &requirement, findings)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let mut names = self.matrix.iter().map(|row| &row.class).chain(self.classes.iter().map(|of| &of.class));
        if let Some(name) = names.find(|name| Class::parse(name).is_none()) {
            let known = Class::ALL.map(Class::name).join(", ");
            return Err(SettingsError::new(format!("there is no class `{name}`; there is {known}")));
        }
        if let Some(row) = self.matrix.iter().find(|row| !matches!(row.merge.as_str(), "app" | "platform")) {
            return Err(SettingsError::new(format!("`merge` is app or platform, and not `{}`", row.merge)));
        }
        Ok(())
    }
}

impl ChangeApproval {
    fn requirement(&self, class: Class) -> Requirement<'_> {
        if let Some(row) = self.matrix.iter().find(|row| row.class == class.name()) {
            return row.requirement();
        }
        let at = Class::ALL.iter().position(|known| *known == class).unwrap_or_default();
        MATRIX.into_iter().nth(at).unwrap_or(Requirement {
            merge: "platform",
            app: 0,
            platform: 2,
            managers: 1,
            path: "",
        })
    }

    /// Says what the change is and what it takes, each as `name: value`.
    fn tell(&self, spec: Field<'_>, class: Class, requirement: &Requirement<'_>, findings: &mut Findings) {
        let groups = self.groups(spec);
        let mut owners = Vec::new();
        groups.iter().flat_map(|(owners, _)| owners).for_each(|owner| add(&mut owners, owner));
        let app =
            if owners.is_empty() { "the app team".to_owned() } else { format!("the app team ({})", owners.join(", ")) };
        let platform = format!("the platform team ({})", names(&self.platform_teams).join(" or "));
        findings.note(spec, format!("class: {}", class.name()));
        findings.note(spec, format!("merge: {}", if requirement.merge == "app" { &app } else { &platform }));
        // Sections may ask for more than the row does.
        let sections = groups.iter().filter(|(_, approvals)| (1..*approvals).contains(&requirement.app));
        let sections = sections.map(|(owners, approvals)| (*approvals, owners.join(" or ")));
        let rows =
            [(requirement.app, app), (requirement.platform, platform), (requirement.managers, "managers".into())];
        let parts: Vec<(u32, String)> = rows.into_iter().chain(sections).collect();
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| format!("{count} of {of}")).collect();
        let reviews = if parts.is_empty() { "none".to_owned() } else { names(&parts).join(", ") };
        findings.note(spec, format!("reviews: {reviews}"));
        findings.note(spec, format!("path: {}", requirement.path));
    }

    /// The owners of the files, each group once with the approvals that its section asks for. Where nobody owns a file, those
    /// who own what nobody does.
    fn groups<'a>(&'a self, spec: Field<'a>) -> Vec<(Vec<&'a str>, u32)> {
        let mut groups = Vec::new();
        for file in spec.get("files").items() {
            let sections = file.get("sections");
            let has_none = Some(file).filter(|_| !sections.has_items());
            for of in sections.items().chain(has_none) {
                let mut owners: Vec<&str> = of.get("owners").items().filter_map(Field::str).collect();
                if owners.is_empty() {
                    owners = names(&self.default_owners);
                }
                let approvals = of.get("approvals").integer().and_then(|count| count.try_into().ok());
                let group = (owners, approvals.unwrap_or_default());
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        groups
    }

    fn decide(&self, spec: Field<'_>, needs: &Requirement<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let people = People::new(spec, self.earlier_approvals)?;
        let mut unknown: Vec<&str> = Vec::new();
        if let Some(user) = people.asking.first() {
            findings.fail(spec.get("reviews"), format!("{user} asks for changes"), format!("an approval of {user}"));
        }
        let mut lacking = Vec::new();
        let mut app = Vec::new();
        for (owners, approvals) in self.groups(spec).iter().filter(|_| needs.app > 0) {
            if owners.is_empty() {
                unknown.push("the owners of some files");
                continue;
            }
            let (approving, unclear) = people.approving(owners);
            let wanted = needs.app.max(*approvals);
            let is_enough = approving.len() >= wanted as usize;
            app.extend(approving);
            if !is_enough && unclear.is_empty() {
                lacking.push(format!("{wanted} of {}", owners.join(" or ")));
            } else if !is_enough {
                unknown.extend(unclear);
            }
        }
        let (platform_teams, managing_teams) = (names(&self.platform_teams), names(&self.managers));
        let (platform, of_platform) = people.approving(&platform_teams);
        let (managers, of_managers) = people.approving(&managing_teams);
        // One of several names may be in use.
        let is_unclear = |teams: &[&str], unclear: &[&str]| teams.len() == unclear.len();
        let sets = [
            (needs.app, &app, false, "the app team"),
            (needs.platform, &platform, is_unclear(&platform_teams, &of_platform), "the platform team"),
            (needs.managers, &managers, is_unclear(&managing_teams, &of_managers), "managers"),
        ];
        for (count, approving, is_unclear, who) in &sets {
            if *is_unclear && *count > 0 {
                unknown.push(*who);
            } else if approving.len() < *count as usize && *who != "the app team" {
                lacking.push(format!("{count} of {who}"));
            }
        }
        // Each counts for one of these alone.
        let is_short = (1..1_usize << sets.len()).any(|chosen| {
            let mut people: Vec<&str> = Vec::new();
            let mut wanted = 0;
            for (at, (count, approving, ..)) in sets.iter().enumerate() {
                if chosen & (1 << at) != 0 {
                    approving.iter().for_each(|user| add(&mut people, user));
                    wanted += *count as usize;
                }
            }
            people.len() < wanted
        });
        if lacking.is_empty() && unknown.is_empty() && is_short {
            lacking.push("another person: each counts once".into());
        }
        if !lacking.is_empty() {
            let message = format!("approvals are missing: {}", names(&lacking).join(", "));
            findings.fail(
                spec.get("reviews"),
                message,
                "an approval of the last commit by somebody else than the author",
            );
        }
        match unknown.first() {
            Some(who) => Err(Undecided::Unknown(format!("{who} are not known; give CODEOWNERS, and members of teams"))),
            None => Ok(()),
        }
    }
}

fn names(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
