#![no_std]
use sdk::image::is_mutable;
use sdk::prelude::*;

mod secrets;
mod stages;

use stages::{Instruction, Stages};

policy! {
    /// A Dockerfile makes an image that is pinned, runs as a user, and gets its signals.
    ///
    /// Every Dockerfile in the input is checked:
    ///
    /// - Each base image has a tag that does not move (the setting `mutable_tags`) or a digest (`require_digest`). So has
    ///   an image of `COPY --from`. Stages, `scratch` and the defaults of `ARG` before the first `FROM` are followed.
    /// - What `COPY --from` names is an image or a stage that comes before.
    /// - The last stage has a `USER` other than root, of its own or from the stage that it builds on. A base image that
    ///   brings one is in the setting `non_root_images`.
    /// - No `ENV` and no `ARG` holds a secret: what is named like a password, a token or a private key.
    /// - No `ADD` fetches from a URL, unless `--checksum` says what it must be.
    /// - `ENTRYPOINT`, or `CMD` without one, is a JSON list, or gives way to the program by `exec`: a shell in front of it
    ///   passes no signal on.
    /// - `HEALTHCHECK` is advice: Kubernetes ignores it and has probes.
    ///
    /// ## Why
    ///
    /// A base image that moves makes another image of the same commit. Whatever is in `ENV` or `ARG` can be read by
    /// everybody who can pull the image. A program that does not get SIGTERM is killed in the middle of its requests at
    /// each rollout.
    ///
    /// ## Fix
    ///
    /// Pin each `FROM`, end with a numeric `USER`, fetch secrets with `RUN --mount=type=secret`, and write the entry point
    /// as a list.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: Dockerfile
    /// metadata: {name: web/Dockerfile}
    /// spec:
    ///   instructions:
    ///     - {keyword: FROM, line: 1, stage: 0, form: shell, flags: [], arguments: ["node:latest"], text: "FROM node:latest"}
    ///     - {keyword: CMD, line: 2, stage: 0, form: shell, flags: [], arguments: [npm start], text: "CMD npm start"}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: seaworthy.dev/v1
    /// kind: Dockerfile
    /// metadata: {name: web/Dockerfile}
    /// spec:
    ///   instructions:
    ///     - {keyword: FROM, line: 1, stage: 0, form: shell, flags: [], arguments: ["node:24.1-slim"], text: "FROM node:24.1-slim"}
    ///     - {keyword: USER, line: 2, stage: 0, form: shell, flags: [], arguments: ["1000"], text: "USER 1000"}
    ///     - {keyword: CMD, line: 3, stage: 0, form: exec, flags: [], arguments: [node, main.js], text: 'CMD ["node", "main.js"]'}
    /// ```
    pub struct Dockerfile {
        /// Tags that move, in any case, also beside a variant such as `alpine`. A `*` at the start stands for anything.
        mutable_tags: Vec<String> = [
            "latest", "main", "master", "dev", "staging", "nightly", "edge", "stable", "canary", "rolling", "head",
            "develop", "trunk", "unstable", "snapshot", "lts", "mainline", "current", "*-latest", "*-snapshot",
        ],
        /// Require a digest: a tag alone is then a finding, whatever it says.
        require_digest: bool = false,
        /// Base images that run as a user other than root by themselves: words of their name or tag.
        non_root_images: Vec<String> = ["nonroot", "non-root", "unprivileged", "rootless", "cgr.dev/chainguard"],
    }
    severity: High,
    section: Delivery,
    since: "0.1.0",
    applies_to: ["seaworthy.dev/v1/Dockerfile"],
    reads: [
        "spec.instructions.keyword",
        "spec.instructions.stage",
        "spec.instructions.form",
        "spec.instructions.flags",
        "spec.instructions.arguments",
    ],
}

impl Rule for Dockerfile {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let all: Vec<Instruction<'_>> =
            request.object().get("spec.instructions").items().map(Instruction::new).collect();
        let stages = Stages::new(&all);
        for instruction in &all {
            match instruction.keyword {
                "FROM" => self.check_base(instruction, &stages, findings),
                "COPY" | "RUN" => self.check_sources(instruction, &stages, findings),
                "ADD" => check_add(instruction, findings),
                "ENV" | "ARG" | "ONBUILD" => secrets::check(instruction, findings),
                "HEALTHCHECK" if instruction.words().next().is_none_or(|word| !word.eq_ignore_ascii_case("NONE")) => {
                    let message = "Kubernetes ignores this: the probes of the pod say whether the program is healthy";
                    findings.warn(instruction.place, message, "a livenessProbe and a readinessProbe in the manifest");
                }
                _ => {}
            }
        }
        self.check_user(&stages, findings);
        check_signals(&stages, findings);
        Ok(())
    }
}

impl Dockerfile {
    fn check_base(&self, from: &Instruction<'_>, stages: &Stages<'_>, findings: &mut Findings) {
        let Some(base) = from.arguments().next() else { return };
        let name = base.str().unwrap_or_default();
        match stages.resolve(name) {
            Some(image) if image == "scratch" || stages.earlier(&image, from.stage).is_some() => {}
            // `FROM nginx AS nginx` means the image.
            Some(image) if stages.named(&image).is_some_and(|stage| stage.stage > from.stage) => {
                let message =
                    format!("the stage `{image}` does not come before this one, so an image of that name is pulled");
                findings.fail(base, message, "move that stage up, or name an image");
            }
            Some(image) => self.check_image(base, &image, findings),
            // `FROM build-${TARGETARCH}` is one of the stages.
            None if stages.begins_a_stage(name) => {}
            // Of `${REGISTRY}/node` the tag is known whatever the registry is.
            None => match name.rsplit_once('/').and_then(|(_, image)| stages.resolve(image)) {
                Some(image) => self.check_image(base, &image, findings),
                None => {
                    let message = format!("`{name}` is chosen when the image is built, so the base is not pinned here");
                    findings.warn(base, message, "a default in an `ARG` before the first `FROM`");
                }
            },
        }
    }

