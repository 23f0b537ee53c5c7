//! Images as Argo CD writes them, for a kustomization.

use serde_json::{Value as Json, json};

/// An image as Argo CD has it, `name=other:tag` or `name:tag`, as a kustomization does.
pub fn image_override(image: &str) -> Option<Json> {
    let (name, new) = match image.split_once('=') {
        Some((name, new)) => (Some(name), new),
        None => (None, image),
    };
    let last = new.rfind('/').map_or(0, |slash| slash + 1);
    let (new_name, rest) = match new.get(last..)?.find(['@', ':']) {
        Some(at) => new.split_at(last + at),
        None => (new, ""),
    };
    let name = name.unwrap_or(new_name);
    Some(match rest.split_at_checked(1) {
        Some(("@", digest)) => json!({ "name": name, "newName": new_name, "digest": digest }),
        Some((":", tag)) => json!({ "name": name, "newName": new_name, "newTag": tag }),
        _ => json!({ "name": name, "newName": new_name }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_taken_apart_as_in_argo_cd() {
        for (image, expected) in [
            ("shop/web:1.4", json!({ "name": "shop/web", "newName": "shop/web", "newTag": "1.4" })),
            (
                "web=eu.example.com:5000/web:2",
                json!({ "name": "web", "newName": "eu.example.com:5000/web", "newTag": "2" }),
            ),
            ("web=other@sha256:ab", json!({ "name": "web", "newName": "other", "digest": "sha256:ab" })),
            (
                "localhost:5000/web:2",
                json!({ "name": "localhost:5000/web", "newName": "localhost:5000/web", "newTag": "2" }),
            ),
            ("web=other", json!({ "name": "web", "newName": "other" })),
        ] {
            assert_eq!(image_override(image), Some(expected), "{image}");
        }
    }
}
