//! What a registry would be given of the SDK.

use std::path::PathBuf;
use std::process::Command;

use seaworthy_tests::artifacts::workspace;

use crate::support::Folder;

/// The crates that are published, each after those that it needs.
const PUBLISHED: [&str; 3] = ["seaworthy-protocol", "seaworthy-macros", "seaworthy-sdk"];

fn packaged(folder: &Folder) -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["package", "--offline", "--no-verify", "--allow-dirty", "--target-dir"]).arg(folder.path());
    let output = command
        .args(PUBLISHED.iter().flat_map(|name| ["-p", name]))
        .current_dir(workspace())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
    folder.path().join("package")
}

#[test]
fn the_sdk_can_be_published() {
    let folder = Folder::new();
    let packages = packaged(&folder);
    for name in PUBLISHED {
        let archive = packages.join(format!("{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        let unpacked = Command::new("tar").arg("-xzf").arg(&archive).current_dir(folder.path()).status().unwrap();
        assert!(unpacked.success(), "{}", archive.display());
        let root = folder.path().join(format!("{name}-{}", env!("CARGO_PKG_VERSION")));
        let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("path = \".."), "{name} depends on a folder of this tree:\n{manifest}");
        for field in ["description", "license", "repository", "rust-version"] {
            assert!(manifest.contains(&format!("\n{field} = ")), "{name} has no {field}");
        }
        assert!(!root.join("optimise").exists(), "{name} brings a program of this tree");
        for entry in walkdir::WalkDir::new(root.join("src")).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                let code =
                    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                assert!(!code.contains("::sdk::"), "{} takes a name for granted", entry.path().display());
                assert!(!code.contains("../../"), "{} leaves its crate", entry.path().display());
            }
        }
    }
}