    /// `--from=` of a `COPY`, and `from=` of a mount, name a stage or an image.
    fn check_sources(&self, instruction: &Instruction<'_>, stages: &Stages<'_>, findings: &mut Findings) {
        for flag in instruction.flags() {
            let text = flag.str().unwrap_or_default();
            let mount = text.strip_prefix("--mount=").unwrap_or_default();
            let of_mount = mount.split(',').find_map(|part| part.strip_prefix("from="));
            let Some(name) = text.strip_prefix("--from=").or(of_mount) else { continue };
            let Some(image) = stages.resolve(name) else { continue };
            if image == "scratch" || stages.earlier(&image, instruction.stage).is_some() {
                continue;
            }
            let Some(stage) = stages.at(&image).or_else(|| stages.named(&image).and_then(|from| from.stage)) else {
                self.check_image(flag, &image, findings);
                continue;
            };
            let meant = "the name of a stage that comes before this one";
            match instruction.stage {
                Some(own) if stage < own => {}
                Some(own) if stage == own => findings.fail(flag, "a stage cannot take files from itself", meant),
                _ if stage >= stages.count() => {
                    let (count, are) = (stages.count(), if stages.count() == 1 { "stage" } else { "stages" });
                    let message = format!("no stage has the number {image}: {count} {are} are here, counted from 0");
                    findings.fail(flag, message, meant);
                }
                _ => {
                    let message = format!("the stage `{image}` comes later, and not every builder takes files from it");
                    findings.warn(flag, message, meant);
                }
            }
        }
    }

    fn check_image(&self, at: Field<'_>, image: &str, findings: &mut Findings) {
        let image = match ImageReference::parse(image) {
            Ok(image) => image,
            Err(cause) => return findings.fail(at, cause.to_string(), "<repository>:<version>"),
        };
        let message = match image.tag() {
            _ if image.is_pinned() => return,
            None => format!("`{image}` has no tag, so it is whatever was pushed last"),
            Some(tag) if is_mutable(tag, &self.mutable_tags) => {
                format!("the tag `{tag}` is mutable: another build gets another image")
            }
            Some(_) if self.require_digest => format!("`{image}` has no digest, which is required here"),
            Some(_) => return,
        };
        findings.fail(at, message, format!("{}:<version>@sha256:<digest>", image.repository()));
    }

    fn check_user(&self, stages: &Stages<'_>, findings: &mut Findings) {
        let Some(from) = stages.last() else { return };
        if let Some(user) = stages.inherited(|instruction| instruction.keyword == "USER") {
            let argument = user.arguments().next();
            let name = stages.resolve(argument.and_then(Field::str).unwrap_or_default());
            let name = name.as_deref().and_then(|name| name.split(':').next()).unwrap_or("?");
            let is_root = name.is_empty() || name.eq_ignore_ascii_case("root") || name.bytes().all(|byte| byte == b'0');
            if is_root {
                let at = argument.unwrap_or(user.place);
                findings.fail(at, "the program runs as root", "USER <a number above 0>");
            }
            return;
        }
        let written = stages.base().unwrap_or_default();
        let base = stages.resolve(written).unwrap_or_else(|| written.to_owned());
        if !self.non_root_images.iter().any(|words| sdk::text::holds(&base, words)) {
            let message =
                "the last stage has no USER, so the program runs as root unless the base image says otherwise";
            findings.fail(from.place, message, "USER <a number above 0>, at the end of the last stage");
        }
    }
}

fn check_add(add: &Instruction<'_>, findings: &mut Findings) {
    let is_checked = add.flags().any(|flag| flag.str().is_some_and(|flag| flag.starts_with("--checksum=")));
    let is_remote = |text: &str| {
        let text = text.trim_matches(['"', '\'']);
        ["http://", "https://", "ftp://", "git://", "git@"].iter().any(|start| text.starts_with(start))
    };
    for source in add.arguments().filter(|source| !is_checked && source.str().is_some_and(is_remote)) {
        let message = "what is fetched here may be another file tomorrow, and nobody looks at it";
        findings.fail(source, message, "ADD --checksum=sha256:<digest>, or COPY a file of the repository");
    }
}

/// Whether the program gets the signals that Kubernetes sends: it is the first process, and no shell is.
fn check_signals(stages: &Stages<'_>, findings: &mut Findings) {
    let last = |keyword| stages.inherited(move |instruction| instruction.keyword == keyword);
    // An empty entry point leaves the command in charge.
    let entry = last("ENTRYPOINT").filter(|entry| entry.words().next().is_some());
    let Some(process) = entry.or_else(|| last("CMD")) else { return };
    let mut words = process.words();
    let (first, second, third) = (words.next().unwrap_or_default(), words.next(), words.next());
    // Commands that prepare something may come first.
    let is_exec = |script: &str| script.split(['&', ';', '\n']).any(|it| it.trim_ascii_start().starts_with("exec "));
    let keyword = process.keyword;
    if !process.is_exec {
        if !first.is_empty() && !is_exec(first) {
            let message =
                format!("a shell runs this {keyword} and passes no signal on, so the pod is killed at each rollout");
            findings.fail(process.place, message, format!("{keyword} [\"program\", \"argument\"]"));
        }
    } else if matches!(first.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
        && second.is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c'))
        && !third.is_some_and(is_exec)
    {
        let message = format!("this {keyword} is a shell, which passes no signal on to what it starts");
        findings.warn(process.place, message, "`exec` in front of the command, or no shell");
    }
}
