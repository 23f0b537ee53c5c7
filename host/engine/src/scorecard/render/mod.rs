//! The formats: functions from a scorecard, and the report that it is of, to text. They decide nothing.

mod html;
mod human;
mod json;
mod markdown;
mod services;

pub use html::html;
pub use human::human;
pub use json::json;
pub use markdown::markdown;
pub use services::services;

use super::model::Card;
use super::share::Mark;

/// Comes first in an incomplete run: what could not be read may be the very thing that is missing.
const UNDECIDED: &str = "Not everything could be read or checked. Run seaworthy check to see what.";

/// `11 of 12 checks pass, 1 unknown, 8 n/a`.
fn counts(card: &Card<'_>) -> String {
    let share = card.share();
    let mut text = format!("{} of {} checks pass", share.holds, share.counted);
    for mark in [Mark::Unknown, Mark::Waived, Mark::NotApplicable] {
        match card.count(mark) {
            0 => {}
            number => text += &format!(", {number} {}", mark.text()),
        }
    }
    text
}
