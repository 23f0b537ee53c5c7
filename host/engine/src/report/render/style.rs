//! The styles of formats for terminals. They are always written; who prints takes them out where they do not belong.

use anstyle::{AnsiColor, Style};

/// What a part is named by.
pub const BOLD: Style = Style::new().bold();
/// What is beside the point.
pub const DIM: Style = Style::new().dimmed();
/// What failed.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// What passed.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// What to look at.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// A place.
pub const CYAN: Style = AnsiColor::Cyan.on_default();
