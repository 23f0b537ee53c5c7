//! What typing costs: a session of many files, of which one changes.

use std::cell::{Cell, RefCell};

use engine::Completeness;
use engine::config::Config;
use engine::waiver::Date;
use seaworthy_tests::{generate, sandboxed};
use session::{InOrder, Session, Setup};

use crate::clock;

/// Files of a large repository, each with a Deployment.
const FILES: usize = 500;

/// Measures a check in which nothing has changed, one in which one of all files has, and what that comes to without a
/// memory.
pub fn editing() {
    let (sandbox, bundle) = sandboxed(1, &[]);
    let mut session = Session::new(sandbox, bundle.into_rules());
    let setup =
        Setup { config: Config::default(), profile: None, completeness: Completeness::Complete, today: Date::LAST };
    session.configure(setup, |_| true, |_| false).expect("no settings are given");
    session.files.replace((0..FILES).map(|index| (name(index), generate::deployment(index).into_bytes())));
    let all = session.check(&InOrder).evaluated;
    let (session, step) = (RefCell::new(session), Cell::new(0));
    let edit = || {
        // Never a text that was there before.
        step.set(step.get() + 1);
        let text = generate::deployment(7).replace("replicas: 3", &format!("replicas: {}", 3 + step.get()));
        session.borrow_mut().files.set(&name(7), text.into_bytes());
        session.borrow_mut().check(&InOrder).evaluated
    };
    let again = edit();
    assert!(again * 100 < all, "{again} of {all} evaluations are run again");
    let figures = clock::medians(
        21,
        &mut [
            ("one file has changed", &mut || edit()),
            ("nothing has changed", &mut || session.borrow_mut().check(&InOrder).evaluated),
        ],
    );
    println!("a session of {FILES} files: {again} of {all} evaluations are run again where one file changes");
    clock::table(&figures, "target: one file has changed, at most 10,000 us");
}

fn name(index: usize) -> String {
    format!("service-{index}.yaml")
}
