//! Docker's credentials, with a registry that wants some.

use crate::bundles::usual_folder;
use crate::commands::with_password;
use crate::server::Server;
use crate::support::{Folder, Run, run};

fn with_config(folder: &Folder, arguments: &[&str], config: &str) -> Run {
    let docker = Folder::of("config.json", config);
    let mut command = folder.command(arguments);
    run(command.env("DOCKER_CONFIG", docker.path()).env("COSIGN_PASSWORD", "hunter2"), "")
}

#[test]
fn who_has_logged_in_pushes_signs_and_pulls() {
    let (server, folder) = (Server::with_login(), usual_folder());
    let name = server.name("rules:v1");
    with_password(&folder, &["keys"], "hunter2").with(0);
    let config = format!(r#"{{"auths": {{"{}": {{"auth": "YW5hOmh1bnRlcjI="}}}}}}"#, server.host);
    with_config(&folder, &["push", "--bundle", "bundle", &name, "--sign", "cosign.key"], &config).with(0);
    let pull = ["pull", &name, "--output", "out", "--verify", "cosign.pub"];
    with_config(&folder, &pull, &config).with(0);
    let said = folder.run(&pull).complaint();
    assert!(said.contains("is not for us") && said.contains("docker login"), "{said}");
}

#[test]
fn credentials_that_do_not_fit_are_named_and_never_shown() {
    let (server, folder) = (Server::with_login(), usual_folder());
    let name = server.name("rules:v1");
    let auth = |value: &str| format!(r#"{{"auths": {{"{}": {value}}}}}"#, server.host);
    for (config, said) in [
        (auth(r#"{"auth": "YW5hOnNlY3JldA=="}"#), "is not for us"),
        (auth(r#"{"identitytoken": "secret"}"#), "an identity token is not supported"),
        (auth(r#"{"auth": "secret!"}"#), "the credentials for 127.0.0.1"),
        ("{\"auths\": secret".to_owned(), "the credentials for 127.0.0.1"),
        ("{}".to_owned(), "none are configured"),
        (r#"{"auths": {"other.example": {"auth": "YW5hOmh1bnRlcjI="}}}"#.to_owned(), "none are configured"),
        (format!(r#"{{"credHelpers": {{"{}": "missing"}}}}"#, server.host), "the credentials for 127.0.0.1"),
    ] {
        for arguments in [&["pull", &name][..], &["push", "--bundle", "bundle", &name][..]] {
            let complaint = with_config(&folder, arguments, &config).complaint();
            assert!(complaint.contains(said), "{config}: {complaint}");
            assert!(!complaint.contains("secret") && !complaint.contains("YW5h"), "{complaint}");
        }
    }
}
