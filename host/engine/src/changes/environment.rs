//! Whether two objects of one name are meant for two environments, as far as their paths say it.
//!
//! Two clusters may have objects of one name, and a repository does not say which cluster deploys a folder. Only the names of
//! folders tell, and only those in which the two paths differ. The module must not know what follows from it.

use super::apart::differ;
use super::version::Deployed;
use crate::paths::{file_name, is_within};

/// Whether both are of an environment, and not of the same. What one object deploys as a whole is of one, and so is what is
/// deployed to one cluster, whatever folders are called.
pub fn are_two(one: &Deployed<'_>, other: &Deployed<'_>, whole: &[String]) -> bool {
    let is_in = |folder: &String| is_within(&one.place, folder) && is_within(&other.place, folder);
    let is_of_one_cluster =
        one.target.as_ref().zip(other.target.as_ref()).is_some_and(|(one, other)| one.is_same(other));
    if is_of_one_cluster || whole.iter().any(is_in) {
        return false;
    }
    // One chart is rendered once for each of its files of values. Two Applications of one folder may be of one environment.
    let is_of_values = !(one.is_released && other.is_released);
    let is_of_one_chart = is_of_values && one.shown == other.shown && one.environment != other.environment;
    is_of_one_chart || differ(&path(one), &path(other))
}

fn path(deployed: &Deployed<'_>) -> String {
    match deployed.environment.filter(|name| file_name(&deployed.shown) != *name) {
        Some(name) => format!("{}/{name}", deployed.shown),
        None if deployed.environment.is_some() => deployed.shown.clone(),
        None => deployed.place.clone(),
    }
}
