//! The pods that a NetworkPolicy names, of its own namespace. One that selects nothing does no harm, and is rarely meant.

use sdk::pods::PodSelector;
use sdk::prelude::*;

use crate::look::Look;

pub fn check<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let spec = look.object.get("spec");
    warn(spec.get("podSelector"), "it is for no pods: no workload in its namespace has these labels", look)?;
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(direction).items() {
            for peer in rule.get(peers).items() {
                // Pods of other namespaces are rarely in one repository.
                if !peer.get("namespaceSelector").is_set() {
                    let message = "this peer is no pod: no workload in the namespace has these labels";
                    warn(peer.get("podSelector"), message, look)?;
                }
            }
        }
    }
    Ok(())
}

fn warn<'a>(selector: Field<'a>, message: &str, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let is_something = selector.is_set() && !LabelSelector::new(selector).is_everything();
    if is_something && look.selects_nothing(PodSelector::Labels(selector), look.object.namespace())? {
        look.findings.warn(selector, message, "the labels of the pods that are meant");
    }
    Ok(())
}
