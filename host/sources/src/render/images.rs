//! Images as Argo CD writes them, for a kustomization.

use super::mark;

/// An image as Argo CD has it, `name=other:tag` or `name:tag`, as a kustomization does.
pub fn image_override(image: &str) -> Option<String> {
    let (name, new) = match image.split_once('=') {
        Some((name, new)) => (name, new),
        None => (image.split(['@', ':']).next()?, image),
    };
    let last = new.rfind('/').map_or(0, |slash| slash + 1);
    let (new_name, rest) = match new.get(last..)?.find(['@', ':']) {
        Some(at) => new.split_at(last + at),
        None => (new, ""),
    };
    let version = match rest.split_at_checked(1) {
        Some(("@", digest)) => format!(",\"digest\":{}", mark::quoted(digest)),
        Some((":", tag)) => format!(",\"newTag\":{}", mark::quoted(tag)),
        _ => String::new(),
    };
    Some(format!("{{\"name\":{},\"newName\":{}{version}}}", mark::quoted(name), mark::quoted(new_name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_taken_apart_as_in_argo_cd() {
        for (image, expected) in [
            ("shop/web:1.4", "{\"name\":\"shop/web\",\"newName\":\"shop/web\",\"newTag\":\"1.4\"}"),
            (
                "web=eu.example.com:5000/web:2",
                "{\"name\":\"web\",\"newName\":\"eu.example.com:5000/web\",\"newTag\":\"2\"}",
            ),
            ("web=other@sha256:ab", "{\"name\":\"web\",\"newName\":\"other\",\"digest\":\"sha256:ab\"}"),
            ("web=other", "{\"name\":\"web\",\"newName\":\"other\"}"),
        ] {
            assert_eq!(image_override(image).as_deref(), Some(expected), "{image}");
        }
    }
}
