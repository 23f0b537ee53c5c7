//! A message in the form of rustc's: with its line of the manifest, and the fix.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level as Title, Origin, Renderer, Snippet};

use super::Screen;
use crate::manifest::Position;
use crate::report::render::message::{Level, Message};

/// A column beyond this is told, but not shown: the line was not made for reading.
const FAR: u32 = 1000;

/// The message in full, with an empty line behind. What is left of a line of the manifest behind its number and frame is
/// cut after the screen's width.
#[must_use]
pub fn in_full(message: &Message<'_>, screen: Screen) -> String {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(screen.width);
    renderer.render(&[group(message, screen)]) + "\n\n"
}

fn group<'m>(message: &'m Message<'_>, screen: Screen) -> Group<'m> {
    let level = match message.level {
        Level::Finding(_) => Title::ERROR.with_name(message.level.name()),
        Level::Warning => Title::WARNING,
        Level::Error => Title::ERROR,
    };
    let title = level.primary_title(message.title.as_str());
    let title = match &message.rule {
        Some(rule) => match message.url.filter(|_| screen.has_links) {
            Some(url) => title.id(rule.as_str()).id_url(url),
            None => title.id(rule.as_str()),
        },
        None => title,
    };
    let nowhere = (!message.file.is_empty()).then(|| Origin::path(message.file.as_str()).into());
    let place = message.place.map(|(start, end)| excerpt(message, start, end)).or(nowhere);
    let hints = message.hints.iter().map(|hint| Title::HELP.no_name().message(hint.as_str()).into());
    title.elements(place.into_iter().chain(hints).collect::<Vec<Element<'_>>>())
}

/// The line with the place marked. One line is enough to see what is meant; a value may be a whole file long.
fn excerpt<'m>(message: &'m Message<'_>, start: Position, end: Position) -> Element<'m> {
    let file = message.file.as_str();
    let line = message.source.map_or_else(String::new, |source| source.excerpt(start.line));
    if line.is_empty() || start.column > FAR {
        return Origin::path(file).line(start.line as usize).char_column(start.column as usize).into();
    }
    let from = byte_of_column(&line, start.column);
    let to = if end.line == start.line { byte_of_column(&line, end.column) } else { line.len() };
    let annotation = AnnotationKind::Primary.span(from..to.max(from));
    Snippet::source(line).line_start(start.line as usize).path(file).fold(false).annotation(annotation).into()
}

/// The byte at which a column begins; the end of the line where it is shorter.
fn byte_of_column(line: &str, column: u32) -> usize {
    let at = line.char_indices().nth((column as usize).saturating_sub(1));
    at.map_or(line.len(), |(byte, _)| byte)
}
