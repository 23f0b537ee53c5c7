//! The action and the job that fetch reviews and teams, against servers' answers as they are, page by page.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use seaworthy_tests::artifacts::workspace;

use crate::support::{self, Folder, Run};
use crate::{bash, folder, sh, yaml};

/// `gh api PATH --jq EXPRESSION`, of files: the path with `_` for `/`. It notes whom it would have asked.
const GH: &str = "#!/bin/bash\n\
    echo \"$GH_HOST $GH_ENTERPRISE_TOKEN\" > cache/asked\n\
    for word; do case $word in repos/*|orgs/*) path=$word ;; --jq) jq=next ;; *) [ \"$jq\" != next ] || jq=$word ;; esac; done\n\
    file=answers/${path//\\//_}.json; [ -f $file ] || { echo 404 >&2; exit 1; }\n\
    exec /usr/bin/jq -r \"$jq\" $file\n";

/// `curl ... URL`, of files.
const CURL: &str = "#!/bin/bash\n\
    path=${!#}; path=${path#https://gitlab.example.com/api/v4/}\n\
    file=answers/${path//[\\/?&=%]/_}.json; [ -f $file ] || exit 22\n\
    cat $file\n";

fn git(folder: &Folder, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder.path()).args(["-c", "user.name=ana", "-c", "user.email=ana@example.com"]);
    command.args(["-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main"]).args(words);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with a change of replicas, and the programs that ask a server.
