//! Whether a budget selects any pods at all.

use sdk::pods::PodSelector;
use sdk::prelude::*;

use crate::selects;

/// Finds a budget that selects no pods, where all pods can be seen.
pub fn check(budget: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let (field, namespace) = (budget.get("spec.selector"), budget.namespace());
    let selector = PodSelector::Labels(field);
    let mut is_found = false;
    selector.visit(Within::Namespace(namespace), world, &mut |workload| {
        is_found = selects(budget, workload);
        is_found
    })?;
    if is_found {
        return Ok(());
    }
    world.must_be_complete("workload whose pods it selects")?;
    if let Some(why) = selector.out_of_sight(namespace, world)? {
        return Err(Undecided::Unknown(why));
    }
    let message = "it selects the pods of no workload in its namespace, so it protects nothing";
    findings.fail(field, message, "the labels of the pod template that it is for");
    Ok(())
}
