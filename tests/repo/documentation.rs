//! The documentation hangs together: each page is in the book, and each link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use seaworthy_tests::artifacts::workspace;

/// The pages of the top level and of `docs/`, with their texts; not the summary, whose links lead from the book's root.
fn pages() -> Vec<(PathBuf, String)> {
    let folders = [workspace().to_owned(), workspace().join("docs")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("it is a folder"));
    let files = files.map(|entry| entry.expect("it is read").path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let pages = files.filter(|path| is_page(path) && !path.ends_with("SUMMARY.md"));
    pages.map(|path| (path.clone(), fs::read_to_string(&path).expect("it is text"))).collect()
}

/// Where the links of a text lead.
fn links(text: &str) -> Vec<String> {
    let links = Parser::new(text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    links.collect()
}

/// The anchors that GitHub and mdBook make of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
                let words: String = heading.take().unwrap_or_default().chars().filter(kept).collect();
                anchors.insert(words.to_lowercase().replace(' ', "-"));
            }
            _ => {}
        }
    }
    anchors
}

/// What is wrong with a link of a page; nothing of addresses elsewhere, and of pages that are made for the book.
fn broken(page: &Path, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    if link.contains("://") || link.starts_with("mailto:") || path.starts_with("rules/") {
        return None;
    }
    let target = if path.is_empty() { page.to_path_buf() } else { page.parent()?.join(path) };
    let wrong = |why: &str| Some(format!("{}: {link}: {why}", page.display()));
    if !target.exists() {
        return wrong("no such file");
    }
    let anchor = anchor?;
    let text = fs::read_to_string(&target).unwrap_or_default();
    if anchors(&text).contains(anchor) { None } else { wrong("no such heading") }
}

#[test]
fn each_link_leads_somewhere() {
    let pages = pages();
    let broken: Vec<String> =
        pages.iter().flat_map(|(page, text)| links(text).into_iter().filter_map(|link| broken(page, &link))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(broken_links_are_found());
}

/// The check itself can fail.
fn broken_links_are_found() -> bool {
    let page = workspace().join("README.md");
    ["docs/none.md", "#none", "docs/report.md#none"].iter().all(|link| broken(&page, link).is_some())
}

#[test]
fn each_page_is_in_the_book() {
    let summary = fs::read_to_string(workspace().join("docs/SUMMARY.md")).expect("the book has a summary");
    let listed: BTreeSet<PathBuf> = links(&summary).iter().map(|link| workspace().join(link)).collect();
    let missing: Vec<PathBuf> =
        pages().into_iter().map(|(page, _)| page).filter(|page| !listed.contains(page)).collect();
    assert!(missing.is_empty(), "docs/SUMMARY.md does not list {missing:?}");
    let gone: Vec<&PathBuf> =
        listed.iter().filter(|page| !page.exists() && !page.ends_with("rules/README.md")).collect();
    assert!(gone.is_empty(), "docs/SUMMARY.md lists {gone:?}");
}