fn repository() -> Option<(Folder, String)> {
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("LEFT OUT: jq is not installed, which stands for the host's own");
        return None;
    }
    let folder = folder().and("CODEOWNERS", "* @acme/shop\n").and(".gitignore", "bin\ncache\nanswers\n");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
    // GitLab does not say which commit was approved.
    let settings = "rules:\n  change-approval: {settings: {earlier_approvals: true}}\n";
    let folder = folder.and("k8s/web.yaml", web).and("seaworthy.yaml", settings);
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message=base"]);
    git(&folder, &["switch", "--quiet", "--create", "feature/more"]);
    let folder = folder.and("k8s/web.yaml", web.replace("replicas: 1", "replicas: 2"));
    git(&folder, &["commit", "--quiet", "--all", "--message=more"]);
    for (name, text) in [("gh", GH), ("curl", CURL)] {
        let path = folder.path().join("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let head = git(&folder, &["rev-parse", "HEAD"]);
    Some((folder, head))
}

fn github(folder: &Folder, teams: &str, number: &str) -> Run {
    github_with(folder, teams, number, &[])
}

fn github_with(folder: &Folder, teams: &str, number: &str, more: &[(&str, &str)]) -> Run {
    let action = yaml("integrations/github/review/action.yml");
    let step = &action["runs"]["steps"][0];
    assert!(!step["run"].as_str().unwrap().contains("${{"));
    let mut command = bash(folder, step["run"].as_str().unwrap());
    command.env("GITHUB_ACTION_PATH", workspace().join("integrations/github/review"));
    command.env("GITHUB_REPOSITORY", "acme/config").env("GITHUB_STEP_SUMMARY", folder.path().join("cache/summary.md"));
    command.env("INPUT_BASE", "main").env("INPUT_PULL_REQUEST", number).env("INPUT_TEAMS", teams);
    command.env("GH_TOKEN", "secret").envs(more.iter().copied());
    fs::create_dir_all(folder.path().join("cache")).unwrap();
    support::run(&mut command, "")
}

#[test]
fn the_action_fetches_reviews_and_teams_and_decides() {
    let Some((folder, head)) = repository() else { return };
    let review = |user: &str, state: &str| {
        format!("{{\"user\": {{\"login\": \"{user}\"}}, \"state\": \"{state}\", \"commit_id\": \"{head}\"}}")
    };
    let folder = folder
        .and("answers/repos_acme_config_pulls_7.json", "{\"user\": {\"login\": \"ana\"}}")
        .and("answers/repos_acme_config_pulls_7_reviews.json", format!("[{}]", review("ben", "APPROVED")))
        .and("answers/orgs_acme_teams_shop_members.json", "[{\"login\": \"ana\"}, {\"login\": \"ben\"}]");
    let approved = github(&folder, "acme/shop\n", "7");
    assert_eq!(approved.code, Some(0), "{}{}", approved.out, approved.err);
    let summary = fs::read_to_string(folder.path().join("cache/summary.md")).unwrap();
    assert!(summary.contains("configuration"), "{summary}");
    let asked = || fs::read_to_string(folder.path().join("cache/asked")).unwrap();
    assert_eq!(asked(), "github.com secret\n");
    let elsewhere = github_with(&folder, "acme/shop", "7", &[("GITHUB_SERVER_URL", "https://git.example.com")]);
    assert_eq!(elsewhere.code, Some(0), "{}{}", elsewhere.out, elsewhere.err);
    assert_eq!(asked(), "git.example.com secret\n");

    let folder = folder.and("answers/repos_acme_config_pulls_7_reviews.json", "[]");
    let refused = github(&folder, "acme/shop\n", "7");
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    // Without its members the team is not known. What cannot be fetched, or is no name, ends it.
    for (teams, number) in
        [("", "7"), ("acme/gone", "7"), ("acme/shop", "8"), ("$(touch pwned)", "7"), ("acme/shop", "7; touch pwned")]
    {
        let run = github(&folder, teams, number);
        assert_eq!(run.code, Some(2), "{teams} {number}: {}{}", run.out, run.err);
    }
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn a_review_of_an_account_that_is_gone_is_nobodys() {
    let Some((folder, head)) = repository() else { return };
    let review = |user: &str| format!("{{\"user\": {user}, \"state\": \"APPROVED\", \"commit_id\": \"{head}\"}}");
    let reviews = |users: &[&str]| format!("[{}]", users.iter().map(|user| review(user)).collect::<Vec<_>>().join(","));
    let folder = folder
        .and("answers/repos_acme_config_pulls_7.json", "{\"user\": {\"login\": \"ana\"}}")
        .and("answers/orgs_acme_teams_shop_members.json", "[{\"login\": \"ana\"}, {\"login\": \"ben\"}]")
        .and("answers/repos_acme_config_pulls_7_reviews.json", reviews(&["null", "{\"login\": \"ben\"}"]));
    let run = github(&folder, "acme/shop", "7");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let folder = folder.and("answers/repos_acme_config_pulls_7_reviews.json", reviews(&["null"]));
    let run = github(&folder, "acme/shop", "7");
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
}

#[test]
fn what_a_runner_lacks_is_named() {
    let Some((folder, _)) = repository() else { return };
    let folder = folder
        .and("answers/repos_acme_config_pulls_7.json", "{\"user\": {\"login\": \"ana\"}}")
        .and("answers/repos_acme_config_pulls_7_reviews.json", "[]");
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).unwrap();
    symlink("/usr/bin/bash", tools.join("bash")).unwrap();
    // The event of a review says nothing in `github.base_ref`.
    let base = yaml("integrations/github/review/action.yml")["inputs"]["base"]["default"].clone();
    assert_eq!(base, "origin/${{ github.event.pull_request.base.ref }}");
    for (name, value, said) in [
        ("PATH", tools.to_str().unwrap(), "gh is not on the PATH"),
        ("GH_TOKEN", "", "a pull request from a fork has no secrets"),
        ("INPUT_BASE", "origin/", "the event has no pull request"),
        ("INPUT_BASE", "origin/main", "there is no revision `origin/main` here"),
    ] {
        let run = github_with(&folder, "", "7", &[(name, value)]);
        assert!(run.code == Some(2) && run.err.contains(said), "{said}: {}{}", run.out, run.err);
    }
    // What actions/checkout fetches unless it is told otherwise.
    let shallow = Folder::new();
    git(&shallow, &["clone", "--quiet", "--depth=1", &format!("file://{}", folder.path().display()), "."]);
    for name in ["bin", "answers"] {
        symlink(folder.path().join(name), shallow.path().join(name)).unwrap();
    }
    let run = github(&shallow, "", "7");
    assert!(run.code == Some(2) && run.err.contains("fetch-depth: 0"), "{}{}", run.out, run.err);
}

#[test]
fn the_job_of_gitlab_fetches_approvals_and_groups_and_decides() {
    let Some((folder, _)) = repository() else { return };
    let members: Vec<String> = (0..100).map(|number| format!("{{\"username\": \"u{number}\"}}")).collect();
    let group = "answers/groups_acme_2Fshop_members_all_per_page_100_page_";
    let folder = folder
        .and("answers/projects_1_merge_requests_7.json", "{\"author\": {\"username\": \"ana\"}}")
        .and(
            "answers/projects_1_merge_requests_7_approvals.json",
            "{\"approved_by\": [{\"user\": {\"username\": \"ben\"}}]}",
        )
        .and(&format!("{group}1.json"), format!("[{}]", members.join(",")))
        .and(&format!("{group}2.json"), "[{\"username\": \"ben\"}]");
    git(&folder, &["remote", "add", "origin", "."]);
    let run = |shell: fn(&Folder, &str) -> Command, group: &str, more: &[(&str, &str)]| {
        let template = yaml("integrations/gitlab/seaworthy.yml");
        let job = &template[".seaworthy-review"];
        let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let mut command = shell(&folder, &script.join("\n"));
        for (name, value) in [
            ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
            ("CI_PROJECT_ID", "1"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("SEAWORTHY_TOKEN", "secret"),
            ("SEAWORTHY_GROUPS", group),
        ] {
            command.env(name, value);
        }
        support::run(command.envs(more.iter().copied()), "")
    };
    for shell in [bash, sh] {
        let approved = run(shell, "acme/shop", &[]);
        assert_eq!(approved.code, Some(0), "{}{}", approved.out, approved.err);
        // What cannot be fetched ends the job: it is not taken for an answer that says nothing.
        for (group, name, value, said) in [
            ("acme/gone", "CI_PROJECT_ID", "1", ""),
            ("acme/shop", "CI_MERGE_REQUEST_IID", "8", ""),
            ("acme/shop", "SEAWORTHY_TOKEN", "", "SEAWORTHY_TOKEN is not set"),
            ("acme/shop", "CI_PROJECT_ID", "2", "this pipeline is a fork's"),
            ("acme/shop", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "gone", "refs/heads/gone"),
        ] {
            let run = run(shell, group, &[(name, value)]);
            assert!(run.code > Some(1) && run.err.contains(said), "{name} {value}: {}{}", run.out, run.err);
        }
    }
}
