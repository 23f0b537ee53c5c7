//! Who has approved: reviews, teams and their members, each only as far as it is known.

use sdk::prelude::*;

/// What a document says of people.
pub struct People<'a> {
    /// Those who approve of what would be merged.
    approving: Vec<&'a str>,
    /// Those who ask for another change.
    pub asking: Vec<&'a str>,
    /// Teams with the names of their members.
    teams: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> People<'a> {
    /// As the document says. The last word of each counts; the author's own never does.
    ///
    /// # Errors
    /// Something that has to be known is not.
    pub fn new(spec: Field<'a>, takes_earlier: bool) -> Result<Self, Undecided> {
        let unknown = |what: &str| Undecided::Unknown(format!("{what} is not known"));
        let author = spec.get("author").str().ok_or_else(|| unknown("the author"))?;
        let head = spec.get("head").str();
        let mut last: Vec<(&str, &str, Option<&str>)> = Vec::new();
        for review in spec.get("reviews").items() {
            let user = review.get("user").str().unwrap_or_default();
            let state = review.get("state").str().unwrap_or_default();
            // A comment takes nothing back.
            if state != "commented" {
                last.retain(|(other, ..)| !is_same(other, user));
                last.push((user, state, review.get("commit").str()));
            }
        }
        let mut approving = Vec::new();
        for (user, state, commit) in &last {
            if *state != "approved" || is_same(user, author) {
                continue;
            }
            if takes_earlier {
                approving.push(*user);
                continue;
            }
            let (Some(commit), Some(head)) = (commit, head) else {
                return Err(unknown("which commit was approved"));
            };
            if commit.eq_ignore_ascii_case(head) {
                approving.push(*user);
            }
        }
        let asking = last.iter().filter(|(_, state, _)| *state == "changesRequested").map(|(user, ..)| *user).collect();
        let teams = spec.get("teams").items().map(|team| {
            let members = team.get("members").items().filter_map(Field::str).collect();
            (team.get("team").str().unwrap_or_default(), members)
        });
        Ok(Self { approving, asking, teams: teams.collect() })
    }

    /// Those who approve and belong to one of the owners, and the owners whose members are not known.
    pub fn approving<'o>(&self, owners: &[&'o str]) -> (Vec<&'a str>, Vec<&'o str>) {
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for owner in owners {
            match self.members(owner) {
                Some(members) => self
                    .approving
                    .iter()
                    .filter(|user| members.iter().any(|member| is_same(member, user)))
                    .for_each(|user| add(&mut found, user)),
                None => unknown.push(*owner),
            }
        }
        (found, unknown)
    }

    /// The accounts that an owner stands for: those of a team, or the account itself.
    fn members<'s>(&'s self, owner: &'s str) -> Option<Vec<&'s str>> {
        let is_it = |team: &&(&str, Vec<&str>)| is_team(team.0, owner);
        let mut same = self.teams.iter().filter(is_it);
        match (same.next(), same.next()) {
            (Some((_, members)), None) => Some(members.clone()),
            (None, _) => owner.strip_prefix('@').filter(|user| is_account(user)).map(|user| vec![user]),
            // The same name in two organisations.
            (Some(_), Some(_)) => None,
        }
    }
}

/// Adds a name that is not there yet.
pub fn add<'n>(names: &mut Vec<&'n str>, name: &'n str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Whether a team is meant: by its whole name, or without its organisation.
pub fn is_team(team: &str, owner: &str) -> bool {
    let (team, owner) = (team.trim_start_matches('@'), owner.trim_start_matches('@'));
    let short = team.rsplit('/').next().unwrap_or_default();
    is_same(team, owner) || !has_slash(owner) && is_same(short, owner)
}

/// Whether it may be the name of an account: no team of an organisation, and no role, which GitLab writes as `@@maintainer`.
fn is_account(name: &str) -> bool {
    !has_slash(name) && !name.starts_with('@')
}

fn has_slash(name: &str) -> bool {
    name.bytes().any(|byte| byte == b'/')
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim_start_matches('@').eq_ignore_ascii_case(other.trim_start_matches('@'))
}
